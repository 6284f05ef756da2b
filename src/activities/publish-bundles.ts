import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { Sha256, StreamName } from '../base/identifiers.ts';
import type { ContentSink } from '../build/content-sink.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { objectsOf } from '../build/objects.ts';
import { createPackWriter, type PackedObjects } from '../pack/pack-writer.ts';
import { type Catalog, openCatalog } from '../repository/catalog.ts';
import { costOfEverything, storedAlone } from '../repository/costs.ts';
import {
  type BundleRecord,
  bundleName,
  type GroupName,
  type GroupRecord,
} from '../repository/group-record.ts';
import { bundlesOf, readKnownObjects } from '../repository/known-objects.ts';
import { indexFile } from '../repository/layout.ts';
import { compressStored, storeMap } from '../repository/store-build.ts';
import type { PublishingContext } from '../trust/publication.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import { describeToPeople } from './bundle-details.ts';
import { deltaBases } from './delta-bases.ts';
import { type Adding, changeGroup, emptyGroup, withBundles } from './group-change.ts';
import { type BundleDeltas, type DeltaMaking, makeBundleDeltas } from './make-bundle-deltas.ts';
import type { ReadBundle } from './read-bundle.ts';

export type PublishBundlesOptions = PublishingContext &
  Adding & {
    /** A folder on the same file system as the store, for packs while they are written. */
    readonly spoolDirectory: string;
    /** Each reads one bundle and gives its objects to the sink. */
    readonly sources: readonly ((sink: ContentSink) => Promise<ReadBundle>)[];
    readonly group: GroupName;
    /** True: devices install them only where somebody asks for it. */
    readonly optional: boolean;
    /** Absent: no deltas are made. */
    readonly deltas?: DeltaMaking | undefined;
  };

/** What publishing did. */
export type PublishedBundles = {
  readonly group: GroupName;
  readonly streams: readonly StreamName[];
  readonly bundles: readonly PublishedBundle[];
  /** Versions that left the group, as `id-version`. */
  readonly dropped: readonly string[];
  /** Objects that the repository did not have, and the bytes that they take in packs. */
  readonly newObjects: number;
  readonly newBytes: number;
  readonly deltas: BundleDeltas;
  readonly signingRequest?: SigningRequest | undefined;
};

export type PublishedBundle = Pick<BundleRecord, 'id' | 'version' | 'kind'> & {
  readonly name: string;
  readonly files: number;
  readonly bytes: number;
  /** True when the same content was there under the same version. */
  readonly alreadyPublished: boolean;
};

/**
 * Publishes bundles together: all of them are read to their ends first, then the new objects, indexes and maps are
 * stored, then deltas from what the streams stood for until now are made, and the signed record of the group is stored
 * last, so that a crash leaves the old state and some files that nothing refers to. Throws what reading them throws, `bundle-given-twice`, `bundle-exists`, `bundle-older`,
 * `role-activities-absent`.
 */
export async function publishBundles(options: PublishBundlesOptions): Promise<PublishedBundles> {
  const { store, signal, group: name } = options;
  const catalog = await openCatalog(store, signal);
  const known = await readKnownObjects(catalog, signal);
  const held = await bundlesOf(catalog);
  const { read, objects } = await readAndPack(options, held, (sha256) => known.locations.has(sha256));
  const stored = await storeRecords(options, { read, objects, held, known });
  const now = await groupNow(catalog, name);
  // What is refused is refused before the long work.
  withBundles(now, stored, options);
  const wishes = stored.map((to) => ({ to, from: deltaBases(now, to, options.streams) }));
  const { records: published, report: deltas } = await makeBundleDeltas(options, options.deltas, wishes);
  let dropped: string[] = [];
  const { outcome } = await changeGroup(options, name, (before = emptyGroup(name)) => {
    const bundles = withBundles(before, published, options);
    const left = new Set(bundles.map(bundleName));
    dropped = before.bundles.map(bundleName).filter((each) => !left.has(each));
    return {
      group: { ...before, bundles },
      details: read.map(({ info, icon }) => describeToPeople(info, icon)),
    };
  });
  const before = new Set(held.map(bundleName));
  return {
    group: name,
    streams: options.streams,
    bundles: published.map(({ id, version, kind, tree }, number) => ({
      ...{ id, version, kind, name: read[number]!.info.names[''] ?? id },
      ...{ files: tree.files, bytes: tree.bytes },
      alreadyPublished: before.has(bundleName({ id, version })),
    })),
    dropped,
    newObjects: objects.objectCount,
    newBytes: objects.storedBytes,
    deltas,
    signingRequest: outcome.outcome === 'to-sign' ? outcome.request : undefined,
  };
}

/** The group as the catalog has it; an empty one where there is none. */
async function groupNow(catalog: Catalog, name: GroupName): Promise<GroupRecord> {
  return catalog.hasGroup(name) ? catalog.group(name) : emptyGroup(name);
}

/** Reads all sources; nothing is stored before the last of them has proved right. */
async function readAndPack(
  { store, spoolDirectory, sources, signal }: PublishBundlesOptions,
  held: readonly BundleRecord[],
  known: (sha256: Sha256) => boolean,
): Promise<{ readonly read: readonly ReadBundle[]; readonly objects: PackedObjects }> {
  const writer = createPackWriter({ store, spoolDirectory, known, signal });
  try {
    const read: ReadBundle[] = [];
    for (const source of sources) read.push(await source(writer));
    requireEachOnce(read);
    for (const bundle of read) requireOneContent(bundle, heldAs(bundle, held));
    return { read, objects: await writer.finish() };
  } finally {
    await writer.discard();
  }
}

function requireEachOnce(read: readonly ReadBundle[]): void {
  const names = new Set<string>();
  for (const { info } of read) {
    const name = bundleName(info);
    if (names.has(name)) throw new SatchelError('bundle-given-twice', { name });
    names.add(name);
  }
}

function heldAs({ info }: ReadBundle, held: readonly BundleRecord[]): BundleRecord | undefined {
  return held.find((each) => bundleName(each) === bundleName(info));
}

/** A version means one content for ever. */
function requireOneContent({ info, entries }: ReadBundle, same: BundleRecord | undefined): void {
  if (same !== undefined && same.index.sha256 !== hash('sha256', serialiseIndex(entries)))
    throw new SatchelError('bundle-exists', { id: info.id, version: info.version });
}

type Packed = {
  readonly read: readonly ReadBundle[];
  readonly objects: PackedObjects;
  /** Every bundle of the repository. */
  readonly held: readonly BundleRecord[];
  readonly known: Parameters<typeof storeMap>[3];
};

async function storeRecords(options: PublishBundlesOptions, packed: Packed): Promise<BundleRecord[]> {
  const records: BundleRecord[] = [];
  for (const bundle of packed.read) records.push(await storeRecord(options, packed, bundle));
  return records;
}

/** Stores the lists of a bundle; of one that is there already the record stays what it is. */
async function storeRecord(
  { store, clock, optional }: PublishBundlesOptions,
  { objects, held, known }: Packed,
  bundle: ReadBundle,
): Promise<BundleRecord> {
  const same = heldAs(bundle, held);
  if (same !== undefined) return { ...same, optional, streams: [] };
  const { info, entries } = bundle;
  const index = await compressStored(serialiseIndex(entries));
  await store.put(indexFile(index.stored.stored), index.bytes);
  const treeObjects = objectsOf(entries);
  const { stored, map } = await storeMap(store, index.stored.sha256, { objects, treeObjects }, known);
  const files = entries.filter((entry) => entry.type === 'file');
  return {
    ...{ id: info.id, version: info.version, kind: info.kind, folder: info.folder },
    ...{ index: index.stored, map: stored, everything: costOfEverything(map).bytes },
    alone: storedAlone(
      map,
      treeObjects.map(({ size }) => size),
    ),
    tree: {
      entries: entries.length,
      files: files.length,
      bytes: files.reduce((sum, { size }) => sum + size, 0),
    },
    published: recordTime(clock()),
    ...{ optional, streams: [] },
  };
}
