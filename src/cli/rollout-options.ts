/** The options of a rollout, which `rollout start` and `publish` share, and the plan that they stand for. */
import { readFileSync } from 'node:fs';
import type { FreeDays } from '../advice/rollout-holidays.ts';
import { type GroupPlan, type KnownSite, type RolloutPlan, siteIds } from '../advice/rollout-plan.ts';
import { SatchelError } from '../base/errors.ts';
import { parseHolidays, parseWeekdays, type Weekday } from '../lease/calendar.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { mostQuietTimes, type RolloutStep, wholeShare } from '../repository/rollout-record.ts';
import type { Parser, ValuesOf } from './command.ts';
import { repeated, value } from './option-kinds.ts';
import { count, localPath, text } from './options.ts';
import { patterns, quietTime, recordDate, share, span } from './rollout-values.ts';
import { build } from './shared-options.ts';

const weekdays: Parser<readonly Weekday[]> = (given) => parseWeekdays(given);

/** Everything that can be said about a rollout but its steps. */
export const rolloutOptions = {
  earlySerial: repeated('option-early-serial', 'SERIAL', patterns),
  earlySite: repeated('option-early-site', 'SITE', text),
  earlyModel: repeated('option-early-model', 'MODEL', patterns),
  earlyBuild: repeated('option-early-build', 'BUILD', build),
  onlySerial: repeated('option-only-serial', 'SERIAL', patterns),
  onlySite: repeated('option-only-site', 'SITE', text),
  onlyModel: repeated('option-only-model', 'MODEL', patterns),
  onlyBuild: repeated('option-only-build', 'BUILD', build),
  notBefore: value('option-not-before', 'DATE', recordDate),
  quietDays: repeated('option-quiet-days', 'FROM/TO=WHY', quietTime),
  reserve: value('option-reserve', 'N', count),
  reserveUntil: value('option-reserve-until', 'TIME', span),
  maxFailed: value('option-max-failed', 'SHARE', share),
  maxSilent: value('option-max-silent', 'SHARE', share),
  minDevices: value('option-min-devices', 'N', count),
  silentAfter: value('option-silent-after', 'TIME', span),
  holidays: value('option-free-days', 'FILE', localPath),
  weekend: value('option-free-weekend', 'DAYS', weekdays),
} as const;

/** The values of these options. */
export type RolloutValues = ValuesOf<typeof rolloutOptions>;

const day = 86_400;

/** What holds where nothing is said: judged are 20 devices and three days of silence. */
const usual = { atLeast: 20, silentAfter: 3 * day, until: 7 * day };

/**
 * The plan that options stand for. Throws `rollout-site-unknown`, `rollout-option-alone`,
 * `rollout-quiet-not-understood`, `holidays-line-wrong`.
 */
export function planOf(
  steps: readonly RolloutStep[],
  options: RolloutValues,
  sites: readonly KnownSite[],
): RolloutPlan {
  const early = groupOf(options, 'early', sites);
  const only = groupOf(options, 'only', sites);
  const { notBefore, quietDays: quiet, reserve, reserveUntil } = options;
  if (reserve === undefined && reserveUntil !== undefined) throw alone('--reserve-until', '--reserve');
  if (quiet.length > mostQuietTimes)
    throw new SatchelError('rollout-quiet-not-understood', {
      option: '--quiet-days',
      value: String(quiet.length),
    });
  return {
    steps,
    ...(early === undefined ? {} : { early }),
    ...(only === undefined ? {} : { only }),
    ...(notBefore === undefined ? {} : { notBefore }),
    ...(quiet.length === 0 ? {} : { quiet }),
    ...(reserve === undefined ? {} : { reserve: { devices: reserve, until: reserveUntil ?? usual.until } }),
    ...automaticOf(options),
    ...freeDaysOf(options),
  };
}

/** True when one of the options was given. */
export function firstGiven(options: RolloutValues): string | undefined {
  const found = Object.entries(options).find(
    ([name, given]) =>
      name in rolloutOptions && given !== undefined && !(Array.isArray(given) && given.length === 0),
  );
  return found && `--${found[0].replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function groupOf(
  options: RolloutValues,
  kind: 'early' | 'only',
  sites: readonly KnownSite[],
): GroupPlan | undefined {
  const group = {
    serials: options[`${kind}Serial`].flat(),
    models: options[`${kind}Model`].flat(),
    builds: options[`${kind}Build`],
    sites: siteIds(options[`${kind}Site`], sites),
  };
  return Object.values(group).every((list) => list.length === 0) ? undefined : group;
}

function automaticOf(options: RolloutValues): Pick<RolloutPlan, 'automatic'> {
  const { maxFailed, maxSilent, minDevices, silentAfter } = options;
  if (maxFailed === undefined && maxSilent === undefined) {
    if (minDevices !== undefined) throw alone('--min-devices', '--max-failed');
    if (silentAfter !== undefined) throw alone('--silent-after', '--max-silent');
    return {};
  }
  return {
    automatic: {
      // A share that is not limited is never above the whole.
      failed: maxFailed ?? wholeShare,
      silent: maxSilent ?? wholeShare,
      atLeast: minDevices ?? usual.atLeast,
      silentAfter: silentAfter ?? usual.silentAfter,
    },
  };
}

function freeDaysOf({ holidays: file, weekend }: RolloutValues): { readonly free?: FreeDays } {
  if (file === undefined && weekend === undefined) return {};
  const listed =
    file === undefined
      ? []
      : parseHolidays(
          withSystemErrors('read', file, () => readFileSync(file, 'utf8')),
          file,
        );
  return { free: { holidays: listed, weekend: weekend ?? [] } };
}

function alone(option: string, other: string): SatchelError {
  return new SatchelError('rollout-option-alone', { option, other });
}
