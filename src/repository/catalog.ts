import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import {
  type BuildName,
  buildName,
  isSha256,
  type Sha256,
  type StreamName,
  streamName,
} from '../base/identifiers.ts';
import { parseIndex } from '../build/index-format.ts';
import type { EntryList } from '../build/index-table.ts';
import { type BuildObject, objectsOf } from '../build/objects.ts';
import { decompressBounded } from '../formats/zstd.ts';
import { type ObjectMap, parseMap } from '../pack/map-format.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import type { TargetFile } from '../trust/metadata.ts';
import { type RepositoryMetadata, readTrusted } from '../trust/metadata-store.ts';
import { targetFileName } from '../trust/names.ts';
import type { DelegatedRole } from '../trust/roles.ts';
import {
  type BundleDetails,
  type GroupName,
  type GroupRecord,
  isGroupName,
  parseDetails,
  parseGroupRecord,
} from './group-record.ts';
import {
  buildTarget,
  deltasTarget,
  groupTarget,
  indexFile,
  isNote,
  mapFile,
  nameOfTarget,
  streamTarget,
} from './layout.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  type StoredFile,
  type StreamRecord,
} from './records.ts';

/** What a repository holds at one moment, read through its signed metadata. */
export type Catalog = {
  readonly store: Store;
  readonly metadata: RepositoryMetadata;
  /** Names in byte order. */
  buildNames(): BuildName[];
  streamNames(): StreamName[];
  hasBuild(name: BuildName): boolean;
  hasStream(name: StreamName): boolean;
  /** Throws `build-not-found`. */
  build(name: BuildName): Promise<BuildRecord>;
  /** Throws `build-not-found`. */
  deltas(name: BuildName): Promise<DeltasRecord>;
  /** Throws `stream-not-found`. */
  stream(name: StreamName): Promise<StreamRecord>;
  /** Names of the groups of bundles, in byte order. */
  groupNames(): GroupName[];
  hasGroup(name: GroupName): boolean;
  /** Throws `group-not-found`. */
  group(name: GroupName): Promise<GroupRecord>;
  /** The bytes of a target that is neither a build nor a stream; undefined when there is none. */
  note(role: DelegatedRole, path: string): Promise<Uint8Array | undefined>;
};

/** A build's index with the objects that its map counts. */
export type LoadedBuild = {
  readonly record: BuildRecord;
  readonly entries: EntryList;
  readonly objects: readonly BuildObject[];
};

/** Opens the repository in a store. Throws `repository-absent` and what the checks of its metadata throw. */
export async function openCatalog(store: Store, signal?: AbortSignal): Promise<Catalog> {
  return catalogOf(store, await readTrusted(store, signal), signal);
}

/** The same from metadata that has been read and checked already. */
export function catalogOf(store: Store, metadata: RepositoryMetadata, signal?: AbortSignal): Catalog {
  const targetsOf = (role: DelegatedRole) =>
    metadata.roles.get(role)?.signed.targets ?? new Map<string, TargetFile>();
  const names = (role: DelegatedRole) =>
    [...targetsOf(role).keys()]
      .filter((path) => !isNote(path))
      .map(nameOfTarget)
      .sort();
  const read = async (role: DelegatedRole, path: string): Promise<Uint8Array | undefined> => {
    const target = targetsOf(role).get(path);
    return target === undefined ? undefined : readTarget(store, path, target, signal);
  };
  const required = async (role: DelegatedRole, path: string, name: BuildName): Promise<Uint8Array> => {
    const bytes = await read(role, path);
    if (bytes === undefined) throw new SatchelError('build-not-found', { name, location: store.location });
    return bytes;
  };
  return {
    store,
    metadata,
    buildNames: () => names('builds').map(buildName),
    streamNames: () => names('streams').map(streamName),
    hasBuild: (name) => targetsOf('builds').has(buildTarget(name)),
    hasStream: (name) => targetsOf('streams').has(streamTarget(name)),
    async build(name) {
      const path = buildTarget(name);
      return parseBuildRecord(await required('builds', path, name), path);
    },
    async deltas(name) {
      const path = deltasTarget(name);
      return parseDeltasRecord(await required('deltas', path, name), path);
    },
    async stream(name) {
      const path = streamTarget(name);
      const bytes = await read('streams', path);
      if (bytes === undefined) throw new SatchelError('stream-not-found', { name, location: store.location });
      return parseStreamRecord(bytes, path).record;
    },
    groupNames: () => names('activities').filter(isGroupName),
    hasGroup: (name) => targetsOf('activities').has(groupTarget(name)),
    async group(name) {
      const path = groupTarget(name);
      const bytes = await read('activities', path);
      if (bytes === undefined) throw new SatchelError('group-not-found', { name, location: store.location });
      return parseGroupRecord(bytes, path);
    },
    note: read,
  };
}

async function readTarget(
  store: ReadableStore,
  path: string,
  { length, hashes }: TargetFile,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const sha256 = hashes.get('sha256');
  const file = targetFileName(path, sha256);
  const bytes = await readAll(store, file, { limit: length, signal });
  if (
    bytes.length !== length ||
    sha256 === undefined ||
    !isSha256(sha256) ||
    hash('sha256', bytes) !== sha256
  )
    throw new SatchelError('stored-file-damaged', { file, location: store.location });
  return bytes;
}

/** Decompresses and checks a stored index or map. Throws `stored-file-damaged`, `zstd-…`. */
export function unpackStored(file: string, stored: StoredFile, bytes: Uint8Array, location: string): Buffer {
  if (bytes.length !== stored.length || hash('sha256', bytes) !== stored.stored)
    throw new SatchelError('stored-file-damaged', { file, location });
  const raw = decompressBounded(bytes, stored.size);
  if (raw.length !== stored.size || hash('sha256', raw) !== stored.sha256)
    throw new SatchelError('stored-file-damaged', { file, location });
  return raw;
}

async function readStored(
  store: ReadableStore,
  file: string,
  stored: StoredFile,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  const bytes = await readAll(store, file, { limit: stored.length, signal });
  return unpackStored(file, stored, bytes, store.location);
}

/** The uncompressed bytes of a build's index. */
export function readIndex(
  { store }: Catalog,
  { index }: BuildRecord,
  signal: AbortSignal | undefined,
): Promise<Buffer> {
  return readStored(store, indexFile(index.stored), index, signal);
}

/** Reads a build's index. */
export async function loadBuild(
  catalog: Catalog,
  name: BuildName,
  signal?: AbortSignal,
): Promise<LoadedBuild> {
  const record = await catalog.build(name);
  const raw = await readIndex(catalog, record, signal);
  const entries = parseIndex(raw);
  return { record, entries, objects: objectsOf(entries) };
}

/** Reads a build's map. Throws `map-of-other-index` when it belongs to another index. */
export async function loadMap(
  catalog: Catalog,
  { record, objects }: LoadedBuild,
  signal?: AbortSignal,
): Promise<ObjectMap> {
  const { map } = await catalog.deltas(record.name);
  return readMap(catalog.store, { index: record.index, map }, objects, signal);
}

/** The stored lists by which a tree is known, a build's or a bundle's. */
export type TreeLists = { readonly index: StoredFile; readonly map: StoredFile };

/** What the lists of a tree say. */
export type LoadedTree = {
  /** The uncompressed bytes of its index. */
  readonly index: Uint8Array;
  readonly entries: EntryList;
  readonly objects: readonly BuildObject[];
  readonly map: ObjectMap;
};

/** Reads a tree that is known by its stored lists alone. Throws as `loadMap` does. */
export async function loadTree(
  store: ReadableStore,
  lists: TreeLists,
  signal?: AbortSignal,
): Promise<LoadedTree> {
  const index = await readStored(store, indexFile(lists.index.stored), lists.index, signal);
  const entries = parseIndex(index);
  const objects = objectsOf(entries);
  return { index, entries, objects, map: await readMap(store, lists, objects, signal) };
}

async function readMap(
  store: ReadableStore,
  { index, map }: TreeLists,
  objects: readonly BuildObject[],
  signal: AbortSignal | undefined,
): Promise<ObjectMap> {
  const raw = await readStored(store, mapFile(map.stored), map, signal);
  return checkedMap(
    raw,
    objects.map(({ size }) => size),
    index.sha256,
  );
}

/** What people are shown of the bundles of a group. Throws `stored-file-damaged`. */
export async function readDetails(
  store: ReadableStore,
  { details }: GroupRecord,
  signal?: AbortSignal,
): Promise<BundleDetails[]> {
  if (details === undefined) return [];
  const file = indexFile(details.stored);
  return parseDetails(await readStored(store, file, details, signal), file);
}

/** Parses a map and makes sure that it belongs to this index. */
export function checkedMap(raw: Uint8Array, sizes: readonly number[], index: Sha256): ObjectMap {
  const map = parseMap(raw, sizes);
  if (map.index !== index) throw new SatchelError('map-of-other-index', { index: map.index });
  return map;
}
