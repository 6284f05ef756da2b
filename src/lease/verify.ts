import type { KeyObject } from 'node:crypto';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import type { LeaseEntry } from './collection.ts';
import type { Laptop, Serial } from './laptop.ts';
import { type LaptopRecord, parseRecord, verifyRecord } from './records.ts';

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
  readonly laptops: readonly Laptop[];
  readonly keys: readonly KeyObject[];
  readonly now: number;
};

/** Checks the records of a file as each laptop of a list would. Throws what reading the file throws. */
export async function verifyLeases(
  entries: AsyncIterable<LeaseEntry>,
  { laptops, keys, now }: VerifyLeasesOptions,
): Promise<LeasesVerified> {
  const left = new Map(laptops.map((laptop) => [laptop.serial, laptop]));
  const missing = new Set(left.keys());
  let [good, unknown, bad, until] = [0, 0, 0, Number.POSITIVE_INFINITY];
  let firstBad: SatchelError | undefined;
  for await (const { serial, lines } of entries) {
    const laptop = left.get(serial);
    if (laptop === undefined) {
      unknown += 1;
      continue;
    }
    missing.delete(serial);
    let isGood = false;
    for (const line of lines.trimEnd().split('\n')) {
      const outcome = judge(line, (record) => verifyRecord(record, { laptop, keys, now }));
      if (typeof outcome === 'number') {
        isGood = true;
        until = Math.min(until, outcome);
      } else {
        bad += 1;
        firstBad ??= outcome;
      }
    }
    if (isGood) good += 1;
  }
  return { good, missing: [...missing], unknown, bad, ...(firstBad && { firstBad }), until };
}

type Verifiable = Exclude<LaptopRecord, { readonly type: 'del01' }>;

/** When a record ends, or why a laptop refuses it. A delegation is nothing that a laptop reads by itself. */
function judge(line: string, verify: (record: Verifiable) => number): number | SatchelError {
  try {
    const record = parseRecord(line);
    return record.type === 'del01' ? Number.POSITIVE_INFINITY : verify(record);
  } catch (error) {
    if (isSatchelError(error)) return error;
    throw error;
  }
}
