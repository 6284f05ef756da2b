import { freeBuffer } from '../base/memory.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { damaged } from './damaged.ts';
import { type SegmentEntry, segmentLimits } from './delta-format.ts';
import { packedLimit, packedPartLimit } from './gzip-deflate.ts';
import { madeLength, type ObjectSizes, type PieceControl, readPieces } from './piece-control.ts';
import {
  readStreamHeader,
  type StreamHeader,
  type StreamName,
  streamNames,
  streamWindow,
  unpackStream,
  zstdWindow,
} from './streams.ts';

/** What packing gzip needs whatever it packs, in bytes. */
const packerMemory = 1024 * 1024;

/** A segment whose streams have been found, and only its control stream unpacked. Disposing frees what was unpacked. */
export type OpenSegment = Disposable & {
  readonly storedLength: number;
  /** The unpacked control stream. */
  readonly control: Uint8Array;
  /** Raw length of each stream. */
  readonly rawLengths: Readonly<Record<StreamName, number>>;
  /** The largest window that one of the streams needs. */
  readonly streamWindow: number;
  /** The frames of dictionary pieces, one after another. */
  readonly frames: Uint8Array;
  /** Unpacks a stream. */
  unpack(name: StreamName): Uint8Array;
};

/** What a segment turns out to make, to read and to need; see {@link SegmentEntry}. */
export type SegmentFigures = Pick<SegmentEntry, 'output' | 'base' | 'memory' | 'objects'>;

/**
 * Finds the streams of a segment. Throws `delta-damaged` before it allocates anything when they need more than
 * `memory` bytes.
 */
export function openSegment(stored: Uint8Array, memory: number): OpenSegment {
  const reader = createByteReader(stored, 'a segment');
  const headers = streamNames.map(() => readStreamHeader(reader));
  const streams = new Map<StreamName, { header: StreamHeader; stored: Uint8Array }>();
  headers.forEach((header, number) => {
    streams.set(streamNames[number]!, { header, stored: reader.take(header.storedLength) });
  });
  const window = Math.max(...[...streams.values()].map(({ header, stored }) => streamWindow(header, stored)));
  const rawLengths = Object.fromEntries(
    [...streams].map(([name, { header }]) => [name, header.rawLength]),
  ) as Record<StreamName, number>;
  const unpacked: Uint8Array[] = [];
  const unpack = (name: StreamName) => {
    const { header, stored } = streams.get(name)!;
    const raw = unpackStream(header, stored);
    // A plain stream lies in the stored bytes, which belong to whoever gave them.
    if (raw !== stored) unpacked.push(raw);
    return raw;
  };
  const open = { storedLength: stored.length, rawLengths, streamWindow: window };
  if (heldMemory(open) + window > memory) throw damaged('a segment needs more memory than stated');
  return {
    ...open,
    control: unpack('control'),
    frames: reader.take(reader.remaining),
    unpack,
    [Symbol.dispose]: () => unpacked.forEach(freeBuffer),
  };
}

/**
 * Walks over all pieces and adds up what they make, read and need, without making anything. Throws
 * `delta-damaged` when they break a limit, contradict the streams or make an object twice.
 */
export function measureSegment(segment: OpenSegment, sizes: ObjectSizes): SegmentFigures {
  const frames = createByteReader(segment.frames, 'the frames');
  const totals = { output: 0, base: 0, unpackedOutput: 0, unpackedBase: 0, plain: 0 };
  let working = segment.streamWindow;
  const made = new Set<number>();
  for (const piece of readPieces(createByteReader(segment.control, 'the control stream'), sizes)) {
    for (const { first, count } of piece.outputs)
      for (let ordinal = first; ordinal < first + count; ordinal += 1) {
        if (made.has(ordinal)) throw damaged('an object is made twice');
        made.add(ordinal);
      }
    totals.output += piece.outputLength;
    totals.base += piece.baseLength;
    totals.unpackedOutput += piece.part?.length ?? piece.packing?.length ?? 0;
    totals.unpackedBase += piece.unpackedBase ?? 0;
    if (piece.kind === 'plain') totals.plain += piece.outputLength;
    if (totals.output + totals.unpackedOutput > segmentLimits.output)
      throw damaged('a segment makes more than it may');
    if (totals.base + totals.unpackedBase > segmentLimits.base)
      throw damaged('a segment reads more than it may');
    working = Math.max(working, pieceMemory(piece, frames));
  }
  if (segment.rawLengths.plain !== totals.plain)
    throw damaged('the plain stream has another length than its pieces');
  if (frames.remaining > 0) throw damaged('bytes after the last frame');
  const { output, base } = totals;
  return { output, base, objects: made.size, memory: heldMemory(segment) + working };
}

/** What stays in memory from the first piece to the last: the stored bytes and the unpacked streams. */
function heldMemory({ storedLength, rawLengths }: Pick<OpenSegment, 'storedLength' | 'rawLengths'>): number {
  return Object.values(rawLengths).reduce((sum, length) => sum + length, storedLength);
}

/**
 * What a piece needs at most: while it is made, its base, what that unpacks to, and what is made; while that is packed,
 * no base any more. The decoder of a frame keeps a copy of its dictionary, and a window.
 */
function pieceMemory(piece: PieceControl, frames: ByteReader): number {
  const { kind, baseLength, unpackedBase = 0 } = piece;
  if (kind === 'plain') return 0;
  // The unpacker joins parts at the end, so that all is there twice for a moment.
  const making = baseLength + 2 * unpackedBase + madeLength(piece);
  const decoding = kind === 'dictionary' ? decodingMemory(piece, frames) : 0;
  return relocationMemory(piece) + Math.max(making + decoding, packingMemory(piece));
}

function decodingMemory(piece: PieceControl, frames: ByteReader): number {
  const window = zstdWindow(frames.take(piece.frameLength), madeLength(piece));
  return (piece.unpackedBase ?? piece.baseLength) + window;
}

/** The lists of a relocation, unpacked to be looked up. */
function relocationMemory({ relocation }: PieceControl): number {
  return relocation === undefined ? 0 : 128 * (relocation.areas.length + relocation.shifts.length);
}

/** What a piece makes and what packing that may need at most, whatever its recipe says. */
function packingMemory({ packing, part, outputLength }: PieceControl): number {
  if (part !== undefined) {
    const result = packedPartLimit(part.length, part.skip + outputLength);
    return part.length + Math.max(part.length, 2 * result) + packerMemory;
  }
  if (packing === undefined) return 0;
  const { length, recipe } = packing;
  return length + 2 * (packedLimit(length) + recipe.header.length) + packerMemory;
}
