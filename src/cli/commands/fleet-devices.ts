import { formatBytes } from '../../base/units.ts';
import { defineCommand } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { value } from '../option-kinds.ts';
import { count, text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** `satchel fleet devices`: what the devices last told. */
export const fleetDevicesCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    site: value('option-fleet-site', 'ID', text),
    limit: value('option-fleet-limit', 'N', count),
  },
  run: (call) =>
    withFleet(call, async (fleet) => {
      const { site, limit } = call.options;
      const devices = await fleet.devices({ site, limit });
      const { devices: all, builds } = await fleet.summary();
      return { devices, all: site === undefined ? all : devices.length, builds };
    }),
  show: ({ devices, all }, words) => {
    if (devices.length === 0) return [words.say('result-fleet-none')];
    const lines = devices.map(({ id, serial, running, reported, disk, result }) =>
      words
        .say('result-fleet-device', {
          serial: serial ?? id,
          running: running ?? '—',
          seen: reported,
          free: formatBytes(disk.free),
          total: formatBytes(disk.total),
          result: result === null ? '' : words.say(`result-last-${result.result}`),
        })
        .trimEnd(),
    );
    const more = all - devices.length;
    return more > 0 ? [...lines, words.say('result-fleet-more', { count: more })] : lines;
  },
});
