import { SatchelError } from '../base/errors.ts';

/**
 * The hours and days in which a site or a device does something by itself, in local time. Hours that reach over midnight
 * belong to the day on which they begin: `22:00-06:00` on `fri` ends on Saturday morning.
 */
export type WorkWindow = {
  /** Minutes since midnight: beginning and end; the end is smaller where it lies on the next day. */
  readonly hours: readonly (readonly [from: number, to: number])[];
  /** Days of the week, 0 is Sunday. */
  readonly days: ReadonlySet<number>;
};

/** A time in which the work is allowed, milliseconds since 1970. */
export type Opening = { readonly begins: number; readonly ends: number };

const dayNames = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const minutesPerDay = 24 * 60;

/** Further ahead than so many days nobody plans. */
const horizon = 400;

/** Weeks are alike: what is open for longer than one, never closes. */
const longestOpening = 8 * minutesPerDay * 60_000;

/** Reads what an operator wrote. Throws `site-hours-not-understood`, `site-days-not-understood`. */
export function parseWindow({ hours, days }: { readonly hours: string; readonly days: string }): WorkWindow {
  return { hours: parseHours(hours), days: parseDays(days) };
}

/** `22:00-06:00,12:30-13:30`; empty: all day. Throws `site-hours-not-understood`. */
export function parseHours(text: string): readonly (readonly [number, number])[] {
  if (text.trim() === '') return [[0, minutesPerDay]];
  return text.split(',').map((span) => {
    const [from, to] = span.split('-').map(minuteOf);
    if (span.split('-').length !== 2 || from === undefined || to === undefined || from === to)
      throw new SatchelError('site-hours-not-understood', { value: text });
    if (from === minutesPerDay) throw new SatchelError('site-hours-not-understood', { value: text });
    return [from, to] as const;
  });
}

/** `mon-fri,sun`; empty: every day. Throws `site-days-not-understood`. */
export function parseDays(text: string): ReadonlySet<number> {
  if (text.trim() === '') return new Set(dayNames.keys());
  const days = new Set<number>();
  for (const part of text.split(',')) {
    const ends = part.split('-').map((name) => dayNames.indexOf(name.trim().toLowerCase()));
    const [first = -1, last = first] = ends;
    if (ends.length > 2 || first < 0 || last < 0)
      throw new SatchelError('site-days-not-understood', { value: text });
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
}

/** True when the work is allowed at this moment. */
export function isOpen(window: WorkWindow, time: number): boolean {
  return nextOpening(window, time).begins <= time;
}

/** The opening that holds this moment, else the next one. One that never ends has `Infinity` as its end. */
export function nextOpening(window: WorkWindow, time: number): Opening {
  for (const opening of openingsFrom(window, time)) return opening;
  // Every week has a day of the window, so this is the change of a time zone that left no hour of it.
  return { begins: Number.POSITIVE_INFINITY, ends: Number.POSITIVE_INFINITY };
}

/**
 * When work of so many seconds is done that goes on only in the window; undefined when that is more than a year ahead.
 */
export function finishTime(window: WorkWindow, time: number, seconds: number): number | undefined {
  let left = seconds * 1000;
  for (const { begins, ends } of openingsFrom(window, time)) {
    const start = Math.max(begins, time);
    if (start + left <= ends) return start + left;
    left -= ends - start;
  }
  return undefined;
}

/** Openings that are not over, in order; those that touch are one. */
function* openingsFrom(window: WorkWindow, time: number): Generator<Opening> {
  if (isAlways(window)) {
    yield { begins: time, ends: Number.POSITIVE_INFINITY };
    return;
  }
  let open: Opening | undefined;
  const today = new Date(time);
  for (let day = -1; day <= horizon; day += 1) {
    for (const next of openingsOfDay(window, today, day)) {
      if (next.ends <= time) continue;
      if (open !== undefined && next.begins > open.ends) {
        yield open;
        open = undefined;
      }
      open = open === undefined ? next : { begins: open.begins, ends: Math.max(open.ends, next.ends) };
      if (open.ends - open.begins > longestOpening) {
        yield { begins: open.begins, ends: Number.POSITIVE_INFINITY };
        return;
      }
    }
  }
  if (open !== undefined) yield open;
}

/** Local times, so that the day on which the clocks change has 23 or 25 hours. */
function openingsOfDay({ hours, days }: WorkWindow, today: Date, day: number): Opening[] {
  const at = (offset: number, minutes: number) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() + offset, 0, minutes).getTime();
  if (!days.has(new Date(today.getFullYear(), today.getMonth(), today.getDate() + day).getDay())) return [];
  return hours
    .map(([from, to]) => ({ begins: at(day, from), ends: at(to <= from ? day + 1 : day, to) }))
    .sort((one, other) => one.begins - other.begins);
}

function isAlways({ hours, days }: WorkWindow): boolean {
  return days.size === 7 && hours.some(([from, to]) => from === 0 && to === minutesPerDay);
}

function minuteOf(text: string): number | undefined {
  const [, hour, minute] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(text.trim()) ?? [];
  const minutes = Number(hour) * 60 + Number(minute);
  return hour === undefined || minutes > minutesPerDay ? undefined : minutes;
}
