import { isSatchelError } from '../base/errors.ts';
import { readScratch } from '../os/scratch-file.ts';
import { type ArchiveRange, lengthOfRanges } from './archive-ranges.ts';
import { makePatch } from './binary-patch.ts';
import { compressedLength, patchLength } from './estimate.ts';
import { packPart } from './gzip-part.ts';
import { type BlockEnd, contextStart, type PartTarget } from './part-target.ts';
import type { PartOfGzip, Piece } from './piece.ts';

/**
 * The piece that makes a part of a gzip file, whose bytes are `content`: a patch of what the old file unpacks to,
 * when the encoder can be taken up where it should, which is tried; else, or when that is shorter, the plain bytes.
 */
export function makePart(outputs: readonly number[], target: PartTarget, content: Uint8Array): Piece {
  const plain: Piece = { kind: 'plain', outputs, content };
  for (const restart of target.restarts) {
    const start = contextStart(restart);
    const raw = new Uint8Array(target.end - start);
    readScratch(target.newContent, raw, start);
    const part = partFrom(target, restart, raw.length);
    if (!proves(raw, part, content)) continue;
    const patch = makePatch(baseOf(target.oldContent, target.ranges), raw);
    const isWorthIt = patchLength(patch) < compressedLength(content);
    return isWorthIt ? { kind: 'patch', outputs, bases: [], part, patch } : plain;
  }
  return plain;
}

function partFrom(target: PartTarget, { bits, length }: BlockEnd, rawLength: number): PartOfGzip {
  const { archive, ranges, level, header, headerLength, trailer, start } = target;
  const isFirst = bits === 0;
  return {
    ...{ archive, ranges, length: rawLength, trailer },
    recipe: { header: isFirst ? header : header.subarray(0, 0), encoder: 'gzip', level },
    context: length - contextStart({ bits, length }),
    pendingBits: bits % 8,
    skip: start - headerLength - Math.floor(bits / 8) + (isFirst ? header.length : 0),
  };
}

function proves(raw: Uint8Array, part: PartOfGzip, content: Uint8Array): boolean {
  try {
    return Buffer.compare(packPart(raw, part, content.length), content) === 0;
  } catch (error) {
    if (isSatchelError(error, 'delta-damaged')) return false;
    throw error;
  }
}

function baseOf(oldContent: number, ranges: readonly ArchiveRange[]): Uint8Array {
  const base = new Uint8Array(lengthOfRanges(ranges));
  let at = 0;
  for (const { start, length } of ranges) {
    readScratch(oldContent, base.subarray(at, at + length), start);
    at += length;
  }
  return base;
}
