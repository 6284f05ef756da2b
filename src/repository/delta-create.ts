import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { makeDelta } from '../delta/make-delta.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { PublishingContext } from '../trust/publication.ts';
import { type Catalog, openCatalog } from './catalog.ts';
import { costFrom } from './costs.ts';
import { readDeltaHead } from './delta-head.ts';
import { makerLock } from './delta-lock.ts';
import { missingDeltas } from './delta-policy.ts';
import { type BuildSide, openBuildSide } from './delta-source.ts';
import { publishDeltasRecords } from './deltas-records.ts';
import { deltaFile } from './layout.ts';
import { treeDeltaOf } from './made-delta.ts';
import type { BuildRecord, DeltaReference } from './records.ts';

/** What making deltas in a repository needs. */
export type DeltaCreation = PublishingContext & {
  /** A folder on the same file system as the store, for deltas while they are written. */
  readonly spoolDirectory: string;
  readonly reporter: Reporter;
  readonly make: typeof makeDelta;
};

/** A delta that is in the repository now. */
export type DeltaReport = {
  readonly from: BuildName;
  readonly to: BuildName;
  /** True when it was there before. */
  readonly alreadyThere: boolean;
  readonly bytes: number;
  readonly segments: number;
  /** Bytes of memory that applying it needs at most. */
  readonly memory: number;
  /** Bytes of objects that it makes. */
  readonly output: number;
  /** What the same update by objects reads, index and map included. */
  readonly objectBytes: number;
  /** `bytes` by `objectBytes`. */
  readonly ratio: number;
  /** How long making it took; 0 when it was there. */
  readonly seconds: number;
};

type Pair = { readonly from: BuildName; readonly to: BuildName };

/** After these the next delta would fail the same way. */
const endsAll: readonly MessageCode[] = ['cancelled', 'key-missing', 'disk-full'];

/**
 * Makes one delta that somebody asks for and publishes it; when it is there, only notes that it was asked for.
 * Waits while another process makes deltas here. Publishing and serving go on meanwhile. Throws
 * `build-not-found`, `delta-same-build`, `build-changed-meanwhile`, `key-missing`, and what making throws.
 */
export async function createDelta(options: DeltaCreation, pair: Pair): Promise<DeltaReport> {
  if (pair.from === pair.to) throw new SatchelError('delta-same-build', { name: pair.from });
  using _lock = await makerLock(options);
  const catalog = await openCatalog(options.store, options.signal);
  const held = await heldDelta(catalog, pair);
  if (held === undefined) return makeAndPublish(options, catalog, { ...pair, why: 'asked' });
  if (held.why !== 'asked')
    await publishReference(options, { ...held, why: 'asked' }, await buildsOf(catalog, pair));
  options.reporter.notice('delta-already-there', { from: pair.from, to: pair.to });
  return reportHeld(options, catalog, held, pair.to);
}

/**
 * Makes every delta that streams want and that is absent. One that cannot be made is told as a notice, and the
 * others are made all the same. Throws `cancelled`, `key-missing`, `disk-full`.
 */
export async function createMissing(
  options: DeltaCreation,
): Promise<{ readonly made: readonly DeltaReport[]; readonly failed: readonly Pair[] }> {
  using _lock = await makerLock(options);
  const made: DeltaReport[] = [];
  const failed: Pair[] = [];
  for (;;) {
    // Read anew each time: while one was made the heads may have moved on.
    const catalog = await openCatalog(options.store, options.signal);
    const next = (await missingDeltas(catalog)).find(
      ({ from, to }) => !failed.some((pair) => pair.from === from && pair.to === to),
    );
    if (next === undefined) return { made, failed };
    const { from, to } = next;
    try {
      made.push(await makeAndPublish(options, catalog, { from, to, why: 'stream' }));
    } catch (error) {
      if (!isSatchelError(error) || endsAll.includes(error.code)) throw error;
      options.reporter.notice('delta-not-made', { from, to });
      options.reporter.notice(error.code, error.parameters);
      failed.push({ from, to });
    }
  }
}

/** The delta of the two builds as they are today, if there is one. Throws `build-not-found`. */
async function heldDelta(catalog: Catalog, { from, to }: Pair): Promise<DeltaReference | undefined> {
  const { index } = await catalog.build(from);
  const { deltas } = await catalog.deltas(to);
  return deltas.find((delta) => delta.from === from && delta.fromIndex === index.sha256);
}

async function buildsOf(
  catalog: Catalog,
  { from, to }: Pair,
): Promise<readonly [from: BuildRecord, to: BuildRecord]> {
  return [await catalog.build(from), await catalog.build(to)];
}

async function makeAndPublish(
  options: DeltaCreation,
  catalog: Catalog,
  { from, to, why }: Pair & Pick<DeltaReference, 'why'>,
): Promise<DeltaReport> {
  const { store, reporter, signal } = options;
  const started = performance.now();
  const [old, next] = [await openBuildSide(catalog, from, signal), await openBuildSide(catalog, to, signal)];
  const spool = emptySpool(options.spoolDirectory);
  const made = await options.make({ from: old, to: next, spoolDirectory: spool, reporter, signal });
  try {
    await store.put(deltaFile(made.stored), { path: made.path });
    const reference = { from, ...treeDeltaOf(made, old.record.index.sha256), why };
    const segments = await segmentsOf(options, reference, [old.record, next.record]);
    await publishReference(options, reference, [old.record, next.record]);
    const objectBytes = updateByObjects(old, next, (await catalog.deltas(to)).map.length);
    const seconds = (performance.now() - started) / 1000;
    return { ...reportOf(reference, to, objectBytes), alreadyThere: false, segments, seconds };
  } finally {
    made.discard();
  }
}

/** A folder for the one maker; what a killed one left in it is of no use to anybody. */
function emptySpool(spoolDirectory: string): string {
  const spool = join(spoolDirectory, 'deltas');
  return withSystemErrors('mkdir', spool, () => {
    rmSync(spool, { recursive: true, force: true });
    mkdirSync(spool);
    return spool;
  });
}

/** Puts a delta into the record of its build as that is by now, in place of an earlier one from the same build. */
async function publishReference(
  options: DeltaCreation,
  reference: DeltaReference,
  [from, to]: readonly [from: BuildRecord, to: BuildRecord],
): Promise<void> {
  await publishDeltasRecords(options, async (catalog) => {
    for (const { name, index } of [from, to])
      if (!catalog.hasBuild(name) || (await catalog.build(name)).index.sha256 !== index.sha256)
        throw new SatchelError('build-changed-meanwhile', { name });
    const record = await catalog.deltas(to.name);
    const others = record.deltas.filter((delta) => delta.from !== from.name);
    return new Map([[to.name, { ...record, deltas: [...others, reference] }]]);
  });
}

/** How many segments a stored delta has. Throws `stored-file-damaged`, `delta-newer`. */
async function segmentsOf(
  { store, signal }: DeltaCreation,
  reference: DeltaReference,
  [from, to]: readonly [from: BuildRecord, to: BuildRecord],
): Promise<number> {
  const head = await readDeltaHead(store, reference, signal);
  if (head?.from !== from.index.sha256 || head.to !== to.index.sha256)
    throw new SatchelError('stored-file-damaged', {
      file: deltaFile(reference.stored),
      location: store.location,
    });
  return head.segments.length;
}

async function reportHeld(
  options: DeltaCreation,
  catalog: Catalog,
  reference: DeltaReference,
  to: BuildName,
): Promise<DeltaReport> {
  const pair = { from: reference.from, to };
  const segments = await segmentsOf(options, reference, await buildsOf(catalog, pair));
  const [old, next] = [
    await openBuildSide(catalog, pair.from, options.signal),
    await openBuildSide(catalog, to, options.signal),
  ];
  const objectBytes = updateByObjects(old, next, (await catalog.deltas(to)).map.length);
  return { ...reportOf(reference, to, objectBytes), alreadyThere: true, segments, seconds: 0 };
}

function updateByObjects(from: BuildSide, to: BuildSide, mapBytes: number): number {
  return costFrom(from.objects, to.objects, to.map).bytes + to.record.index.length + mapBytes;
}

function reportOf({ from, length, memory, output }: DeltaReference, to: BuildName, objectBytes: number) {
  return { from, to, bytes: length, memory, output, objectBytes, ratio: length / objectBytes };
}
