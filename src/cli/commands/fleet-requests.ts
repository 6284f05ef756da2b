import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet requests`: the devices for which somebody asked for a lease in the last 90 days. */
export const fleetRequestsCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  run: (call) => withFleet(call, async (fleet) => ({ requests: await fleet.leaseRequests() })),
  show: ({ requests }, words) =>
    requests.length === 0
      ? [words.say('result-fleet-requests-none')]
      : requests.map(({ device, serial, site, made }) =>
          words.say('result-fleet-request', { serial: serial ?? device, made, site: site ?? '—' }),
        ),
});
