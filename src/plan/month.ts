/** A calendar month in UTC, `2026-01`. In the order of text, months are in the order of time. */
export type Month = string & { readonly __brand: 'Month' };

/** Counts that lie further in the future than so many months were made under a wrong clock. */
const believableMonths = 12;

/** The month of a moment, milliseconds since 1970. */
export function monthOf(time: number): Month {
  return new Date(time).toISOString().slice(0, 7) as Month;
}

/** True for what {@link monthOf} gives. */
export function isMonth(text: string): text is Month {
  return /^\d{4}-(0[1-9]|1[0-2])$/.test(text);
}

/** When the month after this one begins, milliseconds since 1970. */
export function nextMonthBegins(month: Month): number {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return Date.UTC(year, number, 1);
}

/** What counts against the budget of a moment. */
export type MonthCount = {
  /** The month that bytes are counted for from now on. */
  readonly month: Month;
  /** Bytes that count against its budget. */
  readonly bytes: number;
  /** Months that a wrong clock invented: their bytes belong to `month`. */
  readonly invented: readonly Month[];
};

/**
 * Finds what counts now. A clock that jumps back does not open a month again: a later month that has been counted for
 * goes on until it is over. Only what lies more than a year ahead is not believed; its bytes count all the same.
 */
export function countAt(time: number, counted: ReadonlyMap<Month, number>): MonthCount {
  const now = monthOf(time);
  const later = [...counted.keys()].filter((month) => month >= now).sort();
  const bytes = later.reduce((sum, month) => sum + (counted.get(month) ?? 0), 0);
  const limit = monthAfter(now, believableMonths);
  const month = later.findLast((candidate) => candidate <= limit) ?? now;
  return { month, bytes, invented: later.filter((candidate) => candidate > limit) };
}

function monthAfter(month: Month, months: number): Month {
  const [year, number] = month.split('-').map(Number) as [number, number];
  return monthOf(Date.UTC(year, number - 1 + months, 1));
}
