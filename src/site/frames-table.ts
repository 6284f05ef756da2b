import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { freeBuffer } from '../base/memory.ts';
import { decompressFrame } from '../pack/frame.ts';
import type { NamedObject } from '../pack/locations.ts';
import type { ObjectMap } from '../pack/map-format.ts';

/**
 * The frames of one pack that one build needs, with the objects that the build has in each. Numbers lie in typed
 * arrays: a build with 50 000 objects takes 3 MB.
 */
export type FrameTable = {
  readonly pack: Sha256;
  /** Bytes of the whole pack. */
  readonly length: number;
  /** First byte of each frame in the pack, ascending. */
  readonly offsets: Float64Array;
  /** Stored bytes of each frame. */
  readonly lengths: Uint32Array;
  readonly rawLengths: Uint32Array;
  /** The number of the first object of each frame, and at the end the number of all. */
  readonly firstObjects: Uint32Array;
  /** First byte of each object in its raw frame. */
  readonly rawOffsets: Uint32Array;
  readonly sizes: Uint32Array;
  /** 32 bytes an object. */
  readonly hashes: Uint8Array;
};

const hashLength = 32;

/** The tables of a build, one a pack, from its map and its objects in the order of the index. */
export function frameTables(map: ObjectMap, objects: readonly NamedObject[]): FrameTable[] {
  const framesOf: number[][] = map.packs.map(() => []);
  for (const [number, { pack }] of map.frames.entries()) framesOf[pack]?.push(number);
  return map.packs.map(({ sha256, length }, pack) => {
    const frames = framesOf[pack] ?? [];
    const placed = frames.map((number) => map.objectsIn(number));
    const count = placed.reduce((sum, list) => sum + list.length, 0);
    const table = {
      pack: sha256,
      length,
      offsets: Float64Array.from(frames, (number) => map.frame(number).offset),
      lengths: Uint32Array.from(frames, (number) => map.frame(number).length),
      rawLengths: Uint32Array.from(frames, (number) => map.frame(number).rawLength),
      firstObjects: new Uint32Array(frames.length + 1),
      rawOffsets: new Uint32Array(count),
      sizes: new Uint32Array(count),
      hashes: new Uint8Array(count * hashLength),
    };
    let next = 0;
    for (const [frame, list] of placed.entries()) {
      table.firstObjects[frame] = next;
      for (const { ordinal, rawOffset } of list) {
        const object = objects[ordinal] as NamedObject;
        table.rawOffsets[next] = rawOffset;
        table.sizes[next] = object.size;
        table.hashes.set(Buffer.from(object.sha256, 'hex'), next * hashLength);
        next += 1;
      }
    }
    table.firstObjects[frames.length] = next;
    return table;
  });
}

/** The memory of tables that may be handed to another thread without a copy. */
export function buffersOf(tables: readonly FrameTable[]): ArrayBuffer[] {
  return tables
    .flatMap(({ offsets, lengths, rawLengths, firstObjects, rawOffsets, sizes, hashes }) => [
      offsets.buffer,
      lengths.buffer,
      rawLengths.buffer,
      firstObjects.buffer,
      rawOffsets.buffer,
      sizes.buffer,
      hashes.buffer,
    ])
    .filter((buffer) => buffer instanceof ArrayBuffer);
}

/**
 * Whether stored bytes are the frame with this number: one zstd frame of the right length in which every object of the
 * build has its hash. Takes some milliseconds of this thread.
 */
export function isFrame(bytes: Uint8Array, table: FrameTable, number: number): boolean {
  let raw: Buffer;
  try {
    raw = decompressFrame(bytes, table.rawLengths[number] as number);
  } catch (error) {
    if (error instanceof SatchelError) return false;
    throw error;
  }
  const end = table.firstObjects[number + 1] as number;
  let isRight = true;
  for (let object = table.firstObjects[number] as number; isRight && object < end; object += 1) {
    const start = table.rawOffsets[object] as number;
    const content = raw.subarray(start, start + (table.sizes[object] as number));
    const wanted = table.hashes.subarray(object * hashLength, (object + 1) * hashLength);
    isRight = hash('sha256', content, 'buffer').equals(wanted);
  }
  freeBuffer(raw);
  return isRight;
}

/** Bytes of the raw frame that no object of the build lies in. */
export function unnamedBytes(table: FrameTable, number: number): number {
  let named = 0;
  const end = table.firstObjects[number + 1] as number;
  for (let object = table.firstObjects[number] as number; object < end; object += 1)
    named += table.sizes[object] as number;
  return (table.rawLengths[number] as number) - named;
}
