import { formatBytes } from '../base/units.ts';
import type { DataMonth } from '../device/data-month.ts';
import type { Words } from './command.ts';

/** What was received this month, and what is left of the budget. */
export function dataLine({ month, bytes, budget, left, nextBegins }: DataMonth, words: Words): string {
  return words.say(budget === null ? 'result-data' : 'result-data-budget', {
    month,
    bytes: formatBytes(bytes),
    budget: formatBytes(budget ?? 0),
    left: formatBytes(left ?? 0),
    next: nextBegins.slice(0, 10),
  });
}
