import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { DeltaSide } from '../delta/content-source.ts';
import { type FrameObject, readObjects } from '../pack/frame.ts';
import { coalesceFrames, framesHolding } from '../pack/locate.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { readPart } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { type Catalog, loadTree, type TreeLists } from './catalog.ts';
import { packFile } from './layout.ts';
import type { BuildRecord } from './records.ts';

/** One tree of a repository as makers of deltas read it, with its map. */
export type TreeSide = DeltaSide & {
  readonly map: ObjectMap;
  readonly read: ReadObjects;
};

/** The tree of a build, with its record. */
export type BuildSide = TreeSide & { readonly record: BuildRecord };

/** Gives the contents of objects in the order asked for; the caller may keep them. */
export type ReadObjects = (ordinals: readonly number[], signal?: AbortSignal) => Promise<Uint8Array[]>;

/** Bytes of unpacked frames that are kept for the next call: neighbours of an object are asked for soon. */
const keptBytes = 16 * 1024 * 1024;

/** The most stored bytes that one read of a pack takes in. */
const readAtOnce = 4 * 1024 * 1024;

/** Reads a tree's lists; contents are read when they are asked for. Throws as `loadTree` does. */
export async function openTreeSide(
  store: ReadableStore,
  lists: TreeLists,
  signal?: AbortSignal,
): Promise<TreeSide> {
  const tree = await loadTree(store, lists, signal);
  return { ...tree, read: objectReader(store, tree.map, tree.objects) };
}

/** The same for a build. Throws `build-not-found` beside. */
export async function openBuildSide(
  catalog: Catalog,
  name: BuildName,
  signal?: AbortSignal,
): Promise<BuildSide> {
  const record = await catalog.build(name);
  const { map } = await catalog.deltas(name);
  return { record, ...(await openTreeSide(catalog.store, { index: record.index, map }, signal)) };
}

/** What a frame unpacks to: the build's objects in it by ordinal, as views of one buffer. */
type Frame = { readonly contents: ReadonlyMap<number, Buffer>; readonly rawLength: number };

/**
 * Reads objects by ordinal, in the order asked for, each compared with its hash. Beside what it returns it holds
 * 16 MiB of unpacked frames and 4 MiB of packed ones. Throws `frame-damaged`, `object-damaged`, and what the store
 * throws.
 */
export function objectReader(
  store: ReadableStore,
  map: ObjectMap,
  objects: readonly { readonly sha256: Sha256; readonly size: number }[],
): ReadObjects {
  const kept = keptFrames();
  return async (ordinals, signal) => {
    const wanted = new Map<number, Set<number>>();
    for (const ordinal of ordinals) {
      const { frame } = map.locate(ordinal);
      wanted.set(frame, (wanted.get(frame) ?? new Set()).add(ordinal));
    }
    const found = new Map<number, Uint8Array>();
    const take = (number: number, frame: Frame) => {
      // Copies: a view of a small object would keep all its neighbours in memory.
      for (const ordinal of wanted.get(number) ?? [])
        found.set(ordinal, new Uint8Array(frame.contents.get(ordinal) as Buffer));
    };
    const unread: number[] = [];
    for (const number of framesHolding(map, ordinals)) {
      const frame = kept.get(number);
      if (frame === undefined) unread.push(number);
      else take(number, frame);
    }
    for (const range of coalesceFrames(map, unread, { maximumRange: readAtOnce })) {
      const bytes = await readPart(store, packFile(map.pack(range.pack).sha256), range, signal);
      for (const number of range.frames) {
        const frame = unpack(map, objects, number, { bytes, offset: range.offset });
        kept.add(number, frame);
        take(number, frame);
      }
    }
    return ordinals.map((ordinal) => found.get(ordinal) as Uint8Array);
  };
}

function unpack(
  map: ObjectMap,
  objects: readonly { readonly sha256: Sha256; readonly size: number }[],
  number: number,
  range: { readonly bytes: Buffer; readonly offset: number },
): Frame {
  const { pack, offset, length, rawLength } = map.frame(number);
  const start = offset - range.offset;
  const bytes = range.bytes.subarray(start, start + length);
  const placed = map.objectsIn(number);
  const named: FrameObject[] = placed.map(({ ordinal, rawOffset }) => {
    const { sha256, size } = objects[ordinal] as { sha256: Sha256; size: number };
    return { sha256, size, rawOffset };
  });
  const contents = readObjects({ bytes, rawLength, pack: map.pack(pack).sha256, offset }, named);
  return {
    contents: new Map(placed.map(({ ordinal }, place) => [ordinal, contents[place] as Buffer])),
    rawLength,
  };
}

/** The frames used last, as many as fit. */
function keptFrames() {
  const frames = new Map<number, Frame>();
  let bytes = 0;
  return {
    get(number: number): Frame | undefined {
      const frame = frames.get(number);
      if (frame === undefined) return undefined;
      frames.delete(number);
      frames.set(number, frame);
      return frame;
    },
    add(number: number, frame: Frame): void {
      const held = frames.get(number);
      if (held !== undefined) bytes -= held.rawLength;
      frames.delete(number);
      frames.set(number, frame);
      bytes += frame.rawLength;
      for (const [oldest, { rawLength }] of frames) {
        if (bytes <= keptBytes) break;
        frames.delete(oldest);
        bytes -= rawLength;
      }
    },
  };
}
