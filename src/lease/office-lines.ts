import { isSatchelError } from '../base/errors.ts';
import { isLaptopTime, timeOf } from './laptop.ts';
import { type LaptopRecord, parseRecord } from './records.ts';
import type { SignatureChain } from './signature-chain.ts';
import { linesIn } from './store-merge.ts';

/** Leases that are good now. */
export type GoodLines = {
  /** `act01` lines, each with its line feed. */
  readonly lines: string;
  /** When the first of them ends, milliseconds since 1970; infinite for never. */
  readonly until: number;
};

/** Of the leases of a laptop those that have not ended, in their order; undefined when there are none. */
export function goodLines(text: string | undefined, now: number): GoodLines | undefined {
  if (text === undefined) return undefined;
  const good: string[] = [];
  let until: number | undefined;
  for (const line of linesIn(text)) {
    const end = endOfLine(line);
    if (end === undefined || end < now) continue;
    good.push(`${line}\n`);
    until ??= end;
  }
  return until === undefined ? undefined : { lines: good.join(''), until };
}

function endOfLine(line: string): number | undefined {
  // Read from its place: the store keeps nothing that is not of the form, and thousands ask in a second.
  const expiry = line.slice(21, 37);
  if (line.startsWith(' sig01: ', 37) && isLaptopTime(expiry)) return timeOf(expiry);
  try {
    return endOf(parseRecord(line));
  } catch (error) {
    if (isSatchelError(error)) return undefined;
    throw error;
  }
}

/** When a record or the first of its signatures ends, milliseconds since 1970; infinite for never. */
export function endOf(record: LaptopRecord): number {
  const own =
    record.type === 'rtc01' || record.type === 'del01' ? Number.POSITIVE_INFINITY : timeOf(record.expiry);
  return Math.min(own, endOfChain(record.signature));
}

/** When the first signature of a chain ends. */
function endOfChain(chain: SignatureChain): number {
  if (chain.form === 'sig01') return Number.POSITIVE_INFINITY;
  return Math.min(...chain.groups.map(({ expiry }) => timeOf(expiry)));
}
