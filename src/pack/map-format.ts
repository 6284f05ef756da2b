/**
 * Maps: where each object of one build lies. A map is JSON Lines, stored compressed as `maps/<sha256>.zst`:
 *
 * ```
 * {"satchel":"map","format":1,"index":"<sha256 of the uncompressed index>","objects":3}
 * ["pack","<sha256>",<length in bytes>]
 * ["frame",<pack number>,<offset>,<stored length>,<raw length>,[[<object ordinal>,<raw offset>],…]]
 * ```
 *
 * Ordinals and sizes of objects come from the index (its distinct objects in order of first appearance). Every
 * ordinal appears exactly once. A frame may hold further objects that the build does not have. Packs stand in
 * the order of their smallest ordinal, frames in the order of pack number and offset, objects in the order of
 * raw offset. There is one way to write a map, and the parser takes no other.
 */

import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import { maximumFrameLength, maximumStoredLength } from './frame.ts';

/** The newest format of maps that this program reads, and the one that it writes. */
export const mapFormat = 1;

/** A pack that a map refers to; `length` is that of the whole stored file, in bytes. */
export type MapPack = { readonly sha256: Sha256; readonly length: number };

/** Where one frame lies: number of its pack in the map, offset and length of the stored bytes, raw length. */
export type MapFrame = {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
  readonly rawLength: number;
};

/** One object of a frame: its ordinal in the build, and its first byte in the raw frame. */
export type PlacedObject = { readonly ordinal: number; readonly rawOffset: number };

/** A parsed map. Ordinals and frame numbers count from 0. */
export type ObjectMap = {
  /** SHA-256 of the uncompressed index that the ordinals refer to. */
  readonly index: Sha256;
  readonly objectCount: number;
  readonly packs: readonly MapPack[];
  /** In the order of pack and offset. */
  readonly frames: readonly MapFrame[];
  /** The number of the frame of each object. */
  readonly frameOf: Uint32Array;
  /** The first byte of each object in its raw frame. */
  readonly rawOffsetOf: Uint32Array;
  pack(number: number): MapPack;
  frame(number: number): MapFrame;
  /** Where the object with this ordinal lies. */
  locate(ordinal: number): { readonly frame: number; readonly rawOffset: number };
  /** The objects of the build in one frame, in the order of their raw offsets. */
  objectsIn(frame: number): readonly PlacedObject[];
};

/** What a map is made of; the order of packs, frames and objects may be any. */
export type MapContent = {
  readonly index: Sha256;
  readonly objectCount: number;
  readonly packs: readonly MapPack[];
  readonly frames: readonly (MapFrame & { readonly objects: readonly PlacedObject[] })[];
};

/** The bytes of a map, uncompressed. Equal content gives equal bytes in whatever order it is given. */
export function serialiseMap(content: MapContent): Buffer {
  const packOrder = orderOfPacks(content);
  const numberOf = new Map(packOrder.map((pack, number) => [pack, number]));
  const frames = content.frames
    .map((frame) => ({ ...frame, pack: numberOf.get(frame.pack) as number }))
    .sort((a, b) => a.pack - b.pack || a.offset - b.offset);
  const lines = [
    JSON.stringify(headerOf(content)),
    ...packOrder.map((pack) => packLine(content.packs[pack] as MapPack)),
    ...frames.map((frame) => frameLine(frame, frame.objects)),
  ];
  return Buffer.from(`${lines.join('\n')}\n`);
}

/**
 * Reads the uncompressed bytes of a map. `sizes` are the lengths of the build's objects by ordinal. Throws
 * `map-newer` for a later format and `map-damaged` for anything that {@link serialiseMap} would not write.
 */
export function parseMap(bytes: Uint8Array, sizes: ArrayLike<number>): ObjectMap {
  const lines = splitLines(bytes);
  const reading = readHeader(lines[0] as string, sizes);
  for (let number = 1; number < lines.length; number += 1)
    readLine(reading, lines[number] as string, number + 1);
  checkWhole(reading, lines.length);
  return mapFrom(reading);
}

type Reading = {
  readonly index: Sha256;
  readonly sizes: ArrayLike<number>;
  readonly packs: MapPack[];
  readonly packNames: Set<string>;
  readonly frames: MapFrame[];
  /** First position of each frame in `placed`. */
  readonly starts: number[];
  readonly placed: Uint32Array;
  readonly frameOf: Uint32Array;
  readonly rawOffsetOf: Uint32Array;
  placedCount: number;
  /** Smallest ordinal of each pack. */
  readonly smallest: number[];
};

const noFrame = 0xffffffff;

function splitLines(bytes: Uint8Array): string[] {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  if (!text.endsWith('\n')) throw damaged(1, 'the last line has no end');
  const lines = text.split('\n');
  lines.pop();
  return lines;
}

function readHeader(line: string, sizes: ArrayLike<number>): Reading {
  const header = parseLine(line, 1);
  if (typeof header !== 'object' || header === null || !('satchel' in header) || header.satchel !== 'map')
    throw damaged(1, 'not a map');
  if ('format' in header && typeof header.format === 'number' && header.format > mapFormat)
    throw new SatchelError('map-newer', { format: header.format, supported: mapFormat });
  const index = 'index' in header ? header.index : undefined;
  if (typeof index !== 'string' || !isSha256(index)) throw damaged(1, 'no index');
  if (line !== JSON.stringify(headerOf({ index, objectCount: sizes.length })))
    throw damaged(1, `not the header of a map of ${sizes.length} objects`);
  return {
    index,
    sizes,
    packs: [],
    packNames: new Set(),
    frames: [],
    starts: [],
    placed: new Uint32Array(sizes.length),
    frameOf: new Uint32Array(sizes.length).fill(noFrame),
    rawOffsetOf: new Uint32Array(sizes.length),
    placedCount: 0,
    smallest: [],
  };
}

function readLine(reading: Reading, line: string, number: number): void {
  const fields = parseLine(line, number);
  if (!Array.isArray(fields)) throw damaged(number, 'not a list');
  const problem =
    fields[0] === 'pack'
      ? readPack(reading, fields, line)
      : fields[0] === 'frame'
        ? readFrame(reading, fields, line)
        : 'unknown line';
  if (problem !== undefined) throw damaged(number, problem);
}

function readPack(reading: Reading, fields: readonly unknown[], line: string): string | undefined {
  const [, sha256, length] = fields;
  if (typeof sha256 !== 'string' || !isSha256(sha256) || !isCount(length)) return 'not a pack';
  if (line !== packLine({ sha256, length })) return 'not canonical';
  if (reading.frames.length > 0) return 'a pack after a frame';
  if (reading.packNames.has(sha256)) return 'a pack twice';
  reading.packNames.add(sha256);
  reading.packs.push({ sha256, length });
  return undefined;
}

function readFrame(reading: Reading, fields: readonly unknown[], line: string): string | undefined {
  const [, pack, offset, length, rawLength, objects] = fields;
  if (!isCount(pack) || !isCount(offset) || !isCount(length) || !isCount(rawLength)) return 'not a frame';
  if (!Array.isArray(objects) || objects.length === 0) return 'a frame without objects';
  const frame = { pack, offset, length, rawLength };
  const problem = frameProblem(reading, frame);
  if (problem !== undefined) return problem;
  const start = reading.placedCount;
  const objectsProblem = placeObjects(reading, objects, rawLength);
  if (objectsProblem !== undefined) return objectsProblem;
  reading.frames.push(frame);
  reading.starts.push(start);
  return line === frameLine(frame, placedObjects(reading, start, reading.placedCount))
    ? undefined
    : 'not canonical';
}

function frameProblem({ packs, frames, smallest }: Reading, frame: MapFrame): string | undefined {
  const pack = packs[frame.pack];
  if (pack === undefined) return 'a frame of an unknown pack';
  if (frame.length === 0 || frame.rawLength === 0) return 'an empty frame';
  if (frame.offset + frame.length > pack.length) return 'a frame beyond the end of its pack';
  if (frame.rawLength > maximumFrameLength) return 'a frame that is too long';
  if (frame.length > maximumStoredLength(frame.rawLength)) return 'a frame stored longer than can be';
  const before = frames.at(-1);
  if (frame.pack !== (before?.pack ?? 0)) {
    if (before === undefined || frame.pack !== before.pack + 1) return 'frames out of order';
  } else if (before !== undefined && frame.offset < before.offset + before.length)
    return 'frames that overlap';
  if (smallest.length <= frame.pack) smallest.push(noFrame);
  return undefined;
}

function placeObjects(reading: Reading, objects: readonly unknown[], rawLength: number): string | undefined {
  const { sizes, frameOf, rawOffsetOf, placed, frames, smallest } = reading;
  let end = 0;
  for (const object of objects) {
    if (!Array.isArray(object)) return 'not an object';
    const [ordinal, rawOffset] = object as readonly unknown[];
    if (!isCount(ordinal) || !isCount(rawOffset)) return 'not an object';
    if (ordinal >= sizes.length) return 'an object that the build does not have';
    if (frameOf[ordinal] !== noFrame) return 'an object twice';
    if (rawOffset < end) return 'objects that overlap';
    end = rawOffset + (sizes[ordinal] as number);
    if (end > rawLength) return 'an object beyond the end of its frame';
    frameOf[ordinal] = frames.length;
    rawOffsetOf[ordinal] = rawOffset;
    placed[reading.placedCount] = ordinal;
    reading.placedCount += 1;
    const pack = smallest.length - 1;
    if (ordinal < (smallest[pack] as number)) smallest[pack] = ordinal;
  }
  return undefined;
}

function checkWhole(reading: Reading, lineCount: number): void {
  if (reading.placedCount !== reading.sizes.length) throw damaged(lineCount, 'objects are missing');
  if (reading.smallest.length !== reading.packs.length) throw damaged(lineCount, 'a pack without frames');
  for (let pack = 1; pack < reading.smallest.length; pack += 1)
    if ((reading.smallest[pack - 1] as number) > (reading.smallest[pack] as number))
      throw damaged(pack + 2, 'packs out of order');
}

function mapFrom(reading: Reading): ObjectMap {
  const { index, packs, frames, frameOf, rawOffsetOf, starts, placedCount } = reading;
  const at = <Item>(items: readonly Item[], number: number): Item => {
    const item = items[number];
    if (item === undefined) throw new RangeError(`the map has no number ${number}`);
    return item;
  };
  return {
    index,
    objectCount: reading.sizes.length,
    packs,
    frames,
    frameOf,
    rawOffsetOf,
    pack: (number) => at(packs, number),
    frame: (number) => at(frames, number),
    locate(ordinal) {
      const frame = frameOf[ordinal];
      if (frame === undefined) throw new RangeError(`the map has no object ${ordinal}`);
      return { frame, rawOffset: rawOffsetOf[ordinal] as number };
    },
    objectsIn: (frame) => placedObjects(reading, at(starts, frame), starts[frame + 1] ?? placedCount),
  };
}

function placedObjects({ placed, rawOffsetOf }: Reading, start: number, end: number): PlacedObject[] {
  const objects: PlacedObject[] = [];
  for (let i = start; i < end; i += 1) {
    const ordinal = placed[i] as number;
    objects.push({ ordinal, rawOffset: rawOffsetOf[ordinal] as number });
  }
  return objects;
}

function orderOfPacks({ packs, frames }: MapContent): number[] {
  const smallest = new Array<number>(packs.length).fill(Number.POSITIVE_INFINITY);
  for (const { pack, objects } of frames)
    for (const { ordinal } of objects) smallest[pack] = Math.min(smallest[pack] as number, ordinal);
  const order = packs.map((_, number) => number);
  return order.sort((a, b) => (smallest[a] as number) - (smallest[b] as number));
}

function headerOf({ index, objectCount }: { readonly index: Sha256; readonly objectCount: number }): object {
  return { satchel: 'map', format: mapFormat, index, objects: objectCount };
}

function packLine({ sha256, length }: MapPack): string {
  return JSON.stringify(['pack', sha256, length]);
}

function frameLine(frame: MapFrame, objects: readonly PlacedObject[]): string {
  const placed = [...objects].sort((a, b) => a.rawOffset - b.rawOffset);
  const pairs = placed.map(({ ordinal, rawOffset }) => `[${ordinal},${rawOffset}]`).join(',');
  return `["frame",${frame.pack},${frame.offset},${frame.length},${frame.rawLength},[${pairs}]]`;
}

function parseLine(line: string, number: number): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (error) {
    throw damaged(number, 'not JSON', error);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function damaged(line: number, reason: string, cause?: unknown): SatchelError {
  return new SatchelError('map-damaged', { line }, { cause: new Error(reason, { cause }) });
}
