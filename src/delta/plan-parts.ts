import { isSatchelError } from '../base/errors.ts';
import { readScratch, scratchReader, writeScratch } from '../os/scratch-file.ts';
import { likestRanges } from './archive-likeness.ts';
import { segmentLimits } from './delta-format.ts';
import { deflatePart, partLookAhead } from './gzip-deflate.ts';
import { inflateGzip, type UnpackedGzip } from './gzip-stream.ts';
import { type BlockEnd, contextStart, type PartPlan } from './part-target.ts';
import type { Span } from './windows.ts';

/** A packed file, and an empty one for what it unpacks to. */
export type PackedFile = { readonly packed: number; readonly length: number; readonly content: number };

/** What a thread needs to plan how a large gzip file is made of another; all files are open in it. */
export type PlanTask = {
  readonly old: PackedFile;
  readonly new: PackedFile;
  /** What is to be made of the new file, in the order of the file. */
  readonly missing: readonly Span[];
};

/** How a large gzip file is made in parts. */
export type PartsPlan = {
  readonly level: number;
  /** What the old file unpacks to. */
  readonly oldLength: number;
  readonly parts: readonly PartPlan[];
};

/** Devices and makers have to have so much disk for each file that is unpacked. */
const mostContent = 1024 * 1024 * 1024;

/** Room in a segment that is left for what is not counted while parts are cut. */
const spare = 256 * 1024;

/** So many blocks are tried as the beginning of a part before it is given up. */
const mostRestarts = 4;

/**
 * Unpacks both files and finds the parts in which the new one is made. Undefined when one of them is no gzip file
 * with one member or is too long, or when the new one was not made by GNU gzip at level 4 to 9. What is asked for and
 * is in no part (a block too long for a segment holds it) has to be made in another way. The content stays in the
 * files.
 */
export function planParts(task: PlanTask): PartsPlan | undefined {
  const blocks: BlockEnd[] = [{ bits: 0, length: 0 }];
  const next = unpack(task.new, (bits, length) => void blocks.push({ bits, length }));
  const level = next && findLevel(task.new, next, blocks);
  const old = level === undefined ? undefined : unpack(task.old);
  if (next === undefined || old === undefined || level === undefined) return undefined;
  const like = likestRanges(task.old.content, old.length);
  const parts = cutParts(task.missing, { ...next, blocks, fileLength: task.new.length });
  return {
    level,
    oldLength: old.length,
    parts: parts.map((part) => {
      const start = contextStart(part.restarts.at(-1)!);
      const content = new Uint8Array(part.end - start);
      readScratch(task.new.content, content, start);
      return { ...part, ranges: like(content, start / next.length) };
    }),
  };
}

/** Unpacks a file; undefined when it is not one to be looked into. */
function unpack(
  { packed, length, content }: PackedFile,
  onBlock?: (bits: number, length: number) => void,
): UnpackedGzip | undefined {
  let written = 0;
  try {
    return inflateGzip({
      limit: mostContent,
      onBlock,
      source: scratchReader(packed, length),
      sink(bytes) {
        writeScratch(content, bytes, written);
        written += bytes.length;
      },
    });
  } catch (error) {
    if (isSatchelError(error, 'delta-damaged')) return undefined;
    throw error;
  }
}

/** Bytes of the stream that tell one level from another. */
const probe = 64 * 1024;

/** Below level 4 gzip leaves positions inside of matches out of its table, so it cannot be taken up in the middle. */
const levels = [6, 9, 5, 7, 8, 4];

function findLevel(
  { packed, content }: PackedFile,
  { header, length }: UnpackedGzip,
  blocks: readonly BlockEnd[],
): number | undefined {
  const end = blocks.find(({ bits }) => bits >= probe * 8) ?? blocks.at(-1)!;
  const isLast = end === blocks.at(-1);
  const raw = new Uint8Array(Math.min(length, isLast ? length : end.length + partLookAhead));
  const expected = new Uint8Array(Math.floor(end.bits / 8));
  readScratch(content, raw, 0);
  readScratch(packed, expected, header.length);
  const part = { context: 0, pendingBits: 0, length: expected.length, isLast: raw.length === length };
  return levels.find((level) => deflatePart(raw, level, part, expected) !== undefined);
}

type NewFile = UnpackedGzip & { readonly blocks: readonly BlockEnd[]; readonly fileLength: number };
type Cut = Omit<PartPlan, 'ranges'>;

/** Cuts what is missing into parts that fit a segment each. */
function cutParts(missing: readonly Span[], file: NewFile): Cut[] {
  const parts: Cut[] = [];
  let part: Cut | undefined;
  missing.forEach((span, number) => {
    const isNext = part !== undefined && span.start === missing[number - 1]!.end;
    const longer = part && isNext ? partOf(missing, part.first, number + 1, file) : undefined;
    if (longer !== undefined && costOf(longer, missing) <= segmentLimits.output - spare) {
      part = longer;
      return;
    }
    if (part !== undefined) parts.push(part);
    const alone = partOf(missing, number, number + 1, file);
    part = costOf(alone, missing) <= segmentLimits.output - spare ? alone : undefined;
  });
  return part === undefined ? parts : [...parts, part];
}

function costOf({ first, count, restarts, end }: Cut, missing: readonly Span[]): number {
  const packed = missing[first + count - 1]!.end - missing[first]!.start;
  return packed + end - contextStart(restarts.at(-1)!);
}

/** The part that makes the spans from `first` up to, not including, `last`. */
function partOf(missing: readonly Span[], first: number, last: number, file: NewFile): Cut {
  const { blocks, header, trailer, length } = file;
  const { start } = missing[first]!;
  const { end } = missing[last - 1]!;
  // What comes out of an encoder begins with a whole byte of its own, or with one that is skipped.
  const before = firstAbove(blocks, ({ bits }) => header.length + Math.ceil(bits / 8) > start);
  const after = firstAbove(blocks, ({ bits }) => header.length + Math.floor(bits / 8) >= end);
  const isLast = after >= blocks.length - 1;
  return {
    first,
    count: last - first,
    start,
    restarts: blocks.slice(Math.max(0, before - mostRestarts), Math.max(1, before)).reverse(),
    end: isLast ? length : Math.min(length, blocks[after]!.length + partLookAhead),
    header: before <= 1 ? header : header.subarray(0, 0),
    headerLength: header.length,
    trailer: isLast ? trailer : trailer.subarray(0, 0),
  };
}

/** Number of the first block end for which `isAbove` holds, which it does for all after it. */
function firstAbove(blocks: readonly BlockEnd[], isAbove: (end: BlockEnd) => boolean): number {
  let low = 0;
  let high = blocks.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isAbove(blocks[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
}
