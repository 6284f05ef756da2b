import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';
import { segmentLimits } from './delta-format.ts';
import { unzigzag, zigzag } from './ordinal-runs.ts';

/** Some bytes of an unpacked archive; at least one. */
export type ArchiveRange = { readonly start: number; readonly length: number };

/** No piece is made from more ranges. */
const mostRanges = 4096;

/** Bytes of ranges together. */
export function lengthOfRanges(ranges: readonly ArchiveRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

/**
 * Writes ranges, at least one: their number less one, then of each its distance from the end of the one before, and its
 * length.
 */
export function writeRanges(writer: ByteWriter, ranges: readonly ArchiveRange[]): void {
  writer.varint(ranges.length - 1);
  let end = 0;
  for (const { start, length } of ranges) {
    writer.varint(zigzag(start - end));
    writer.varint(length);
    end = start + length;
  }
}

/** Reads what `writeRanges` wrote about an archive of so many bytes. Throws `delta-damaged`. */
export function readRanges(reader: ByteReader, archiveLength: number): ArchiveRange[] {
  const count = reader.varint() + 1;
  if (count > Math.min(mostRanges, reader.remaining / 2))
    throw damaged('more ranges of an archive than can be');
  const ranges: ArchiveRange[] = [];
  let end = 0;
  let sum = 0;
  for (let number = 0; number < count; number += 1) {
    const start = end + unzigzag(reader.varint());
    const length = reader.varint();
    end = start + length;
    sum += length;
    if (length < 1 || start < 0 || !(end <= archiveLength)) throw damaged('a range outside of its archive');
    if (sum > segmentLimits.base) throw damaged('a piece larger than a segment may be');
    ranges.push({ start, length });
  }
  return ranges;
}
