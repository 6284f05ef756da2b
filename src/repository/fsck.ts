import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { scratchToApply } from '../delta/delta-format.ts';
import { readObjects } from '../pack/frame.ts';
import { namedObjectsIn } from '../pack/locations.ts';
import { readAll, readPart } from '../store/read-all.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { type Catalog, loadBuild, loadMap, openCatalog } from './catalog.ts';
import { readDeltaHead } from './delta-head.ts';
import { provesItself } from './delta-proof.ts';
import { contentsFile, deltaFile, indexFile, mapFile, packFile } from './layout.ts';
import { checkLite } from './lite-check.ts';
import type { BuildRecord, DeltaReference } from './records.ts';

export type FsckOptions = {
  readonly store: Store;
  /** Another copy of the repository (any source will do) that damaged files are replaced from. */
  readonly repairFrom?: ReadableStore | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A file that is not what the signed metadata says. */
export type DamagedFile = {
  readonly file: string;
  readonly problem: 'missing' | 'wrong-bytes' | 'unusable' | 'lite';
  readonly build: BuildName;
  readonly repaired: boolean;
};

export type FsckResult = {
  readonly builds: number;
  readonly files: number;
  readonly bytes: number;
  readonly objects: number;
  readonly damaged: readonly DamagedFile[];
};

type Check = {
  readonly options: FsckOptions;
  readonly catalog: Catalog;
  readonly seen: Set<string>;
  readonly damaged: DamagedFile[];
  bytes: number;
  objects: number;
  /** Known once all builds have been read. */
  buildsAreSound: boolean;
};

/**
 * Reads every file of the repository and every object in it, and compares them with the signed metadata,
 * whose own signatures are checked first; deltas are applied in memory. Damaged files are replaced when there is a source to repair from.
 */
export async function fsck(options: FsckOptions): Promise<FsckResult> {
  const catalog = await openCatalog(options.store, options.signal);
  const check: Check = {
    options,
    catalog,
    seen: new Set(),
    damaged: [],
    bytes: 0,
    objects: 0,
    buildsAreSound: false,
  };
  for (const name of catalog.buildNames()) await checkBuild(check, name);
  check.buildsAreSound = check.damaged.every(({ repaired }) => repaired);
  for (const name of catalog.buildNames()) {
    const record = await catalog.build(name);
    for (const delta of (await catalog.deltas(name)).deltas) await checkDelta(check, record, delta);
  }
  for (const name of catalog.streamNames()) await catalog.stream(name);
  const lite = await checkLite(catalog, options.signal);
  for (const problem of lite.problems) check.damaged.push({ ...problem, problem: 'lite', repaired: false });
  const { objects, damaged } = check;
  return {
    builds: catalog.buildNames().length,
    files: check.seen.size + lite.files,
    bytes: check.bytes + lite.bytes,
    objects,
    damaged,
  };
}

async function checkBuild(check: Check, name: BuildName): Promise<void> {
  const { catalog, options } = check;
  const record = await catalog.build(name);
  const deltas = await catalog.deltas(name);
  const lists = [
    { file: indexFile(record.index.stored), sha256: record.index.stored, length: record.index.length },
    { file: mapFile(deltas.map.stored), sha256: deltas.map.stored, length: deltas.map.length },
    {
      file: contentsFile(record.contents.sha256),
      sha256: record.contents.sha256,
      length: record.contents.length,
    },
  ];
  let whole = true;
  for (const file of lists) whole = (await checkFile(check, name, file)) && whole;
  // Without its index and map nothing can be said of a build's packs.
  if (!whole) return;
  const build = await loadBuild(catalog, name, options.signal);
  const map = await loadMap(catalog, build, options.signal);
  const unread = new Set<number>();
  for (const [number, { sha256, length }] of map.packs.entries()) {
    const file = packFile(sha256);
    if (check.seen.has(file)) continue;
    if (await checkFile(check, name, { file, sha256, length })) unread.add(number);
  }
  for (const [number, { pack, offset, length, rawLength }] of map.frames.entries()) {
    throwIfCancelled(options.signal);
    if (!unread.has(pack)) continue;
    const { sha256 } = map.pack(pack);
    const bytes = await readPart(options.store, packFile(sha256), { offset, length });
    const objects = namedObjectsIn(map, number, build.objects);
    readObjects({ bytes, rawLength, pack: sha256, offset }, objects);
    check.objects += objects.length;
    options.reporter.progress({ step: 'verify', done: check.objects, unit: 'entries' });
  }
}

/** A delta that is what its record says may still not lead to its build: a device would find that too late. */
async function checkDelta(check: Check, build: BuildRecord, delta: DeltaReference): Promise<void> {
  const { catalog, options, damaged } = check;
  const file = deltaFile(delta.stored);
  if (!(await checkFile(check, build.name, { file, sha256: delta.stored, length: delta.length }))) return;
  const head = await readDeltaHead(options.store, delta, options.signal);
  // A device refuses one that takes more of its disk than was signed.
  const isOfBuilds =
    head?.from === delta.fromIndex &&
    head.to === build.index.sha256 &&
    scratchToApply(head) <= (delta.scratch ?? 0);
  // A delta from a build that is gone is nobody's, until `prune` drops it.
  const from = catalog.hasBuild(delta.from) ? await catalog.build(delta.from) : undefined;
  const canBeTried = check.buildsAreSound && from?.index.sha256 === delta.fromIndex;
  if (isOfBuilds && (!canBeTried || (await provesItself(catalog, delta, build.name, options.signal)))) return;
  damaged.push({ file, problem: 'unusable', build: build.name, repaired: false });
}

type Expected = { readonly file: string; readonly sha256: string; readonly length: number };

/** True when the file is right, or right again. */
async function checkFile(check: Check, build: BuildName, expected: Expected): Promise<boolean> {
  const { file } = expected;
  const { store, repairFrom } = check.options;
  if (check.seen.has(file))
    return !check.damaged.some((damaged) => damaged.file === file && !damaged.repaired);
  check.seen.add(file);
  check.bytes += expected.length;
  const problem = await problemOf(store, expected, check.options.signal);
  if (problem === undefined) return true;
  const repaired =
    repairFrom !== undefined && (await replaceFile(store, repairFrom, expected, check.options.signal));
  check.damaged.push({ file, problem, build, repaired });
  return repaired;
}

async function problemOf(
  store: ReadableStore,
  { file, sha256, length }: Expected,
  signal: AbortSignal | undefined,
): Promise<'missing' | 'wrong-bytes' | undefined> {
  try {
    const { size, body } = await store.read(file, signal ? { signal } : {});
    const hash = createHash('sha256');
    for await (const bytes of body) {
      // Broken off inside the loop, because a body that is never asked for anything keeps its file open.
      if (size !== length) break;
      hash.update(bytes);
    }
    return size === length && hash.digest('hex') === sha256 ? undefined : 'wrong-bytes';
  } catch (error) {
    if (isSatchelError(error, 'store-not-found')) return 'missing';
    throw error;
  }
}

/** Puts the right bytes in place of the wrong ones; the wrong file goes only when the right bytes are here. */
async function replaceFile(
  store: Store,
  source: ReadableStore,
  expected: Expected,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let bytes: Buffer;
  try {
    bytes = await readAll(source, expected.file, { limit: expected.length, signal });
  } catch (error) {
    if (error instanceof SatchelError && !isSatchelError(error, 'cancelled')) return false;
    throw error;
  }
  if (createHash('sha256').update(bytes).digest('hex') !== expected.sha256) return false;
  await store.delete(expected.file);
  await store.put(expected.file, bytes);
  return true;
}
