import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { bytesOf } from '../base/byte-string.ts';
import type { FileEntry, IndexEntry } from '../build/entry.ts';
import { type BuildObject, objectOrdinals, objectsOfFile } from '../build/objects.ts';
import { syncDirectory, syncFile, temporaryBeside } from '../os/atomic-file.ts';
import { readObjects } from '../pack/frame.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { loadTree } from '../repository/catalog.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import { packFile } from '../repository/layout.ts';
import { readPart } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';

/** The date before which a zip knows no time. */
const firstTime = Date.UTC(1980, 0, 1) / 1000;

/**
 * Writes the zip of a bundle, made from its objects: the same bytes wherever and whenever it is made with one version of
 * zlib. Under its name there is nothing or the whole. Throws what reading the store throws.
 */
export async function writeBundleZip(
  store: ReadableStore,
  record: Pick<BundleRecord, 'folder' | 'index' | 'map'>,
  path: string,
  signal?: AbortSignal,
): Promise<void> {
  const { entries, objects, map } = await loadTree(store, record, signal);
  const read = objectSource(store, map, objects, signal);
  const zip = new ZipFile();
  const temporary = temporaryBeside(path);
  const files = new Map<string, FileEntry>();
  for (const entry of entries) {
    if (entry.type === 'file') files.set(entry.path, entry);
    addEntry(zip, record.folder, entry, files, read);
  }
  zip.end();
  try {
    const out = createWriteStream(temporary, { flags: 'wx', mode: 0o644 });
    await pipeline(Readable.from(zip.outputStream as AsyncIterable<Uint8Array>), out, { signal });
    syncFile(temporary);
    await rename(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

type ReadObject = (object: BuildObject) => Promise<Uint8Array>;

/** A symlink of content becomes what it leads to only where it is unpacked; zips of Sugar have none. */
function addEntry(
  zip: ZipFile,
  folder: string,
  entry: IndexEntry,
  files: ReadonlyMap<string, FileEntry>,
  read: ReadObject,
): void {
  const name = entry.path === '' ? folder : `${folder}/${bytesOf(entry.path).toString('utf8')}`;
  if (entry.type === 'hardlink') {
    const first = files.get(entry.link);
    if (first !== undefined) addFile(zip, name, first, read);
    return;
  }
  const options = { mtime: timeOf(entry.mtime[0]), forceDosTimestamp: true };
  if (entry.type === 'directory') {
    if (entry.path !== '') zip.addEmptyDirectory(name, { ...options, mode: 0o040000 | entry.mode });
  } else if (entry.type === 'symlink')
    zip.addBuffer(bytesOf(entry.target), name, { ...options, mode: 0o120777, compress: false });
  else if (entry.type === 'file') addFile(zip, name, entry, read);
}

function addFile(zip: ZipFile, name: string, entry: FileEntry, read: ReadObject): void {
  const options = {
    ...{ mtime: timeOf(entry.mtime[0]), forceDosTimestamp: true },
    ...{ mode: 0o100000 | entry.mode, size: entry.size },
  };
  zip.addReadStreamLazy(name, options, (done) => {
    done(null, Readable.from(contentOf(entry, read), { objectMode: false }));
  });
}

async function* contentOf(entry: FileEntry, read: ReadObject): AsyncGenerator<Uint8Array> {
  for (const object of objectsOfFile(entry)) yield await read(object);
}

/** DOS times have no zone: what is written here is what UTC was, on every machine. */
function timeOf(seconds: number): Date {
  const utc = new Date(Math.max(seconds, firstTime) * 1000);
  return new Date(utc.getTime() + utc.getTimezoneOffset() * 60_000);
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
