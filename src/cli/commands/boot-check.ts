import { SatchelError } from '../../base/errors.ts';
import { formatSeconds } from '../../base/units.ts';
import { deviceLayout, requireDevice } from '../../device/layout.ts';
import { tellOwnSource } from '../../device/send-report.ts';
import { collectTrash } from '../../device/trash.ts';
import { type BootChecked, checkBoot } from '../../device/trial-check.ts';
import { fittingLines } from '../../device/trial-log.ts';
import { defineCommand, type Parser, type Words } from '../command.ts';
import { longTime } from '../long-time.ts';
import { reboot } from '../olpc-reboot.ts';
import { flag, value } from '../option-kinds.ts';
import { duration } from '../options.ts';
import { root } from '../shared-options.ts';

/** Longest time of one check, in seconds: an hour. */
const longest = 3600;

/** Seconds, from one to an hour. */
const checkTime: Parser<number> = (given, label) => {
  const seconds = duration(given, label);
  if (seconds < 1 || seconds > longest)
    throw new SatchelError('duration-not-understood', { value: given.slice(0, 200), option: label });
  return seconds;
};

/** `satchel boot check`: run the health checks; on trial prove what runs, or count a boot that failed. */
export const bootCheckCommand = defineCommand({
  arguments: {},
  options: {
    root,
    checkSeconds: value('option-check-seconds', 'TIME', checkTime),
    reboot: flag('option-check-reboot'),
  },
  async run({ options, clock, reporter, signal }) {
    const layout = deviceLayout(options.root);
    requireDevice(layout);
    const { checkSeconds: seconds, reboot: mayGoBack } = options;
    const checked = await checkBoot({ layout, clock, reporter, signal, seconds, mayGoBack });
    collectTrash(layout);
    const isLeaving = checked.outcome === 'again' || checked.outcome === 'back';
    if (!isLeaving) await tellOwnSource(layout, { clock, signal });
    // Only the machine itself is started anew, not one whose disk lies in a folder.
    else if (options.root === '/') await reboot();
    return checked;
  },
  show: (checked, words) => [...checkLines(checked, words), ...outcomeLines(checked, words)],
  exitCode: ({ isWell }) => (isWell ? 0 : 1),
});

function checkLines({ results }: BootChecked, words: Words): string[] {
  return results.flatMap(({ kind, name, outcome, code, seconds, output }) => [
    words.say(`result-check-${outcome}`, { kind, name, code, seconds: formatSeconds(seconds) }),
    ...(outcome === 'passed' ? [] : fittingLines(output.split('\n'))),
  ]);
}

function outcomeLines(checked: BootChecked, words: Words): string[] {
  const { outcome, isWell, triesLeft: count = 0, previous = '—', soakLeft = 0 } = checked;
  const build = checked.build ?? '—';
  const left = longTime(soakLeft / 1000);
  if (outcome === 'none') return [words.say(isWell ? 'result-boot-well' : 'result-boot-unwell', { build })];
  return [words.say(`result-boot-${outcome}`, { build, previous, count, left })];
}
