/** Days and times of day as people in one place know them. Daylight saving and its changes come from the system (`Intl`). */
import { SatchelError } from '../base/errors.ts';

/** A day, `2026-12-25`; days compare as texts do. */
export type CalendarDay = string & { readonly __brand: 'CalendarDay' };

/** From one day to another, both included. */
export type DayRange = { readonly from: CalendarDay; readonly to: CalendarDay };

/** Local time of one place. */
export type Zone = {
  /** The day that it is there at a time in milliseconds since 1970. */
  dayAt(time: number): CalendarDay;
  /**
   * Milliseconds since 1970 of so many minutes after midnight on a day. A time that the clocks jump over is as much later
   * as they jump; of one that comes twice it is the first.
   */
  timeOf(day: CalendarDay, minutes: number): number;
};

const minute = 60_000;
const dayLength = 24 * 60 * minute;

/** Opens a zone of the time zone database, `America/Asuncion`. Throws `zone-not-understood`. */
export function openZone(name: string): Zone {
  const format = formatOf(name);
  /** Local time as if it were UTC. */
  const localAt = (time: number): number => {
    const parts = new Map(format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
    const field = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
    const date = Date.UTC(field('year'), field('month') - 1, field('day'));
    return date + ((field('hour') * 60 + field('minute')) * 60 + field('second')) * 1000;
  };
  return {
    dayAt: (time) => dayOf(localAt(time)),
    timeOf(day, minutes) {
      const local = Date.parse(`${day}T00:00:00Z`) + minutes * minute;
      const offset = (time: number) => localAt(time) - time;
      // The offsets that hold a day before and a day after are the only ones in question.
      const candidates = [offset(local - dayLength), offset(local + dayLength)].map((each) => local - each);
      const right = candidates.filter((time) => localAt(time) === local);
      return right.length > 0 ? Math.min(...right) : Math.max(...candidates);
    },
  };
}

/** True for the name of a time zone that this system knows. */
export function isZone(name: string): boolean {
  try {
    formatOf(name);
    return true;
  } catch {
    return false;
  }
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const numeric = 'numeric' as const;
  const fields = {
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  };
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      ...fields,
    });
  } catch (cause) {
    throw new SatchelError('zone-not-understood', { zone: zone.slice(0, 100) }, { cause });
  }
}

function dayOf(utc: number): CalendarDay {
  return new Date(utc).toISOString().slice(0, 10) as CalendarDay;
}

/** True for a day that exists. */
export function isCalendarDay(text: string): text is CalendarDay {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const time = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(time) && dayOf(time) === text;
}

/** The day so many days later, or earlier for a negative number. */
export function addDays(day: CalendarDay, days: number): CalendarDay {
  return dayOf(Date.parse(`${day}T00:00:00Z`) + days * dayLength);
}

/** Days of the week in English, as people write them; the number is the place. */
export const weekdays = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** One of {@link weekdays}. */
export type Weekday = (typeof weekdays)[number];

/** The day of the week. */
export function weekdayOf(day: CalendarDay): Weekday {
  return weekdays[new Date(`${day}T00:00:00Z`).getUTCDay()]!;
}

/** Reads `sat,sun`, or `none`. Throws `weekdays-not-understood`. */
export function parseWeekdays(text: string): Weekday[] {
  if (text.trim().toLowerCase() === 'none') return [];
  const names = text.split(',').map((name) => name.trim().slice(0, 3).toLowerCase());
  const found = weekdays.filter((day) => names.includes(day));
  const isKnown = names.every((name) => weekdays.some((day) => day === name));
  // A week without a day on which a lease may end would never let one end.
  if (!isKnown || found.length === weekdays.length)
    throw new SatchelError('weekdays-not-understood', { days: text.slice(0, 100) });
  return found;
}

/** Most ranges of days that a list may have. */
export const mostHolidays = 1000;

/**
 * Reads a list of holidays: a day or two days with a slash between them a line, `2026-12-20/2027-02-15`, then whatever
 * people write about it; empty lines and what follows `#` count for nothing. Gives them in order. Throws
 * `holidays-line-wrong` with the number of the line.
 */
export function parseHolidays(text: string, file: string): DayRange[] {
  const ranges: DayRange[] = [];
  for (const [i, line] of text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .entries()) {
    const [words = ''] = line.split('#');
    if (words.trim() === '') continue;
    const [, from = '', to = from] =
      /^(\d{4}-\d\d-\d\d)(?:\/(\d{4}-\d\d-\d\d))?(?=[\s,;]|$)/.exec(words.trim()) ?? [];
    if (!isCalendarDay(from) || !isCalendarDay(to) || to < from || ranges.length === mostHolidays)
      throw new SatchelError('holidays-line-wrong', { file, line: i + 1 });
    ranges.push({ from, to });
  }
  return ranges.sort((one, other) => (one.from < other.from ? -1 : 1));
}

/** Reads a time of day, `06:00`, as minutes after midnight. Throws `time-of-day-not-understood`. */
export function parseTimeOfDay(text: string): number {
  const [, hours, minutes] = /^([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? [];
  if (hours === undefined) throw new SatchelError('time-of-day-not-understood', { time: text.slice(0, 100) });
  return Number(hours) * 60 + Number(minutes);
}
