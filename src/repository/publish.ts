import { hash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256, StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { createPackWriter } from '../pack/pack-writer.ts';
import type { Store } from '../store/store.ts';
import type { KeyRing } from '../trust/keys.ts';
import { type NewTarget, publishTargets } from '../trust/publisher.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import { backTarget } from './back-record.ts';
import { type Catalog, catalogOf, openCatalog } from './catalog.ts';
import { defaultKeepDeltas, previousAfter } from './delta-policy.ts';
import { describeBuild, describeDeltas } from './describe.ts';
import { type KnownObjects, readKnownObjects } from './known-objects.ts';
import { buildTarget, contentsFile, deltasTarget, indexFile, streamTarget } from './layout.ts';
import { followWithLite } from './lite-refresh.ts';
import { type BuildSource, type ReadBuild, readSource } from './read-source.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  type ObjectCost,
  recordBytes,
  recordFormat,
  type StreamRecord,
  withRules,
} from './records.ts';
import { type Rollout, waypointsAfter } from './rollout-record.ts';
import { compressStored, type PackedBuild, storeMap } from './store-build.ts';

/** What to publish, where, and under which names. */
export type PublishOptions = {
  readonly store: Store;
  /** A folder on the same file system as the store, for packs while they are written. */
  readonly spoolDirectory: string;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly source: BuildSource;
  /** The streams that this build becomes the head of. */
  readonly streams: readonly StreamName[];
  /** From how many of a stream's last builds deltas are kept; where absent, as before (a new stream: 3). */
  readonly keepDeltas?: number | undefined;
  /** The contents hash of an old build, where its `contents` file does not tell it. */
  readonly contentsHash?: Sha256 | undefined;
  /** Sets all modification times to this moment (milliseconds since 1970). */
  readonly clampMtime?: number | undefined;
  /** Oldest Satchel that may install the build, `major.minor.patch`. */
  readonly minimumClient?: string | undefined;
  /** True when devices must boot the build before any later one of its stream. */
  readonly waypoint?: boolean | undefined;
  readonly notes?: string | undefined;
  /** How the new head of a stream reaches devices, from that time on; absent: everybody at once. */
  readonly rollout?: ((stream: StreamName, began: number) => Rollout) | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What publishing did. */
export type PublishResult = {
  readonly name: BuildName;
  /** True when the same content was there under the same name. */
  readonly alreadyPublished: boolean;
  readonly streams: readonly StreamName[];
  readonly contentsHash: Sha256;
  readonly entries: number;
  readonly files: number;
  /** Bytes of the tree's files. */
  readonly treeBytes: number;
  /** Objects that the repository did not have, and the bytes that they take in packs. */
  readonly newObjects: number;
  readonly newBytes: number;
  readonly costs: readonly ObjectCost[];
  /** Present when an offline key has to sign first: see `satchel keys sign`. */
  readonly signingRequest?: SigningRequest | undefined;
};

/**
 * Publishes one build: immutable files first, signed metadata last, so that a crash anywhere leaves the old
 * state and some files that nothing refers to. Throws `build-exists` when the name stands for other content.
 */
export async function publish(options: PublishOptions): Promise<PublishResult> {
  const { store, source, streams, signal } = options;
  const catalog = await openCatalog(store, signal);
  const known = await readKnownObjects(catalog, signal);
  const { packed, held } = await readAndPack(options, catalog, known);
  throwIfCancelled(signal);
  const sequence = (catalog.metadata.highest.get('builds') ?? 0) + 1;
  const records = held ?? (await storeRecords({ ...options, sequence }, packed, known));
  options.reporter.progress({ step: 'sign', done: 0, unit: 'entries' });
  let heads: StreamRecord[] = [];
  let ended: StreamRecord[] = [];
  const outcome = await publishTargets(options, async (metadata) => {
    const current = catalogOf(store, metadata, signal);
    ended = await rolloutsEnded(current, options, records.build);
    heads = await Promise.all(
      streams.map(async (stream) => {
        const head = await streamWithHead(current, stream, { ...records, keepDeltas: options.keepDeltas });
        const rollout = options.rollout?.(stream, options.clock());
        return rollout === undefined ? head : withRules(head, { rollout, back: undefined });
      }),
    );
    return { ...(held ? {} : newTargets(records, streams)), streams: { add: heads.map(streamFile) } };
  });
  if (held) options.reporter.notice('build-already-published', { name: source.name });
  for (const { stream, build } of ended)
    options.reporter.notice('published-over-rollout', { stream, before: build.name, build: source.name });
  for (const { stream, halted } of heads)
    if (halted !== undefined)
      options.reporter.notice('published-while-halted', { stream, build: source.name });
  if (outcome.outcome !== 'to-sign') await followWithLite(options);
  const { build, deltas } = records;
  return {
    name: build.name,
    alreadyPublished: held !== undefined,
    streams,
    contentsHash: build.contents.hash,
    entries: build.tree.entries,
    files: build.tree.files,
    treeBytes: build.tree.bytes,
    newObjects: packed.objects.objectCount,
    newBytes: packed.objects.storedBytes,
    costs: deltas.costs,
    signingRequest: outcome.outcome === 'to-sign' ? outcome.request : undefined,
  };
}

/** The streams whose rollout ends because another build goes to everybody at once. */
async function rolloutsEnded(
  current: Catalog,
  { streams, rollout }: PublishOptions,
  build: BuildRecord,
): Promise<StreamRecord[]> {
  if (rollout !== undefined) return [];
  const held = await Promise.all(
    streams.filter((stream) => current.hasStream(stream)).map((stream) => current.stream(stream)),
  );
  return held.filter((record) => record.rollout !== undefined && record.build.name !== build.name);
}

type Records = { readonly build: BuildRecord; readonly deltas: DeltasRecord };

function newTargets({ build, deltas }: Records, streams: readonly StreamName[]) {
  return {
    // With a newer head nobody needs the permission to go back any more, and it must not be used again.
    builds: {
      add: [{ path: buildTarget(build.name), bytes: recordBytes(build) }],
      remove: streams.map(backTarget),
    },
    deltas: { add: [{ path: deltasTarget(build.name), bytes: recordBytes(deltas) }] },
  };
}

/** The record of a stream that gets a new head, from what the repository holds now. */
export async function streamWithHead(
  current: Catalog,
  stream: StreamName,
  { build, deltas, keepDeltas }: Records & { readonly keepDeltas?: number | undefined },
): Promise<StreamRecord> {
  const held = current.hasStream(stream) ? await current.stream(stream) : undefined;
  const record: StreamRecord = {
    satchel: 'stream',
    format: recordFormat,
    stream,
    previous: previousAfter(held, build.name),
    keepDeltas: keepDeltas ?? held?.keepDeltas ?? defaultKeepDeltas,
    build,
    // A build that is there already may have got deltas since its records were read.
    deltas: current.hasBuild(build.name) ? await current.deltas(build.name) : deltas,
  };
  if (held === undefined) return record;
  // The same build once more changes no rule. A halt is ended by who made it, not by the next build.
  if (held.build.name === build.name) return withRules(record, held);
  return withRules(record, { halted: held.halted, waypoints: waypointsAfter(held) });
}

function streamFile(record: StreamRecord): NewTarget {
  return { path: streamTarget(record.stream), bytes: recordBytes(record) };
}

/**
 * Reads the source once, from its first byte to its last, and stores its new objects. Nothing is stored before all
 * of the source has proved right and its name is known to be free.
 */
async function readAndPack(
  options: PublishOptions,
  catalog: Catalog,
  known: KnownObjects,
): Promise<{ readonly packed: PackedBuild; readonly held: Records | undefined }> {
  const writer = createPackWriter({
    store: options.store,
    spoolDirectory: options.spoolDirectory,
    known: (sha256) => known.locations.has(sha256),
    signal: options.signal,
  });
  try {
    const read: ReadBuild = await readSource(options.source, writer, options);
    const held = await heldBuild(catalog, options.source.name, {
      index: hash('sha256', read.indexBytes) as Sha256,
      contents: read.contents.sha256,
    });
    if (held) await refuseGoingBack(catalog, options.streams, held.build);
    return { packed: { ...read, objects: await writer.finish() }, held };
  } finally {
    await writer.discard();
  }
}

/** The records of the same content under the same name; throws `build-exists` if the name means another. */
async function heldBuild(
  catalog: Catalog,
  name: BuildName,
  wanted: { readonly index: Sha256; readonly contents: Sha256 },
): Promise<Records | undefined> {
  if (!catalog.hasBuild(name)) return undefined;
  const build = await catalog.build(name);
  if (build.index.sha256 !== wanted.index || build.contents.sha256 !== wanted.contents)
    throw new SatchelError('build-exists', { name, location: catalog.store.location });
  return { build, deltas: await catalog.deltas(name) };
}

/** Devices refuse a stream that goes back, so that nobody with the online keys can bring an old hole back. */
async function refuseGoingBack(
  catalog: Catalog,
  streams: readonly StreamName[],
  build: BuildRecord,
): Promise<void> {
  for (const stream of streams) {
    if (!catalog.hasStream(stream)) continue;
    const { name, sequence } = (await catalog.stream(stream)).build;
    if (sequence > build.sequence)
      throw new SatchelError('stream-goes-back', { stream, from: name, to: build.name });
  }
}

async function storeRecords(
  options: PublishOptions & { readonly sequence: number },
  packed: PackedBuild,
  known: KnownObjects,
): Promise<Records> {
  const { store } = options;
  const index = await compressStored(packed.indexBytes);
  await store.put(indexFile(index.stored.stored), index.bytes);
  const map = await storeMap(store, index.stored.sha256, packed, known);
  await store.put(contentsFile(packed.contents.sha256), packed.contents.bytes);
  const build = describeBuild(options, packed, index.stored);
  return { build, deltas: describeDeltas(build, packed.treeObjects, map, known) };
}
