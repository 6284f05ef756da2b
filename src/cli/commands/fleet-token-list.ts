import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet token list`: the permissions for devices that were given, and how often they were used. */
export const fleetTokenListCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  run: (call) => withFleet(call, async (fleet) => ({ tokens: await fleet.enrolment.tokens() })),
  show: ({ tokens }, words) =>
    tokens.length === 0
      ? [words.say('result-tokens-none')]
      : tokens.map(({ id, state, used, uses, expires, note }) =>
          words
            .say('result-enrol-token-line', {
              ...{ id, used, uses, expires: expires.slice(0, 10), note: note ?? '' },
              state: words.say(`result-token-${state}`),
            })
            .trimEnd(),
        ),
});
