import type { KeyObject } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import { type LaptopRecord, verifyRecord } from './records.ts';
import type { LeaseStore } from './store.ts';

/**
 * Says of records that are taken whether their laptop would believe their signatures, as far as that can be said: the
 * keys that laptops trust must have been named, and the UUID of the laptop be known. A wrong lease in the place of a good
 * one would lock a laptop. Undefined when nothing can be said of any.
 */
export function signatureCheck(
  store: Pick<LeaseStore, 'laptop'>,
  trust: readonly KeyObject[],
): ((record: LaptopRecord) => boolean) | undefined {
  if (trust.length === 0) return undefined;
  return (record) => {
    // To whom a delegation is, is seen when somebody signs by it.
    if (record.type === 'del01') return true;
    const laptop = store.laptop(record.serial);
    if (laptop === undefined) return true;
    try {
      // One that has ended is passed over later, and hides nothing.
      verifyRecord(record, { laptop, keys: trust, now: Number.NEGATIVE_INFINITY });
      return true;
    } catch (error) {
      if (isSatchelError(error)) return false;
      throw error;
    }
  };
}
