import { type CalendarDay, type DayRange, type Weekday, weekdayOf } from '../lease/calendar.ts';

/** Days on which devices are expected to be silent. */
export type FreeDays = { readonly holidays: readonly DayRange[]; readonly weekend: readonly Weekday[] };

/** Says of a day whether silence on it means nothing. */
export type HolidayTest = (day: CalendarDay) => boolean;

/** Looks days up. */
export function holidayTest({ holidays, weekend }: FreeDays): HolidayTest {
  return (day) =>
    holidays.some(({ from, to }) => from <= day && day <= to) || weekend.includes(weekdayOf(day));
}

/** The day of a time in UTC: a few hours more or less do not matter to silence. */
export function dayOf(time: number): CalendarDay {
  return new Date(time).toISOString().slice(0, 10) as CalendarDay;
}
