import { messages } from '../base/catalogue.ts';
import type { CalendarDay } from '../lease/calendar.ts';
import type { AutomaticHalt } from '../repository/rollout-record.ts';
import { dayOf, type HolidayTest } from './rollout-holidays.ts';

/**
 * Whether a rollout does harm, from what devices tell. Nothing here asks a clock or a database: the origin feeds it
 * with stored reports, the simulation with invented ones.
 */

/** What one device tells, as far as it matters here. */
export type HealthReport = {
  readonly sequence: number;
  readonly event: string;
  readonly running: string | null;
  readonly result?:
    | { readonly build: string; readonly from?: string; readonly result: string; readonly code?: string }
    | undefined;
  /** Milliseconds: when the first place received it. */
  readonly heard: number;
};

/** How a device that took the build came to harm. */
export type Harm = 'failed' | 'rolled-back' | 'booted-back';

/** A device that took the build of a rollout, or tried to. */
export type DeviceHealth = {
  /** Of its newest report. */
  readonly sequence: number;
  readonly heard: number;
  /** When it was first heard to have the build, milliseconds; null: it tried to, or went to another one. */
  readonly took: number | null;
  /** It was heard again after taking it, and ran it. */
  readonly well: boolean;
  readonly harm: Harm | null;
};

/** Beginnings of the codes of failures that say nothing about a build: of the link, the disk, the device's own files. */
const elsewhere =
  /^(?:store-|source-|place-|metadata-|disk-|device-|update-running$|client-too-old$|build-name-reused$|system-call-failed$)/;

/** True for what a budget, space or policy refused as well; a code of a newer program counts as a failure. */
function isElsewhere(code: string | undefined): boolean {
  if (code === undefined) return false;
  const known: Readonly<Record<string, { readonly exit?: number }>> = messages;
  return elsewhere.test(code) || (Object.hasOwn(known, code) && known[code]?.exit === 4);
}

/**
 * What is known of a device after one more report; undefined while it has nothing to do with the build. Reports may
 * come in any order, and by several places: one that is older than the newest changes nothing, unless it tells that the
 * build was left, which nothing later makes undone.
 */
export function afterReport(
  before: DeviceHealth | undefined,
  report: HealthReport,
  build: string,
): DeviceHealth | undefined {
  const { sequence, event, running, result, heard } = report;
  const isRolledBack = event === 'rollback' && result?.from === build && result.result === 'done';
  if (before !== undefined && sequence <= before.sequence)
    return isRolledBack && sequence < before.sequence && (before.harm ?? 'failed') === 'failed'
      ? { ...before, took: before.took ?? heard, well: false, harm: 'rolled-back' }
      : before;
  const known = before ?? { took: null, well: false, harm: null };
  const tried = event === 'update' && result?.build === build ? result : undefined;
  const isGoingElsewhere = event === 'update' && tried === undefined && result?.result === 'done';
  const now = { ...known, sequence, heard: Math.max(heard, before?.heard ?? 0) };
  const took = known.took ?? heard;
  // What was left once did harm, whatever becomes of it later; a failure is forgotten when it goes well.
  const isLeft = known.well && running !== null && running !== build && !isGoingElsewhere;
  const harm = isLeft ? 'booted-back' : known.harm;
  const lasting = harm === 'failed' ? null : harm;

  if (isRolledBack) return { ...now, took, well: false, harm: 'rolled-back' };
  if (tried?.result === 'done') return { ...now, took, well: false, harm: lasting };
  if (tried?.result === 'failed' && !isElsewhere(tried.code))
    return { ...now, well: false, harm: lasting ?? 'failed' };
  // Somebody put another build on it: that is no verdict.
  if (isGoingElsewhere) return before && { ...now, took: null, well: false, harm: lasting };
  // The first report that names it may be of a device that had it before anybody looked.
  if (running === build)
    return { ...now, took, well: known.took !== null && lasting === null, harm: lasting };
  return before && { ...now, well: known.well && harm === null, harm };
}

/** What a site tells about a day: devices of it were heard, or the site itself. */
export type SiteDay = { readonly date: CalendarDay; readonly devices: boolean; readonly site: boolean };

/** What is known of the place of a silent device. */
export type SilencePlace = {
  readonly days: readonly SiteDay[];
  /** Every device of the place took the build, so that none is left who could tell that there was power. */
  readonly allTook: boolean;
};

/** When silence counts. */
export type SilenceRule = {
  readonly now: number;
  /** Seconds, as in {@link AutomaticHalt}. */
  readonly silentAfter: number;
  readonly isHoliday: HolidayTest;
};

/**
 * True for a device that took the build and was not heard again, although its place was: on at least as many whole
 * days as make up `silentAfter`. Days on which nobody of the place was heard do not count (no power, no link, no
 * school), nor do holidays; where all took it, the voice of the site itself is enough.
 */
export function isSilent(
  device: DeviceHealth,
  { days, allTook }: SilencePlace,
  { now, silentAfter, isHoliday }: SilenceRule,
): boolean {
  if (device.took === null || device.well || device.harm !== null) return false;
  const [since, today] = [dayOf(device.heard), dayOf(now)];
  const needed = Math.max(1, Math.ceil(silentAfter / 86_400));
  let counted = 0;
  for (const { date, devices, site } of days)
    if (date > since && date < today && (devices || (allTook && site)) && !isHoliday(date)) counted += 1;
  return counted >= needed;
}

/** A rollout in figures. */
export type RolloutFigures = {
  /** Devices that took the build or tried to. */
  readonly tried: number;
  readonly took: number;
  readonly well: number;
  /** The update failed, or the build was left again. */
  readonly failed: number;
  /** Those of them that had started the build. */
  readonly left: number;
  readonly silent: number;
  /** Devices that took it so long ago that they could be silent by now. */
  readonly due: number;
};

/** True for a device that could be silent by now. */
export function isDue({ took }: DeviceHealth, { now, silentAfter }: SilenceRule): boolean {
  return took !== null && took <= now - silentAfter * 1000;
}

/** Why a rollout should end, with shares of 10000. */
export type Verdict = {
  readonly why: 'failed' | 'left' | 'silent';
  readonly count: number;
  readonly of: number;
  readonly share: number;
  readonly limit: number;
};

/**
 * What the figures say; undefined: let it go on. Each kind of harm is compared with those devices that could have come to
 * it by now, since most of a growing rollout took the build only today: all for failed updates, those that started the
 * build for leaving it, those that took it long enough ago for silence.
 */
export function judge(figures: RolloutFigures, rule: AutomaticHalt): Verdict | undefined {
  const { tried, well, failed, left, silent, due } = figures;
  for (const { why, count, of, limit } of [
    { why: 'failed', count: failed - left, of: tried, limit: rule.failed },
    { why: 'left', count: left, of: well + left, limit: rule.failed },
    { why: 'silent', count: silent, of: due, limit: rule.silent },
  ] as const) {
    const share = of === 0 ? 0 : Math.floor((count * 10_000) / of);
    if (of >= rule.atLeast && share > limit) return { why, count, of, share, limit };
  }
  return undefined;
}
