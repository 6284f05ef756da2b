import { createHash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { BuildObject } from '../build/objects.ts';
import { scratchToApply } from '../delta/delta-format.ts';
import { readObjects } from '../pack/frame.ts';
import { namedObjectsIn } from '../pack/locations.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { readAll, readPart } from '../store/read-all.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import { bundleLists, fileOfDelta, groupFiles, listFiles, type SignedFile } from './build-files.ts';
import { type BuildRecords, buildRecords } from './build-records.ts';
import { type Catalog, loadBuild, loadMap, loadTree, openCatalog } from './catalog.ts';
import { readDeltaHead } from './delta-head.ts';
import { provesItself } from './delta-proof.ts';
import { bundleName, type GroupName } from './group-record.ts';
import { buildTarget, packFile } from './layout.ts';
import { checkLite } from './lite-check.ts';
import { readPackUses } from './pack-uses.ts';
import type { BuildRecord, DeltaReference } from './records.ts';

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
  for (const name of catalog.buildNames()) {
    const records = await recordsOf(check, name);
    if (records === undefined) continue;
    for (const delta of records.deltas.deltas) await checkDelta(check, records.record, delta);
  }
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
  const unread = new Set<number>();
  for (const [number, { sha256, length }] of map.packs.entries()) {
    const file = { name: packFile(sha256), sha256, length };
    if (check.seen.has(file.name)) continue;
    if (await checkFile(check, name, file)) unread.add(number);
  }
  for (const [number, { pack, offset, length, rawLength }] of map.frames.entries()) {
    throwIfCancelled(options.signal);
    if (!unread.has(pack)) continue;
    const { sha256 } = map.pack(pack);
    const bytes = await readPart(options.store, packFile(sha256), { offset, length });
    const objects = namedObjectsIn(map, number, all);
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

/** A delta that is what its record says may still not lead to its build: a device would find that too late. */
async function checkDelta(check: Check, build: BuildRecord, delta: DeltaReference): Promise<void> {
  const { catalog, options, damaged } = check;
  const file = fileOfDelta(delta);
  if (!(await checkFile(check, build.name, file))) return;
  const head = await readDeltaHead(options.store, delta, options.signal);
  // A device refuses one that takes more of its disk than was signed.
  const isOfBuilds =
    head?.from === delta.fromIndex &&
    head.to === build.index.sha256 &&
    scratchToApply(head) <= (delta.scratch ?? 0);
  // A delta from a build that is gone is nobody's, until `prune` drops it.
  const from = catalog.hasBuild(delta.from) ? await recordsOf(check, delta.from) : undefined;
  const canBeTried = check.buildsAreSound && from?.record.index.sha256 === delta.fromIndex;
  if (isOfBuilds && (!canBeTried || (await provesItself(catalog, delta, build.name, options.signal)))) return;
  damaged.push({ file: file.name, problem: 'unusable', build: build.name, repaired: false });
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
