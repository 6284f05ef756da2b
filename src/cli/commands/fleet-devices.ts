import { formatBytes } from '../../base/units.ts';
import type { ReportedResult } from '../../device/report.ts';
import { trialReasons } from '../../device/trial.ts';
import { defineCommand, type Words } from '../command.ts';
import { withFleet } from '../fleet-context.ts';
import { value } from '../option-kinds.ts';
import { count, text } from '../options.ts';
import { siteRepo } from '../shared-options.ts';

/** So many of the last words of a version that was left are shown; `--json` has all that came. */
const shownLines = 5;

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
    const lines = devices.flatMap(({ id, serial, running, reported, disk, result }) => [
      words
        .say('result-fleet-device', {
          serial: serial ?? id,
          running: running ?? '—',
          seen: reported,
          free: formatBytes(disk.free),
          total: formatBytes(disk.total),
          result: result === null ? '' : endWords(result, words),
        })
        .trimEnd(),
      ...(result?.lines ?? []).slice(-shownLines).map((line) => `    ${line}`),
    ]);
    const more = all - devices.length;
    return more > 0 ? [...lines, words.say('result-fleet-more', { count: more })] : lines;
  },
});

/** How the last thing that a device did ended; of a version that it left again, why. */
function endWords({ result, code, from = '—' }: ReportedResult, words: Words): string {
  const reason = trialReasons.find((known) => code === `trial-failed-${known}`);
  if (reason !== undefined) return words.say(`result-fleet-trial-${reason}`, { from });
  return words.say(code === 'check-wanted-failed' ? 'result-fleet-wanted' : `result-last-${result}`);
}
