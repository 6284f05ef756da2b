import { addDays, type CalendarDay, type DayRange, openZone, type Weekday, weekdayOf } from './calendar.ts';
import { type LaptopTime, laptopTime } from './laptop.ts';

/** When leases end that are made from now on. */
export type LeaseRules = {
  /** Days of 24 hours that a lease lasts at least. */
  readonly days: number;
  /** Minutes after midnight, local time, at which leases end. */
  readonly end: number;
  /** Name of the time zone, `America/Asuncion`. */
  readonly zone: string;
  /** Days of the week on which no lease ends. */
  readonly weekend: readonly Weekday[];
  /** Days on which no lease ends. */
  readonly holidays: readonly DayRange[];
  /** School days that must have passed since the last holiday before a lease ends. */
  readonly grace: number;
};

/** Three weeks until six in the morning, as the deployments had it; nobody is shut out on a weekend. */
export const defaultRules: LeaseRules = {
  days: 21,
  end: 6 * 60,
  zone: 'UTC',
  weekend: ['sun', 'sat'],
  holidays: [],
  grace: 0,
};

/** Days beyond which no rule moves an end: holidays without an end are a slip. */
const furthestMove = 400;

const dayLength = 86_400_000;

/** Says when a lease ends that is made at a time, milliseconds since 1970. Throws `zone-not-understood`. */
export function openSchedule(rules: LeaseRules): { endOf(now: number): LaptopTime } {
  const zone = openZone(rules.zone);
  const lasting = rules.days * dayLength;
  // Asking a zone is dear, and thousands of leases are made in a second: made between these times all end alike.
  const known = { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY, end: '' as LaptopTime };
  return {
    endOf(now) {
      if (now >= known.from && now <= known.to) return known.end;
      let day = zone.dayAt(now + lasting);
      while (zone.timeOf(day, rules.end) < now + lasting) day = addDays(day, 1);
      known.end = laptopTime(zone.timeOf(lastDay(day, rules), rules.end));
      known.from = now;
      known.to = zone.timeOf(day, rules.end) - lasting;
      return known.end;
    },
  };
}

/** The first day from this one on which a lease may end. */
function lastDay(from: CalendarDay, rules: LeaseRules): CalendarDay {
  for (let moved = 0; moved < furthestMove; moved += 1) {
    const day = addDays(from, moved);
    if (!isClosed(day, rules) && hasGrace(day, rules)) return day;
  }
  return from;
}

/** True when so many school days lie between the last holiday and this day. */
function hasGrace(day: CalendarDay, rules: LeaseRules): boolean {
  let open = 0;
  for (let back = 1; open < rules.grace; back += 1) {
    const before = addDays(day, -back);
    if (isHoliday(before, rules)) return false;
    if (!isClosed(before, rules)) open += 1;
  }
  return true;
}

function isClosed(day: CalendarDay, rules: LeaseRules): boolean {
  return rules.weekend.includes(weekdayOf(day)) || isHoliday(day, rules);
}

function isHoliday(day: CalendarDay, { holidays }: LeaseRules): boolean {
  return holidays.some(({ from, to }) => from <= day && day <= to);
}

/**
 * Whether it is time for a new lease: half of the time that a new one would last has passed. All in milliseconds since
 * 1970; `held` is undefined where there is none, and infinite for one that never ends.
 */
export function isDue(held: number | undefined, next: number, now: number): boolean {
  if (held === undefined) return true;
  return next > held && held - now <= (next - now) / 2;
}
