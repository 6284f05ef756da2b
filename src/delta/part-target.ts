import type { ArchiveRange } from './archive-ranges.ts';
import { partUnit } from './gzip-deflate.ts';

/** What a thread needs to make a part of a large gzip file. File descriptors hold in all threads. */
export type PartTarget = PartPlan & {
  /** Number of the archive that it is made from. */
  readonly archive: number;
  /** What the old and the new gzip file unpack to. */
  readonly oldContent: number;
  readonly newContent: number;
  /** Level of the encoder. */
  readonly level: number;
};

/** Where a part of a large gzip file comes from. */
export type PartPlan = {
  /** Number of the first of the given spans that it makes, and how many. */
  readonly first: number;
  readonly count: number;
  /** Place in the file of the first byte that is wanted. */
  readonly start: number;
  /** Where the encoder may be taken up, the nearest first. */
  readonly restarts: readonly BlockEnd[];
  /** End of the content that it is made of. */
  readonly end: number;
  /** Bytes of the file before the deflate stream; empty but for a part that begins with them. */
  readonly header: Uint8Array;
  /** Length of all headers: where in the file the deflate stream begins. */
  readonly headerLength: number;
  /** What stands behind the deflate stream; empty but for the last. */
  readonly trailer: Uint8Array;
  /** Of the old content. */
  readonly ranges: readonly ArchiveRange[];
};

/** The end of a block: bits of the deflate stream and bytes of content before it. */
export type BlockEnd = { readonly bits: number; readonly length: number };

/** Where the content before a part begins that may be taken up there. */
export function contextStart({ length }: BlockEnd): number {
  return Math.max(0, Math.floor(length / partUnit) - 1) * partUnit;
}
