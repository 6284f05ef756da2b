import { SatchelError } from '../../base/errors.ts';
import { defaultTokenLife } from '../../fleet/tokens.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { value } from '../option-kinds.ts';
import { count, duration, text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** Seconds that a token has to be good for. */
const leastLife = 60;

/** `satchel fleet token create`: a permission for some devices to enrol, at the origin. */
export const fleetTokenCreateCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    uses: value('option-enrol-uses', 'NUMBER', count),
    note: value('option-token-note', 'TEXT', text),
    expires: value('option-token-expires', 'TIME', duration),
  },
  async run(call) {
    const { repo, note, expires, uses: devices = 1 } = call.options;
    if (isSite(repo)) throw new SatchelError('enrol-token-at-origin', { repository: repo });
    if (expires !== undefined && expires < leastLife)
      throw new SatchelError('site-token-too-short', { seconds: expires, least: leastLife });
    const life = expires === undefined ? defaultTokenLife : expires * 1000;
    return withFleet(call, (fleet) =>
      fleet.enrolment.createToken({
        note: note?.slice(0, 200),
        expires: call.clock() + life,
        uses: devices,
      }),
    );
  },
  show: ({ token, uses: devices, expires }, words) => [
    words.say('result-enrol-token', { token }),
    words.say('result-enrol-token-hint', {
      ...{ token, uses: devices, expires: `${expires.slice(0, 10)} ${expires.slice(11, 16)} UTC` },
    }),
  ],
});
