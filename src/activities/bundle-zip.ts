import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type ByteString, byteStringFromText, bytesOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import type { FileEntry, IndexEntry } from '../build/entry.ts';
import { type BuildObject, objectOrdinals, objectsOfFile } from '../build/objects.ts';
import { writeZip, type ZipItem } from '../formats/zip-writer.ts';
import { syncDirectory, syncFile, temporaryBeside } from '../os/atomic-file.ts';
import { systemError } from '../os/system-error.ts';
import { readObjects } from '../pack/frame.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { loadTree } from '../repository/catalog.ts';
import { type BundleRecord, bundleName } from '../repository/group-record.ts';
import { packFile } from '../repository/layout.ts';
import { readPart } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';

/**
 * Writes the zip of a bundle, made from its objects: the same bytes wherever and whenever it is made with one version of
 * zlib. Under its name there is nothing or the whole. Throws `bundle-zip-no-room` once it has become longer than `most`
 * bytes, `cancelled`, what the system says, and what reading the store throws.
 */
export async function writeBundleZip(
  store: ReadableStore,
  record: Pick<BundleRecord, 'id' | 'version' | 'folder' | 'index' | 'map'>,
  path: string,
  options: { readonly signal?: AbortSignal; readonly most?: number } = {},
): Promise<void> {
  const { signal, most = Number.POSITIVE_INFINITY } = options;
  const { entries, objects, map } = await loadTree(store, record, signal);
  const read = objectSource(store, map, objects, signal);
  const bytes = writeZip(itemsOf(entries, record.folder, read));
  const temporary = temporaryBeside(path);
  try {
    const out = createWriteStream(temporary, { flags: 'wx', mode: 0o644 });
    await pipeline(atMost(most, bytes, record), out, { signal });
    syncFile(temporary);
    await rename(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throwIfCancelled(signal);
    throw systemError(error, 'write', path);
  }
}

async function* atMost(
  most: number,
  pieces: AsyncIterable<Uint8Array>,
  record: Pick<BundleRecord, 'id' | 'version'>,
): AsyncGenerator<Uint8Array, void> {
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > most)
      throw new SatchelError('bundle-zip-no-room', { name: bundleName(record), bytes: formatBytes(length) });
    yield piece;
  }
}

type ReadObject = (object: BuildObject) => Promise<Uint8Array>;

/** A symlink of content becomes what it leads to only where it is unpacked; zips of Sugar have none. */
function* itemsOf(entries: Iterable<IndexEntry>, folder: string, read: ReadObject): Generator<ZipItem, void> {
  const top = byteStringFromText(folder);
  const linked = new Map<ByteString, IndexEntry>();
  for (const named of entries) {
    const path = `${top}/${named.path}` as ByteString;
    // Further names become files of their own.
    const entry = named.type === 'hardlink' ? linked.get(named.link) : named;
    if (named.path === '' || entry === undefined) continue;
    if (entry === named) linked.set(named.path, named);
    if (entry.type === 'directory')
      yield { path, type: 'directory', mode: entry.mode, mtime: entry.mtime[0], content: () => [] };
    else if (entry.type === 'symlink')
      yield {
        ...{ path, mode: 0o777, mtime: entry.mtime[0] },
        type: 'symlink',
        content: () => [bytesOf(entry.target)],
      };
    else if (entry.type === 'file')
      yield {
        path,
        type: 'file',
        mode: entry.mode,
        mtime: entry.mtime[0],
        content: () => contentOf(entry, read),
      };
  }
}

async function* contentOf(entry: FileEntry, read: ReadObject): AsyncGenerator<Uint8Array> {
  for (const object of objectsOfFile(entry)) yield await read(object);
}

/** Reads objects out of the packs of a store, one frame at a time in memory. */
function objectSource(
  store: ReadableStore,
  map: ObjectMap,
  objects: readonly BuildObject[],
  signal: AbortSignal | undefined,
): ReadObject {
  const ordinals = objectOrdinals(objects);
  let last: { readonly frame: number; readonly contents: ReadonlyMap<string, Uint8Array> } | undefined;
  return async ({ sha256 }) => {
    const { frame } = map.locate(ordinals.get(sha256)!);
    if (last?.frame !== frame) last = { frame, contents: await unpack(frame) };
    return last.contents.get(sha256)!;
  };

  async function unpack(frame: number): Promise<ReadonlyMap<string, Uint8Array>> {
    const { pack, offset, length, rawLength } = map.frame(frame);
    const { sha256: file } = map.pack(pack);
    const bytes = await readPart(store, packFile(file), { offset, length }, signal);
    const named = map.objectsIn(frame).map(({ ordinal, rawOffset }) => ({ ...objects[ordinal]!, rawOffset }));
    const contents = readObjects({ bytes, rawLength, pack: file, offset }, named);
    return new Map(named.map(({ sha256 }, place) => [sha256, contents[place]!]));
  }
}
