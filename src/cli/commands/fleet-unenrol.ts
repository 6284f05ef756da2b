import { SatchelError } from '../../base/errors.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { argument } from '../option-kinds.ts';
import { text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet unenrol`: the key of a device is worth nothing any more; another may be enrolled in its place. */
export const fleetUnenrolCommand = defineCommand({
  arguments: { device: argument('argument-enrolled-device', 'DEVICE', text) },
  options: { repo: siteRepo },
  run: async (call) => {
    const { repo } = call.options;
    if (isSite(repo)) throw new SatchelError('enrol-token-at-origin', { repository: repo });
    return withFleet(call, async (fleet) => ({
      devices: await fleet.enrolment.revoke(call.arguments.device),
    }));
  },
  show: ({ devices }, words) =>
    devices.map(({ keyId, serial, device }) =>
      words.say('result-unenrolled', { key: keyId, name: serial ?? device }),
    ),
});
