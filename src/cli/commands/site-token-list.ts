import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel site token list`: the permissions that were given, and who used them. */
export const siteTokenListCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  run: (call) => withFleet(call, async (fleet) => ({ tokens: await fleet.tokens() })),
  show: ({ tokens }, words) =>
    tokens.length === 0
      ? [words.say('result-tokens-none')]
      : tokens.flatMap(({ id, state, created, expires, note, site }) => [
          words
            .say('result-token', {
              id,
              state: words.say(`result-token-${state}`),
              created: created.slice(0, 10),
              expires: (expires ?? '—').slice(0, 10),
              note: note ?? '',
            })
            .trimEnd(),
          ...(site === null ? [] : [words.say('result-token-site', { name: site.name, site: site.id })]),
        ]),
});
