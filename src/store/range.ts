import { SatchelError } from '../base/errors.ts';
import type { ReadOptions } from './store.ts';

/** A stored file that is to be read, for sentences. */
export type Wanted = { readonly location: string; readonly name: string; readonly options: ReadOptions };

/** A part of a file: first byte and the byte after the last. */
export type Part = { readonly start: number; readonly end: number };

/**
 * The part of a file of `size` bytes that the options ask for. Throws `store-range` when it is not wholly inside
 * the file, `store-too-long` when the file is above the limit. The end of the file itself may be asked for: it
 * is empty.
 */
export function partOf(size: number, { location, name, options }: Wanted): Part {
  const { offset: start = 0, length, limit } = options;
  if (limit !== undefined && size > limit)
    throw new SatchelError('store-too-long', { location, name, limit });
  const end = length === undefined ? size : start + length;
  if (start > size || end > size)
    throw new SatchelError('store-range', { location, name, offset: start, end, size });
  return { start, end: Math.max(start, end) };
}

/** A negative or broken number here is a bug of the caller. */
export function checkReadOptions({ offset = 0, length = 0, limit = 0 }: ReadOptions): void {
  for (const value of [offset, length, limit])
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${value} is no number of bytes`);
}
