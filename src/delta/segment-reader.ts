import { type ByteReader, createByteReader } from './byte-reader.ts';
import { damaged } from './damaged.ts';
import { type SegmentEntry, segmentLimits } from './delta-format.ts';
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

/** A segment whose streams have been found, and only its control stream unpacked. */
export type OpenSegment = {
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
export type SegmentFigures = Pick<SegmentEntry, 'output' | 'base' | 'memory' | 'objects'> & {
  /** The longest base of one piece, before it is unpacked. */
  readonly longestBase: number;
};

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
  const unpack = (name: StreamName) => {
    const { header, stored } = streams.get(name)!;
    return unpackStream(header, stored);
  };
  const open = { storedLength: stored.length, rawLengths, streamWindow: window };
  if (heldMemory(open) + window > memory) throw damaged('a segment needs more memory than stated');
  return { ...open, control: unpack('control'), frames: reader.take(reader.remaining), unpack };
}

/**
 * Walks over all pieces and adds up what they make, read and need, without making anything. Throws
 * `delta-damaged` when they break a limit, contradict the streams or make an object twice.
 */
export function measureSegment(segment: OpenSegment, sizes: ObjectSizes): SegmentFigures {
  const frames = createByteReader(segment.frames, 'the frames');
  const totals = { output: 0, base: 0, unpackedOutput: 0, unpackedBase: 0, plain: 0 };
  const most = { base: 0, beside: 0 };
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
    most.base = Math.max(most.base, piece.baseLength);
    most.beside = Math.max(most.beside, memoryBesideBase(piece, frames));
  }
  if (segment.rawLengths.plain !== totals.plain)
    throw damaged('the plain stream has another length than its pieces');
  if (frames.remaining > 0) throw damaged('bytes after the last frame');
  const working = Math.max(segment.streamWindow, most.base + most.beside);
  const { output, base } = totals;
  return {
    output,
    base,
    objects: made.size,
    longestBase: most.base,
    memory: heldMemory(segment) + working,
  };
}

/** What stays in memory from the first piece to the last: the stored bytes and the unpacked streams. */
function heldMemory({ storedLength, rawLengths }: Pick<OpenSegment, 'storedLength' | 'rawLengths'>): number {
  return Object.values(rawLengths).reduce((sum, length) => sum + length, storedLength);
}

/**
 * What a piece needs beside its base: what the base unpacks to, what it makes and what that is packed to. The
 * decoder of a frame keeps a copy of its dictionary, and a window.
 */
function memoryBesideBase(piece: PieceControl, frames: ByteReader): number {
  // The unpacker joins parts at the end, so that all is there twice for a moment.
  const unpackedBase = 2 * (piece.unpackedBase ?? 0) + relocationMemory(piece);
  switch (piece.kind) {
    case 'plain':
      return 0;
    case 'patch':
      return unpackedBase + madeMemory(piece);
    default: {
      const window = zstdWindow(frames.take(piece.frameLength), madeLength(piece));
      const dictionary = piece.unpackedBase ?? piece.baseLength;
      return unpackedBase + dictionary + window + madeMemory(piece);
    }
  }
}

/** The lists of a relocation, unpacked to be looked up. */
function relocationMemory({ relocation }: PieceControl): number {
  return relocation === undefined ? 0 : 128 * (relocation.areas.length + relocation.shifts.length);
}

/** What a piece makes, and if that is packed, what `packGzip` may need at most, whatever its recipe says. */
function madeMemory({ packing, part, outputLength }: PieceControl): number {
  const packed = part ?? packing;
  if (packed === undefined) return outputLength;
  const { length, recipe } = packed;
  const result = length + Math.ceil(length / 8) + recipe.header.length;
  return length + 2 * result + packerMemory;
}
