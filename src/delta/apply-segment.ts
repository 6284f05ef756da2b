import { hash } from 'node:crypto';
import { freeBuffer } from '../base/memory.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { damaged } from './damaged.ts';
import type { SegmentEntry } from './delta-format.ts';
import { readDictionaryFrame } from './dictionary-frame.ts';
import { packPart } from './gzip-part.ts';
import { gunzip, packGzip } from './gzip-recipe.ts';
import type { ObjectList } from './object-list.ts';
import { ordinalsOf, someOrdinal } from './ordinal-runs.ts';
import { createPatchSource, type PatchSource } from './patch-source.ts';
import type { PartOfGzip } from './piece.ts';
import { madeLength, type ObjectSizes, type PieceControl, readPieces } from './piece-control.ts';
import { relocate } from './relocation.ts';
import { measureSegment, type OpenSegment, openSegment, type SegmentFigures } from './segment-reader.ts';

/** What applying a segment needs. */
export type ApplySegmentOptions = {
  /** The stored bytes; their SHA-256 has been compared with `segment`. */
  readonly stored: Uint8Array;
  /** What the head says about the segment. */
  readonly segment: SegmentEntry;
  /** Lengths of the old build's objects, by ordinal. */
  readonly baseSizes: ArrayLike<number>;
  /** Lengths of the archives that the head names; none when absent. */
  readonly archiveSizes?: ArrayLike<number>;
  /** The new build's objects. */
  readonly targets: ObjectList;
  /**
   * Reads an old object, compared with its hash; undefined when it is not there or not right. The bytes are
   * copied or done with before the next call, so the caller may use one buffer for all. May be asked for the
   * same object again.
   */
  base(ordinal: number): Uint8Array | undefined;
  /**
   * Fills `into` with what an archive unpacks to from `position` on; false when its file is not there or not right.
   * Must be there when there are archives.
   */
  archive?(number: number, position: number, into: Uint8Array): boolean;
  /** False for an object that need not be made; all are wanted when absent. Asked before bases are read. */
  wanted?(ordinal: number): boolean;
  /** Takes an object whose hash is right. The bytes are only lent until it returns. */
  produce(ordinal: number, content: Uint8Array): void;
};

/**
 * Makes the objects of one segment, in this thread, synchronously. `failed` are the wanted objects that could
 * not be made because a base is missing, or that came out wrong: they have to be fetched. Throws `delta-damaged`
 * when the segment is not what the head says or is not sound; then some objects may have been produced already,
 * and those are right. Takes at most `segment.memory` bytes beside what the callbacks take.
 */
export function applySegment(options: ApplySegmentOptions): { readonly failed: readonly number[] } {
  const { stored, segment, baseSizes, targets, wanted = () => true } = options;
  const sizes = { bases: baseSizes, targets: targets.sizes, archives: options.archiveSizes };
  using open = openSegment(stored, segment.memory);
  const figures = measureSegment(open, sizes);
  checkFigures(figures, segment);
  const failed: number[] = [];
  const pieces = () => readPieces(createByteReader(open.control, 'the control stream'), sizes);
  if (!pieces().some(({ outputs }) => someOrdinal(outputs, wanted))) return { failed };
  const run: Run = { options, sizes, streams: openStreams(open) };
  for (const piece of pieces()) {
    const isWanted = someOrdinal(piece.outputs, wanted);
    const content = makePiece(run, piece, isWanted);
    if (isWanted) deliver(run, piece, content, failed);
    // What has been handed over was only lent; a plain piece is a part of its stream.
    if (piece.kind !== 'plain' && content !== undefined) freeBuffer(content);
  }
  checkEnds(run.streams);
  return { failed };
}

/** One application of a segment under way. */
type Run = {
  readonly options: ApplySegmentOptions;
  readonly sizes: ObjectSizes;
  readonly streams: Streams;
};

type Streams = { readonly patches: PatchSource; readonly plain: ByteReader; readonly frames: ByteReader };

function checkFigures(figures: SegmentFigures, stated: SegmentEntry): void {
  if (figures.memory > stated.memory) throw damaged('a segment needs more memory than stated');
  for (const name of ['output', 'base', 'objects'] as const)
    if (figures[name] !== stated[name]) throw damaged(`a segment whose ${name} is not what the head says`);
}

function openStreams(open: OpenSegment): Streams {
  return {
    patches: createPatchSource(open.unpack),
    plain: createByteReader(open.unpack('plain'), 'the plain stream'),
    frames: createByteReader(open.frames, 'the frames'),
  };
}

/**
 * The bytes of a piece's outputs; undefined when they are not wanted or a base is missing. Always moves the
 * streams on to the next piece.
 */
function makePiece(run: Run, piece: PieceControl, isWanted: boolean): Uint8Array | undefined {
  const { streams } = run;
  if (piece.kind === 'plain') return streams.plain.take(piece.outputLength);
  const frame = streams.frames.take(piece.frameLength);
  const base = isWanted ? readBase(run, piece) : undefined;
  if (base === undefined) {
    if (piece.kind === 'patch') streams.patches.skip();
    return undefined;
  }
  const made = makeFrom(base, piece, streams.patches, frame);
  if (piece.part !== undefined) return packPart(made, piece.part, piece.outputLength, { isGiven: true });
  if (piece.packing === undefined) return made;
  const packed = packGzip(made, piece.packing.recipe);
  freeBuffer(made);
  return packed;
}

/** What a patch or a frame makes; the base is gone then, because packing needs the room. */
function makeFrom(
  base: Uint8Array,
  piece: PieceControl,
  patches: PatchSource,
  frame: Uint8Array,
): Uint8Array {
  const unpacked = unpackBase(base, piece);
  // In place: both are buffers of our own.
  if (piece.relocation !== undefined) relocate(unpacked, piece.relocation);
  const made =
    piece.kind === 'patch'
      ? patches.apply(unpacked, madeLength(piece))
      : readDictionaryFrame(unpacked, frame, madeLength(piece));
  freeBuffer(base);
  freeBuffer(unpacked);
  return made;
}

/** The bases of a piece side by side in a buffer of their own; undefined when one is missing. */
function readBase(run: Run, piece: PieceControl): Uint8Array | undefined {
  const joined = Buffer.allocUnsafe(piece.baseLength);
  const { part } = piece;
  if (part === undefined ? joinBases(run, piece, joined) : joinRanges(run, part, joined)) return joined;
  freeBuffer(joined);
  return undefined;
}

/** Fills `joined` with the bases of a piece; false when one is missing. */
function joinBases({ options, sizes }: Run, { bases }: PieceControl, joined: Uint8Array): boolean {
  let length = 0;
  for (const ordinal of ordinalsOf(bases)) {
    const content = options.base(ordinal);
    if (content === undefined) return false;
    if (content.length !== sizes.bases[ordinal])
      throw new RangeError(`base ${ordinal} of ${content.length} bytes`);
    joined.set(content, length);
    length += content.length;
  }
  return true;
}

function joinRanges({ options }: Run, { archive, ranges }: PartOfGzip, joined: Uint8Array): boolean {
  if (options.archive === undefined) throw new Error('nobody reads the archives');
  let at = 0;
  for (const { start, length } of ranges) {
    if (!options.archive(archive, start, joined.subarray(at, at + length))) return false;
    at += length;
  }
  return true;
}

function unpackBase(base: Uint8Array, { unpackedBase }: PieceControl): Uint8Array {
  if (unpackedBase === undefined) return base;
  const unpacked = gunzip(base, unpackedBase);
  if (unpacked?.length !== unpackedBase) throw damaged('a base that does not unpack as stated');
  return unpacked;
}

/** Cuts what a piece made into its outputs and hands over those that are wanted and right. */
function deliver(
  { options, sizes }: Run,
  piece: PieceControl,
  content: Uint8Array | undefined,
  failed: number[],
) {
  if (content !== undefined && content.length !== piece.outputLength)
    throw damaged('a piece makes another length than its objects have');
  let offset = 0;
  for (const ordinal of ordinalsOf(piece.outputs)) {
    const end = offset + (sizes.targets[ordinal] as number);
    const output = content?.subarray(offset, end);
    offset = end;
    if (options.wanted?.(ordinal) === false) continue;
    if (output !== undefined && isRight(options.targets, ordinal, output)) options.produce(ordinal, output);
    else failed.push(ordinal);
  }
}

function isRight({ hashes }: ObjectList, ordinal: number, content: Uint8Array): boolean {
  return hash('sha256', content, 'buffer').equals(hashes.subarray(32 * ordinal, 32 * (ordinal + 1)));
}

function checkEnds({ patches, plain, frames }: Streams): void {
  if (patches.remaining() + plain.remaining + frames.remaining > 0)
    throw damaged('bytes are left in a stream after the last piece');
}
