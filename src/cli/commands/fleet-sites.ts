import { formatBytes } from '../../base/units.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet sites`: the sites below this place. */
export const fleetSitesCommand = defineCommand({
  arguments: {},
  options: { repo: siteRepo },
  run: (call) => withFleet(call, async (fleet) => ({ sites: await fleet.sites() })),
  show: ({ sites }, words) =>
    sites.length === 0
      ? [words.say('result-fleet-sites-none')]
      : sites.flatMap(({ id, name, lastSeen, devices, disk, builds, revoked }) => {
          const complete = (builds ?? []).filter((held) => held.complete).map(({ build }) => build);
          return [
            words.say('result-fleet-site', {
              ...{ id, name, devices },
              seen: lastSeen ?? '—',
              free: disk === null ? '—' : formatBytes(disk.free),
            }),
            ...(revoked ? [words.say('result-fleet-site-revoked')] : []),
            ...(complete.length === 0
              ? []
              : [words.say('result-fleet-site-builds', { builds: complete.join(', ') })]),
          ];
        }),
});
