import { hash } from 'node:crypto';
import type { Sha256 } from '../base/identifiers.ts';
import { lengthOfRanges } from './archive-ranges.ts';
import { createByteWriter } from './byte-writer.ts';
import { type SegmentEntry, segmentLimits, segmentMemoryLimit } from './delta-format.ts';
import type { Piece } from './piece.ts';
import { createControlWriter, type ObjectSizes } from './piece-control.ts';
import { measureSegment, openSegment } from './segment-reader.ts';
import { createSparseWriter } from './sparse-difference.ts';
import { packStream, streamNames, writeStreamHeader } from './streams.ts';

/** A finished segment: its bytes, and what the head says about it. */
export type EncodedSegment = { readonly bytes: Buffer; readonly entry: SegmentEntry };

/**
 * Writes the pieces of one segment in their order. Takes seconds of processor time for a full segment, in this
 * thread; equal pieces give equal bytes. Throws a RangeError when the pieces break {@link segmentLimits}
 * ({@link piecesCost} tells before) or contradict the sizes, `delta-damaged` when they are unsound otherwise.
 */
export function encodeSegment(pieces: readonly Piece[], sizes: ObjectSizes): EncodedSegment {
  for (const piece of pieces) checkLength(piece, sizes);
  const { output, base } = piecesCost(pieces, sizes);
  if (output > segmentLimits.output || base > segmentLimits.base)
    throw new RangeError(`a segment of ${output} bytes from ${base} bytes`);
  const bytes = segmentBytes(pieces);
  const figures = measureSegment(openSegment(bytes, segmentMemoryLimit), sizes);
  const sha256 = hash('sha256', bytes) as Sha256;
  const { memory, objects } = figures;
  return {
    bytes,
    entry: { length: bytes.length, sha256, output: figures.output, base: figures.base, memory, objects },
  };
}

/** What pieces count against {@link segmentLimits}, in bytes. Adds up over pieces. */
export type PiecesCost = { readonly output: number; readonly base: number };

export function piecesCost(pieces: Iterable<Piece>, sizes: ObjectSizes): PiecesCost {
  let output = 0;
  let base = 0;
  for (const piece of pieces) {
    output += lengthOf(piece.outputs, sizes.targets);
    if (piece.kind === 'plain') continue;
    output += piece.part?.length ?? piece.packing?.length ?? 0;
    base += lengthOf(piece.bases, sizes.bases) + (piece.unpackedBase ?? 0);
    base += lengthOfRanges(piece.part?.ranges ?? []);
  }
  return { output, base };
}

function segmentBytes(pieces: readonly Piece[]): Buffer {
  const writer = createByteWriter();
  const writeControl = createControlWriter(writer);
  pieces.forEach(writeControl);
  const raw = { control: writer.finish(), ...dataStreams(pieces) };
  const streams = streamNames.map((name) => packStream(raw[name]));
  const header = createByteWriter();
  for (const stream of streams) writeStreamHeader(header, stream);
  const frames = pieces.flatMap((piece) => (piece.kind === 'dictionary' ? [piece.frame] : []));
  return Buffer.concat([header.finish(), ...streams.map(({ stored }) => stored), ...frames]);
}

function dataStreams(pieces: readonly Piece[]) {
  const patches = pieces.flatMap((piece) => (piece.kind === 'patch' ? [piece.patch] : []));
  const plain = pieces.flatMap((piece) => (piece.kind === 'plain' ? [piece.content] : []));
  const differences = createSparseWriter();
  for (const { difference } of patches) differences.add(difference);
  return {
    patchControl: Buffer.concat(patches.map(({ control }) => control)),
    ...differences.finish(),
    extra: Buffer.concat(patches.map(({ extra }) => extra)),
    plain: Buffer.concat(plain),
  };
}

/** A piece whose bytes do not have the length that the sizes promise would spoil all after it. */
function checkLength(piece: Piece, sizes: ObjectSizes): void {
  const length = lengthOf(piece.outputs, sizes.targets);
  if (piece.kind === 'plain' && piece.content.length !== length)
    throw new RangeError(`a plain piece of ${piece.content.length} bytes instead of ${length}`);
}

function lengthOf(ordinals: readonly number[], sizes: ArrayLike<number>): number {
  return ordinals.reduce((sum, ordinal) => sum + (sizes[ordinal] as number), 0);
}
