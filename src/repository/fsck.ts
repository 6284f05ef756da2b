import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { BuildObject } from '../build/objects.ts';
import { readObjects } from '../pack/frame.ts';
import { namedObjectsIn } from '../pack/locations.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { readAll, readPart } from '../store/read-all.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { bundleLists, deltaIn, fileOfDelta, groupFiles, listFiles, type SignedFile } from './build-files.ts';
import { type BuildRecords, buildRecords } from './build-records.ts';
import { type Catalog, loadBuild, loadMap, loadTree, openCatalog, type TreeLists } from './catalog.ts';
import { isUsableDelta } from './delta-usable.ts';
import { bundleName, type GroupName } from './group-record.ts';
import { bundlesOf } from './known-objects.ts';
import { buildTarget, packFile } from './layout.ts';
import { checkLite } from './lite-check.ts';
import { readPackUses } from './pack-uses.ts';
import type { TreeDelta } from './records.ts';

export type FsckOptions = {
  readonly store: Store;
  /** Another copy of the repository (any source will do) that damaged files are replaced from. */
  readonly repairFrom?: ReadableStore | undefined;
  /** True for a place that fetches files when they are asked for: there an absent file of a build is no damage. */
  readonly mayLack?: boolean | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A file that is not what the signed metadata says. */
export type DamagedFile = {
  readonly file: string;
  readonly problem: 'missing' | 'wrong-bytes' | 'unusable' | 'lite';
  /** The build, bundle (`id-version`) or group that needs it. */
  readonly build: string;
  readonly repaired: boolean;
};

export type FsckResult = {
  readonly builds: number;
  readonly files: number;
  readonly bytes: number;
  readonly objects: number;
  /** Files that are absent where they may be. */
  readonly notHere: number;
  readonly damaged: readonly DamagedFile[];
};

type Check = {
  readonly options: FsckOptions;
  readonly catalog: Catalog;
  readonly seen: Set<string>;
  /** The objects that were read, by pack. */
  readonly read: Map<Sha256, Set<Sha256>>;
  readonly notHere: Set<string>;
  /** Builds of which the map is here and the index is not. */
  readonly unindexed: BuildRecords[];
  readonly damaged: DamagedFile[];
  bytes: number;
  objects: number;
  /** Known once all builds have been read: all of them are here and right, so that deltas can be tried. */
  buildsAreSound: boolean;
};

/**
 * Reads every file of the repository and every object in it, and compares them with the signed metadata,
 * whose own signatures are checked first; deltas are applied in memory where all builds are here. Damaged files are
 * replaced when there is a source to repair from.
 */
export async function fsck(options: FsckOptions): Promise<FsckResult> {
  const catalog = await openCatalog(options.store, options.signal);
  const check: Check = {
    options,
    catalog,
    seen: new Set(),
    read: new Map(),
    notHere: new Set(),
    unindexed: [],
    damaged: [],
    bytes: 0,
    objects: 0,
    buildsAreSound: false,
  };
  for (const name of catalog.buildNames()) await checkBuild(check, name);
  for (const name of catalog.groupNames()) await checkGroup(check, name);
  // Only now, since whatever could be looked into has been.
  for (const records of check.unindexed) await checkPacks(check, records);
  check.buildsAreSound = check.notHere.size === 0 && check.damaged.every(({ repaired }) => repaired);
  for (const name of catalog.buildNames()) await checkDeltasOfBuild(check, name);
  await checkDeltasOfBundles(check);
  for (const name of catalog.streamNames()) await catalog.stream(name);
  const lite = await checkLite(catalog, options.signal);
  for (const problem of lite.problems) check.damaged.push({ ...problem, problem: 'lite', repaired: false });
  const { objects, notHere, damaged } = check;
  return {
    builds: catalog.buildNames().length,
    files: [...check.seen].filter((file) => !notHere.has(file)).length + lite.files,
    bytes: check.bytes + lite.bytes,
    objects,
    notHere: notHere.size,
    damaged,
  };
}

/** The records of a build; undefined where they are absent and may be. */
async function recordsOf(check: Check, name: BuildName): Promise<BuildRecords | undefined> {
  const records = await buildRecords(check.catalog, name, check.options.mayLack ?? false);
  if (records === undefined) check.notHere.add(buildTarget(name));
  return records;
}

async function checkBuild(check: Check, name: BuildName): Promise<void> {
  const records = await recordsOf(check, name);
  if (records === undefined) return;
  const [index, map, contents] = listFiles(records.record, records.deltas);
  const isRight = { index: await checkFile(check, name, index), map: await checkFile(check, name, map) };
  const isUsable = (await checkFile(check, name, contents)) || check.notHere.has(contents.name);
  // Without its index and map nothing can be said of what is inside of a build's packs.
  if (isRight.map && check.notHere.has(index.name)) check.unindexed.push(records);
  if (isRight.index && isRight.map && isUsable) await checkObjects(check, name);
}

/** The packs of a build, and every object in them. */
async function checkObjects(check: Check, name: BuildName): Promise<void> {
  const { catalog, options } = check;
  const build = await loadBuild(catalog, name, options.signal);
  await checkTree(check, name, {
    objects: build.objects,
    map: await loadMap(catalog, build, options.signal),
  });
}

/** What people are shown of the bundles of a group, the bundles' lists, and every object in their packs. */
async function checkGroup(check: Check, name: GroupName): Promise<void> {
  const { catalog, options } = check;
  const group = await catalog.group(name);
  for (const file of groupFiles({ ...group, bundles: [] })) await checkFile(check, name, file);
  for (const bundle of group.bundles) {
    const owner = bundleName(bundle);
    const [index, map] = bundleLists(bundle);
    const isRight = [await checkFile(check, owner, index), await checkFile(check, owner, map)];
    if (isRight.includes(false)) continue;
    await checkTree(check, owner, await loadTree(options.store, bundle, options.signal));
  }
}

/** A tree as far as its content goes. */
type CheckedTree = { readonly objects: readonly BuildObject[]; readonly map: ObjectMap };

async function checkTree(check: Check, name: string, { objects: all, map }: CheckedTree): Promise<void> {
  const { options } = check;
  const right = new Set<number>();
  for (const [number, { sha256, length }] of map.packs.entries())
    if (await checkFile(check, name, { name: packFile(sha256), sha256, length })) right.add(number);
  for (const [number, { pack, offset, length, rawLength }] of map.frames.entries()) {
    throwIfCancelled(options.signal);
    if (!right.has(pack)) continue;
    const { sha256 } = map.pack(pack);
    const known = check.read.get(sha256) ?? new Set();
    check.read.set(sha256, known);
    // Bundles that were published together share a pack: each names its own part of it.
    const objects = namedObjectsIn(map, number, all).filter((object) => !known.has(object.sha256));
    if (objects.length === 0) continue;
    for (const object of objects) known.add(object.sha256);
    const bytes = await readPart(options.store, packFile(sha256), { offset, length });
    readObjects({ bytes, rawLength, pack: sha256, offset }, objects);
    check.objects += objects.length;
    options.reporter.progress({ step: 'verify', done: check.objects, unit: 'entries' });
  }
}

/** The packs of a build whose index is not here, as far as they are here: their bytes, and not what is inside. */
async function checkPacks(check: Check, { record, deltas }: BuildRecords): Promise<void> {
  const { store, signal } = check.options;
  for (const { sha256, length } of await readPackUses(store, deltas.map, signal))
    await checkFile(check, record.name, { name: packFile(sha256), sha256, length });
}

async function checkDeltasOfBuild(check: Check, name: BuildName): Promise<void> {
  const records = await recordsOf(check, name);
  if (records === undefined) return;
  const { record, deltas } = records;
  for (const delta of deltas.deltas) {
    // A delta from a build that is gone is nobody's, until `prune` drops it.
    const from = check.catalog.hasBuild(delta.from) ? await recordsOf(check, delta.from) : undefined;
    const old = from && { index: from.record.index, map: from.deltas.map };
    const trees = { old, next: { index: record.index, map: deltas.map } };
    await checkDelta(check, name, fileOfDelta(delta), { delta, ...trees });
  }
}

/** One from a version that is in no group any more is for devices that still have it. */
async function checkDeltasOfBundles(check: Check): Promise<void> {
  const bundles = await bundlesOf(check.catalog);
  const byIndex = new Map<Sha256, TreeLists>(bundles.map((bundle) => [bundle.index.sha256, bundle]));
  const checked = new Set<string>();
  for (const next of bundles)
    for (const delta of next.deltas ?? []) {
      // What several groups hold is looked at once.
      const key = `${delta.stored} ${next.index.sha256}`;
      if (checked.has(key)) continue;
      checked.add(key);
      const trees = { old: byIndex.get(delta.fromIndex), next };
      await checkDelta(check, bundleName(next), deltaIn(delta), { delta, ...trees });
    }
}

/** A delta, and the trees that it leads between: the old one may be gone. */
type CheckedDelta = {
  readonly delta: TreeDelta;
  readonly old: TreeLists | undefined;
  readonly next: TreeLists;
};

/** A delta that is what its record says may still not lead to its tree: a device would find that too late. */
async function checkDelta(
  check: Check,
  owner: string,
  file: SignedFile,
  { delta, old, next }: CheckedDelta,
): Promise<void> {
  if (!(await checkFile(check, owner, file))) return;
  const { store, signal } = check.options;
  const known = check.buildsAreSound && old?.index.sha256 === delta.fromIndex ? old : undefined;
  if (await isUsableDelta(store, delta, { old: known, next }, signal)) return;
  check.damaged.push({ file: file.name, problem: 'unusable', build: owner, repaired: false });
}

/** True when the file is right, or right again. */
async function checkFile(check: Check, build: string, expected: SignedFile): Promise<boolean> {
  const { name: file } = expected;
  const { store, repairFrom } = check.options;
  if (check.seen.has(file))
    return (
      !check.notHere.has(file) && !check.damaged.some((damaged) => damaged.file === file && !damaged.repaired)
    );
  check.seen.add(file);
  const problem = await problemOf(store, expected, check.options.signal);
  if (problem === 'missing' && check.options.mayLack) {
    check.notHere.add(file);
    return false;
  }
  check.bytes += expected.length;
  if (problem === undefined) return true;
  const repaired =
    repairFrom !== undefined && (await replaceFile(store, repairFrom, expected, check.options.signal));
  check.damaged.push({ file, problem, build, repaired });
  return repaired;
}

async function problemOf(
  store: ReadableStore,
  { name, sha256, length }: SignedFile,
  signal: AbortSignal | undefined,
): Promise<'missing' | 'wrong-bytes' | undefined> {
  try {
    const { size, body } = await store.read(name, signal ? { signal } : {});
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
  expected: SignedFile,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let bytes: Buffer;
  try {
    bytes = await readAll(source, expected.name, { limit: expected.length, signal });
  } catch (error) {
    if (error instanceof SatchelError && !isSatchelError(error, 'cancelled')) return false;
    throw error;
  }
  if (createHash('sha256').update(bytes).digest('hex') !== expected.sha256) return false;
  await store.delete(expected.name);
  await store.put(expected.name, bytes);
  return true;
}
