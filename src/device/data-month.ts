import type { MessageParameters } from '../base/catalogue.ts';
import { formatBytes } from '../base/units.ts';
import { type MonthCount, nextMonthBegins } from '../plan/month.ts';

/** What a device has received this month, and what it may still receive. */
export type DataMonth = {
  /** In UTC: `2026-01`. */
  readonly month: string;
  /** Every byte read from sockets, by every command. */
  readonly bytes: number;
  /** The monthly budget; null: there is none. */
  readonly budget: number | null;
  /** Bytes that may still be received; null: as many as one likes. */
  readonly left: number | null;
  /** When the next month begins, ISO 8601. */
  readonly nextBegins: string;
};

/** Compares what was counted with the monthly budget. */
export function dataMonth({ month, bytes }: MonthCount, budget: number | undefined): DataMonth {
  return {
    month,
    bytes,
    budget: budget ?? null,
    left: budget === undefined ? null : Math.max(0, budget - bytes),
    nextBegins: new Date(nextMonthBegins(month)).toISOString(),
  };
}

/** The numbers of a month, for sentences. */
export function monthParameters({ month, bytes, budget, left, nextBegins }: DataMonth): MessageParameters {
  return {
    month,
    used: formatBytes(bytes),
    budget: formatBytes(budget ?? 0),
    left: formatBytes(left ?? 0),
    next: nextBegins.slice(0, 10),
  };
}
