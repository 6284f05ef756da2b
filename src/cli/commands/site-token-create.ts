import { SatchelError } from '../../base/errors.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { value } from '../option-kinds.ts';
import { duration, text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** Seconds that a token has to be good for: nobody types one in sooner, and a number without a unit means seconds. */
const leastLife = 60;

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
    if (expires !== undefined && expires < leastLife)
      throw new SatchelError('site-token-too-short', { seconds: expires, least: leastLife });
    const end = expires === undefined ? undefined : call.clock() + expires * 1000;
    return withFleet(call, (fleet) => fleet.createToken({ note: note?.slice(0, 200), expires: end }));
  },
  show: ({ token, expires }, words) => [
    words.say('result-token-created', { token }),
    words.say('result-token-hint', { token, expires: moment(expires) }),
  ],
});

function moment(time: string | null): string {
  return time === null ? '—' : `${time.slice(0, 10)} ${time.slice(11, 16)} UTC`;
}
