import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { freeBuffer } from '../base/memory.ts';
import type { Reporter } from '../base/progress.ts';
import { contentsFor } from '../build/contents.ts';
import { parseIndex } from '../build/index-format.ts';
import { type EntryList, IndexTable } from '../build/index-table.ts';
import { type BuildObject, objectsOf } from '../build/objects.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { checkedMap, unpackStored } from '../repository/catalog.ts';
import { contentsFile, indexFile, mapFile } from '../repository/layout.ts';
import type { StoredFile } from '../repository/records.ts';
import type { ReadableStore } from '../store/store.ts';
import { fetchRanges } from './fetch.ts';
import { readStoredIndex, storeIndex } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import type { Spending } from './spending.ts';
import { readPieces, type Spool } from './spool.ts';
import type { Wanted } from './wanted.ts';

/** What belongs into the tree of a build. */
export type BuildIndex = {
  readonly entries: IndexTable;
  readonly objects: readonly BuildObject[];
};

/** The lists of a wanted build: what belongs into its tree, and where that lies in the repository. */
export type BuildLists = BuildIndex & { readonly map: ObjectMap };

export type ListsOptions = {
  readonly layout: DeviceLayout;
  readonly store: ReadableStore;
  readonly spool: Spool;
  readonly wanted: Wanted;
  readonly spending?: Pick<Spending, 'require'> | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A list that was damaged on the way is asked for once more. */
const attempts = 2;

/**
 * Brings the index and the map of a build through the spool, both at once, and checks them. An index that the
 * device knows already is not fetched. Throws what `fetchRanges` throws and `source-sends-wrong-bytes`.
 */
export async function fetchLists(options: ListsOptions): Promise<BuildLists> {
  const { layout, wanted } = options;
  const { build, deltas } = wanted;
  const known = readStoredIndex(layout, build.index.sha256);
  const files: ListFile[] = [{ name: mapFile(deltas.map.stored), ...deltas.map }];
  if (known === undefined) files.push({ name: indexFile(build.index.stored), ...build.index });
  const [rawMap, fetchedIndex] = await fetchWhole(files, options);
  const index =
    known === undefined
      ? keepIndex(layout, build.index.sha256, fetchedIndex as Uint8Array)
      : indexOf(IndexTable.ofChecked(known));
  return { ...index, map: readMap(rawMap as Uint8Array, index.objects, build.index.sha256) };
}

/** Brings the map of a build whose index is here. Throws what {@link fetchLists} throws. */
export async function fetchMap(options: ListsOptions, { objects }: BuildIndex): Promise<ObjectMap> {
  const { build, deltas } = options.wanted;
  const [raw] = await fetchWhole([{ name: mapFile(deltas.map.stored), ...deltas.map }], options);
  return readMap(raw as Uint8Array, objects, build.index.sha256);
}

/** Checks an index whose hash is right, and keeps it for next time. */
export function keepIndex(
  layout: DeviceLayout,
  sha256: Sha256,
  bytes: Uint8Array,
  store: typeof storeIndex = storeIndex,
): BuildIndex {
  const entries = parseIndex(bytes);
  store(layout, sha256, bytes);
  return indexOf(entries);
}

/** The index that an earlier attempt has kept, or what `make` makes. */
export function indexKnownOr(
  layout: DeviceLayout,
  sha256: Sha256,
  make: () => BuildIndex | undefined,
): BuildIndex | undefined {
  const known = readStoredIndex(layout, sha256);
  return known === undefined ? make() : indexOf(IndexTable.ofChecked(known));
}

function indexOf(entries: IndexTable): BuildIndex {
  return { entries, objects: objectsOf(entries) };
}

function readMap(raw: Uint8Array, objects: readonly BuildObject[], index: Sha256): ObjectMap {
  const map = checkedMap(
    raw,
    objects.map(({ size }) => size),
    index,
  );
  freeBuffer(raw);
  return map;
}

/**
 * The manifest for old clients. Ours is made from the index, which is what it was made from at the origin;
 * an opaque one has to be fetched.
 */
export async function fetchContents(options: ListsOptions, entries: EntryList): Promise<Uint8Array> {
  const { sha256, length, type } = options.wanted.build.contents;
  if (type === 'olpc-contents-x') {
    const made = contentsFor(entries);
    if (hash('sha256', made) === sha256) return made;
  }
  const [contents] = await fetchWhole([{ name: contentsFile(sha256), stored: sha256, length }], options);
  return contents as Uint8Array;
}

/** Bytes of the map that have to be read from the source. */
export function missingMapBytes({ spool, wanted }: Pick<ListsOptions, 'spool' | 'wanted'>): number {
  const { stored, length } = wanted.deltas.map;
  let bytes = 0;
  for (const { start, end } of spool.missing(stored, { start: 0, end: length })) bytes += end - start;
  return bytes;
}

/** A stored file; `sha256` and `size` are there when it is compressed. */
export type ListFile = {
  readonly name: string;
  readonly stored: Sha256;
  readonly length: number;
} & Partial<StoredFile>;

/**
 * Brings stored files through the spool, all at once, and checks them; the answer is what is inside of each. Throws what
 * `fetchRanges` throws and `source-sends-wrong-bytes`.
 */
export async function fetchWhole(
  files: readonly ListFile[],
  options: Pick<ListsOptions, 'store' | 'spool' | 'spending' | 'signal'>,
): Promise<Uint8Array[]> {
  const { spool, store } = options;
  const received: (Uint8Array | undefined)[] = files.map(() => undefined);
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const missing = files.filter((_, i) => received[i] === undefined);
    await fetchRanges({
      ...options,
      ranges: missing.map(({ name, stored, length }) => ({ name, file: stored, offset: 0, length })),
      onReceived() {},
    });
    files.forEach((file, i) => {
      received[i] ??= unpack(file, spool, store.location);
    });
    const bad = files.filter((_, i) => received[i] === undefined);
    for (const { stored, length } of bad) spool.discard(stored, { start: 0, end: length });
    if (bad.length === 0) return received as Uint8Array[];
  }
  const file = files[received.indexOf(undefined)]?.name ?? '';
  throw new SatchelError('source-sends-wrong-bytes', { source: store.location, file });
}

/** The content of a received file, or undefined when its bytes are not the ones that were signed. */
function unpack(file: ListFile, spool: Spool, location: string): Uint8Array | undefined {
  const { stored, length, sha256, size, name } = file;
  const bytes = readPieces(spool.locate(stored, { start: 0, end: length }));
  if (hash('sha256', bytes) !== stored) return undefined;
  if (sha256 === undefined || size === undefined) return bytes;
  const raw = unpackStored(name, { stored, length, sha256, size }, bytes, location);
  freeBuffer(bytes);
  return raw;
}
