import { SatchelError } from '../../base/errors.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { value } from '../option-kinds.ts';
import { duration, text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel site token create`: a permission for one site to join, at the origin. */
export const siteTokenCreateCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    note: value('option-token-note', 'TEXT', text),
    expires: value('option-token-expires', 'TIME', duration),
  },
  async run(call) {
    const { repo, note, expires } = call.options;
    if (isSite(repo)) throw new SatchelError('site-token-at-origin', { repository: repo });
    const end = expires === undefined ? undefined : call.clock() + expires * 1000;
    return withFleet(call, (fleet) => fleet.createToken({ note: note?.slice(0, 200), expires: end }));
  },
  show: ({ token, expires }, words) => [
    words.say('result-token-created', { token }),
    words.say('result-token-hint', { token, expires: (expires ?? '').slice(0, 10) }),
  ],
});
