import type { KeyObject } from 'node:crypto';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { LeaseEntry } from './collection.ts';
import type { Laptop, Serial } from './laptop.ts';
import type { LaptopTable } from './laptop-table.ts';
import { type LaptopRecord, parseRecord, verifyDelegation, verifyRecord } from './records.ts';

/** What a look at a file of leases found. */
export type LeasesVerified = {
  /** Laptops with at least one record that they take now. */
  readonly good: number;
  /** Laptops of the list that the file has nothing for. */
  readonly missing: readonly Serial[];
  /** Laptops of the file that are not on the list, so nobody can say whether their signatures are right. */
  readonly unknown: number;
  /** Records that a laptop would refuse, the first of them with the reason. */
  readonly bad: number;
  readonly firstBad?: SatchelError;
  /** When the first of the good ones ends, milliseconds since 1970; infinite for never. */
  readonly until: number;
};

export type VerifyLeasesOptions = {
  readonly laptops: LaptopTable;
  readonly keys: readonly KeyObject[];
  /** The key to which delegations must be. */
  readonly to?: KeyObject | undefined;
  readonly now: number;
};

/**
 * Checks the records of a file as each laptop of a list would, and delegations as the school does that they are for.
 * Throws what reading the file throws, and `option-needed` for a delegation where nobody says to whom.
 */
export async function verifyLeases(
  entries: AsyncIterable<LeaseEntry>,
  { laptops, keys, to, now }: VerifyLeasesOptions,
): Promise<LeasesVerified> {
  // One byte a laptop: there may be millions.
  const found = new Uint8Array(laptops.length);
  let [good, unknown, bad, until] = [0, 0, 0, Number.POSITIVE_INFINITY];
  let firstBad: SatchelError | undefined;
  for await (const { serial, lines } of entries) {
    const place = laptops.placeOf(serial);
    if (place === undefined) {
      unknown += 1;
      continue;
    }
    const laptop = laptops.at(place);
    let isGood = found[place] === goodRecord;
    for (const line of lines.trimEnd().split('\n')) {
      const outcome = judge(line, (record) => ends(record, { laptop, keys, to, now }));
      if (typeof outcome === 'number') {
        isGood = true;
        until = Math.min(until, outcome);
      } else {
        bad += 1;
        firstBad ??= outcome;
      }
    }
    if (isGood && found[place] !== goodRecord) good += 1;
    found[place] = isGood ? goodRecord : anyRecord;
  }
  const missing: Serial[] = [];
  for (const [place, what] of found.entries()) if (what === 0) missing.push(laptops.at(place).serial);
  return { good, missing, unknown, bad, ...(firstBad && { firstBad }), until };
}

/** What a file has for a laptop; nothing is 0. */
const [anyRecord, goodRecord] = [1, 2];

type Trust = Omit<VerifyLeasesOptions, 'laptops'> & { readonly laptop: Laptop };

/** When a record ends that is good. */
function ends(record: LaptopRecord, { to, ...trust }: Trust): number {
  if (record.type !== 'del01') return verifyRecord(record, trust);
  if (to === undefined) throw new SatchelError('option-needed', { option: '--to FILE' });
  return verifyDelegation(record, to, trust);
}

/** When a record ends, or why it is refused. */
function judge(line: string, verify: (record: LaptopRecord) => number): number | SatchelError {
  try {
    return verify(parseRecord(line));
  } catch (error) {
    if (isSatchelError(error) && !isSatchelError(error, 'option-needed')) return error;
    throw error;
  }
}
