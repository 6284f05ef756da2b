/** Segments taken apart, changed inside and sealed again, so that what guards them from outside agrees. */
import { hash } from 'node:crypto';
import { brotliCompressSync, constants, type ZstdOptions, zstdCompressSync } from 'node:zlib';
import { SatchelError } from '../../src/base/errors.ts';
import type { Sha256 } from '../../src/base/identifiers.ts';
import { createByteReader } from '../../src/delta/byte-reader.ts';
import { createByteWriter } from '../../src/delta/byte-writer.ts';
import { segmentMemoryLimit } from '../../src/delta/delta-format.ts';
import { makeDictionaryFrame } from '../../src/delta/dictionary-frame.ts';
import { gunzip } from '../../src/delta/gzip-recipe.ts';
import type { PartOfGzip, Piece } from '../../src/delta/piece.ts';
import { createControlWriter } from '../../src/delta/piece-control.ts';
import type { Relocation } from '../../src/delta/relocation.ts';
import { type Sample, segmentOf } from '../../src/delta/segment.testkit.ts';
import type { EncodedSegment } from '../../src/delta/segment-format.ts';
import { measureSegment, openSegment } from '../../src/delta/segment-reader.ts';
import {
  codecs,
  readStreamHeader,
  type StreamName,
  streamNames,
  unpackStream,
} from '../../src/delta/streams.ts';
import { readZstdFrame } from '../../src/formats/zstd-frame.ts';
import type { Random } from './fuzz.testkit.ts';
import { mutateBytes, mutateList, mutateNumber, mutateVarints, writeVarints } from './fuzz-bytes.testkit.ts';

/** A stream as it is announced; the numbers need not be true. */
type Announced = { codec: number; rawLength: number; stored: Uint8Array };

/** A segment with its streams unpacked. */
export type LooseSegment = {
  readonly sample: Sample;
  /** The memory that the sound segment states. */
  readonly memory: number;
  readonly streams: Readonly<Record<StreamName, Uint8Array>>;
  readonly frames: readonly Uint8Array[];
};

/** The sound segment of a sample, taken apart. */
export function takeApart(sample: Sample): LooseSegment {
  const { bytes, entry } = segmentOf(sample);
  const reader = createByteReader(bytes, 'a segment');
  const headers = streamNames.map((name) => ({ name, header: readStreamHeader(reader) }));
  const streams = Object.fromEntries(
    headers.map(({ name, header }) => [name, unpackStream(header, reader.take(header.storedLength))]),
  ) as LooseSegment['streams'];
  return {
    sample,
    memory: entry.memory,
    streams,
    frames: sample.pieces.flatMap((piece) => (piece.kind === 'dictionary' ? [piece.frame] : [])),
  };
}

/** A segment in which something is changed, behind streams, lengths and figures that agree where they can. */
export function mutateSegment(loose: LooseSegment, random: Random): EncodedSegment {
  let { streams, frames } = loose;
  const other = (name: StreamName, bytes: Uint8Array) => {
    streams = { ...streams, [name]: bytes };
  };
  const { sample } = loose;
  for (let count = 1 + random(2); count > 0; count -= 1) {
    const name = streamNames[random(streamNames.length)]!;
    switch (random(8)) {
      case 0:
      case 1:
        other('control', mutateVarints(streams.control, random));
        break;
      case 2:
      case 3: {
        const pieces = mutatePieces(sample, random);
        other('control', controlOf(pieces));
        frames = pieces.flatMap((piece) => (piece.kind === 'dictionary' ? [piece.frame] : []));
        break;
      }
      case 4:
        other('patchControl', mutateVarints(streams.patchControl, random));
        break;
      case 5:
        frames = mutateList(frames, random, mutateFrame);
        break;
      default:
        other(name, mutateVarints(streams[name], random));
    }
  }
  const announced = streamNames.map((name) => announce(streams[name], random));
  const sealed = seal(sample, bytesOf(random(4) === 0 ? lie(announced, random) : announced, frames));
  // With no more memory than the sound one has, whatever is in it.
  return random(3) === 0 ? { ...sealed, entry: { ...sealed.entry, memory: loose.memory } } : sealed;
}

/** Bytes of a segment with the figures that they have, or those of the greediest when they have none. */
export function seal(sample: Sample, bytes: Buffer): EncodedSegment {
  const sha256 = hash('sha256', bytes) as Sha256;
  try {
    const { output, base, objects, memory } = measureSegment(
      openSegment(bytes, segmentMemoryLimit),
      sample.sizes,
    );
    return { bytes, entry: { length: bytes.length, sha256, output, base, objects, memory } };
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    const entry = { output: 1, base: 1, objects: 1, memory: segmentMemoryLimit };
    return { bytes, entry: { length: bytes.length, sha256, ...entry } };
  }
}

function bytesOf(streams: readonly Announced[], frames: readonly Uint8Array[]): Buffer {
  const header = streams.flatMap(({ codec, rawLength, stored }) => [codec, rawLength, stored.length]);
  return Buffer.concat([writeVarints(header), ...streams.map(({ stored }) => stored), ...frames]);
}

/** Node's types do not know the length yet. */
type SizedOptions = ZstdOptions & { readonly pledgedSrcSize: number };

/** One zstd frame that states its length, made quickly. */
export function quickZstd(raw: Uint8Array): Buffer {
  const options: SizedOptions = {
    params: { [constants.ZSTD_c_compressionLevel]: 1 },
    pledgedSrcSize: raw.length,
  };
  return zstdCompressSync(raw, options);
}

function announce(raw: Uint8Array, random: Random): Announced {
  const rawLength = raw.length;
  const choice = rawLength === 0 ? 0 : random(10);
  if (choice < 6) return { codec: codecs.plain, rawLength, stored: raw };
  if (choice < 8) return { codec: codecs.zstd, rawLength, stored: quickZstd(raw) };
  const params = { [constants.BROTLI_PARAM_QUALITY]: 1, [constants.BROTLI_PARAM_LGWIN]: 10 + random(15) };
  return { codec: codecs.brotli, rawLength, stored: brotliCompressSync(raw, { params }) };
}

/** Changes the announcement or the stored bytes of one stream, in some cases so that both still agree. */
function lie(streams: readonly Announced[], random: Random): readonly Announced[] {
  // The control stream is unpacked before the others are looked at.
  const at = random(3) === 0 ? streamNames.indexOf('control') : random(streams.length);
  const lying = { ...streams[at]! };
  switch (random(7)) {
    case 0:
      lying.codec = random(4);
      break;
    case 1:
      lying.rawLength = mutateNumber(lying.rawLength, random);
      break;
    case 2:
    case 3:
      return bomb(streams, at, random);
    case 4:
      if (lying.codec === codecs.plain) break;
      lying.stored = mutateBytes(lying.stored.subarray(0, 16), random);
      lying.rawLength = readZstdFrame(lying.stored)?.contentLength ?? lying.rawLength;
      break;
    default:
      lying.stored = mutateFrame(lying.stored, random);
      lying.rawLength = readZstdFrame(lying.stored)?.contentLength ?? lying.rawLength;
      if (lying.codec === codecs.plain) lying.rawLength = lying.stored.length;
  }
  return streams.with(at, lying);
}

/** A stream that says truthfully that it is huge, or a lie that a huge one is small. */
function bomb(streams: readonly Announced[], at: number, random: Random): readonly Announced[] {
  const isBrotli = random(2) === 0;
  const length = 2 ** (10 + random(14));
  const raw = Buffer.alloc(length, random(3));
  const stored = isBrotli
    ? brotliCompressSync(raw, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } })
    : quickZstd(raw);
  const rawLength = random(2) === 0 ? length : streams[at]!.rawLength;
  return streams.with(at, { codec: isBrotli ? codecs.brotli : codecs.zstd, rawLength, stored });
}

/** Other bytes of a frame; of half of them only its header, where lengths and the window stand. */
function mutateFrame(frame: Uint8Array, random: Random): Buffer {
  if (random(2) === 0) return mutateBytes(frame, random);
  const changed = Buffer.from(frame);
  const at = random(Math.min(14, changed.length));
  if (at < changed.length) changed[at] = random(256);
  return changed;
}

function controlOf(pieces: readonly Piece[]): Uint8Array {
  const writer = createByteWriter();
  pieces.forEach(createControlWriter(writer));
  return writer.finish();
}

/** Pieces of which one or two make, read, unpack or pack something else. */
function mutatePieces({ pieces, oldObjects, newObjects }: Sample, random: Random): readonly Piece[] {
  // One ordinal too many is among them.
  const ordinals = (list: readonly number[], count: number) => {
    const changed = mutateList(list, random, () => random(count + 1));
    return changed.length === 0 ? list : changed;
  };
  return mutateList(pieces, random, (piece): Piece => {
    if (random(6) === 0) return { ...piece, outputs: ordinals(piece.outputs, newObjects.length) };
    if (piece.kind === 'plain') return { ...piece, content: mutateBytes(piece.content, random) };
    if (piece.part !== undefined) return { ...piece, part: mutatePart(piece.part, random) };
    if (piece.relocation !== undefined && random(2) === 0)
      return { ...piece, relocation: mutateRelocation(piece.relocation, random) };
    switch (random(5)) {
      case 0:
        return { ...piece, bases: ordinals(piece.bases, oldObjects.length) };
      case 1: {
        const { unpackedBase, ...rest } = piece;
        return unpackedBase === undefined || random(2) === 0
          ? { ...rest, unpackedBase: mutateNumber(unpackedBase ?? 1000, random) }
          : rest;
      }
      case 2:
        return mutatePacking(piece, random);
      default:
        return piece.kind === 'patch' ? piece : { ...piece, frame: otherFrame(piece, oldObjects, random) };
    }
  });
}

/** A sound frame with the same dictionary that holds something else. */
function otherFrame(
  piece: Extract<Piece, { kind: 'dictionary' }>,
  oldObjects: Sample['oldObjects'],
  random: Random,
) {
  const base = Buffer.concat(piece.bases.map((ordinal) => oldObjects[ordinal] ?? Buffer.alloc(1)));
  const dictionary = piece.unpackedBase === undefined ? base : gunzip(base, piece.unpackedBase);
  const length = readZstdFrame(piece.frame)?.contentLength ?? 1;
  const made = Buffer.alloc(random(4) === 0 ? length + 1 : length, random(256));
  return makeDictionaryFrame(dictionary ?? base, made, 1) ?? piece.frame;
}

/** A part that is made from something else, begins elsewhere or comes out otherwise. */
function mutatePart(part: PartOfGzip, random: Random): PartOfGzip {
  const { recipe, ranges } = part;
  switch (random(5)) {
    case 0: {
      const name = (['archive', 'length', 'context', 'pendingBits', 'skip'] as const)[random(5)]!;
      return { ...part, [name]: mutateNumber(part[name], random) };
    }
    case 1: {
      const changed = mutateList(ranges, random, ({ start, length }) =>
        random(2) === 0
          ? { start: Math.min(2 ** 50, mutateNumber(start, random)), length }
          : { start, length: Math.min(2 ** 50, mutateNumber(length, random)) },
      );
      return changed.length === 0 ? part : { ...part, ranges: changed };
    }
    case 2:
      return { ...part, recipe: { ...recipe, level: random(11) } };
    case 3:
      return {
        ...part,
        trailer: random(2) === 0 ? Buffer.alloc(8 * random(2)) : mutateBytes(part.trailer, random),
      };
    default:
      return { ...part, recipe: { ...recipe, header: mutateBytes(recipe.header, random) } };
  }
}

/** Other areas or other shifts, in an order that can be written. */
function mutateRelocation({ areas, shifts, end }: Relocation, random: Random): Relocation {
  switch (random(3)) {
    case 0: {
      const at = random(areas.length);
      const longer = { ...areas[at]!, length: mutateNumber(areas[at]!.length, random) };
      return { areas: areas.slice(0, at).concat(longer), shifts, end };
    }
    case 1: {
      const moved = shifts.map((shift) =>
        random(3) === 0 ? { ...shift, shift: random(5000) - 2500 } : shift,
      );
      return { areas, shifts: moved, end };
    }
    default:
      return { areas, shifts, end: end + random(5000) };
  }
}

function mutatePacking(piece: Exclude<Piece, { kind: 'plain' }>, random: Random): Piece {
  const { packing, ...rest } = piece;
  if (packing === undefined) {
    const recipe = { header: Buffer.from('1f8b0800000000000003', 'hex'), encoder: 'gzip', level: 9 } as const;
    return { ...piece, packing: { length: random(2) === 0 ? random(5000) : random(2 ** 24), recipe } };
  }
  const { recipe } = packing;
  switch (random(5)) {
    case 0:
      return rest;
    case 1:
      return { ...piece, packing: { ...packing, length: mutateNumber(packing.length, random) } };
    case 2:
      return { ...piece, packing: { ...packing, recipe: { ...recipe, level: random(11) } } };
    case 3: {
      const encoder = (['gzip', 'zlib', 'zlib-large', 'zlib-chromium'] as const)[random(4)]!;
      return { ...piece, packing: { ...packing, recipe: { ...recipe, encoder } } };
    }
    default: {
      const header = random(9) === 0 ? Buffer.alloc(4090 + random(10)) : mutateBytes(recipe.header, random);
      return { ...piece, packing: { ...packing, recipe: { ...recipe, header } } };
    }
  }
}
