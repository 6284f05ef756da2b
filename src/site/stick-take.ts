import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import { allocatedSize, freeSpace } from '../os/disk.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { bundleLists, type SignedFile } from '../repository/build-files.ts';
import { isSecurityBuild } from '../repository/security.ts';
import { keepForStick } from './evict-kept.ts';
import { createBuildUses } from './evict-use.ts';
import type { KnownBundle, TreeSubject } from './known-bundles.ts';
import type { SiteLayout } from './layout.ts';
import { packsOf, signedBuild, signedBuilds } from './stick-build.ts';
import { packsOfBundle, signedBundles } from './stick-bundles.ts';
import type { StickTree } from './stick-files.ts';
import { openIntake } from './stick-intake.ts';
import type { StickList } from './stick-manifest-file.ts';
import type { StickProblem, StickStateWriter } from './stick-state.ts';
import type { StickTrust } from './stick-trust.ts';

export type TakeOptions = {
  readonly layout: SiteLayout;
  readonly tree: StickTree;
  /** Undefined for a stick that has lost it: then only its lengths tell what is whole. */
  readonly list: StickList | undefined;
  readonly trust: StickTrust;
  /** Bytes of the file system that stay free. */
  readonly reserve: number;
  /** Makes room for so many bytes, or throws `site-budget-full` or `site-disk-reserved`; without it the reserve counts. */
  readonly ensureRoom?: ((bytes: number) => Promise<void>) | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly state: StickStateWriter;
  readonly problems: StickProblem[];
};

/** A build, or a version of a bundle, that the stick has a part of. */
export type TakenBuild = {
  readonly name: TreeSubject;
  /** True when the site now has all of it, deltas aside. */
  readonly complete: boolean;
  /** Bytes that were copied of it. */
  readonly copied: number;
};

/** A build or a bundle of the stick with what the site lacks of it. */
type Offer = {
  readonly name: TreeSubject;
  /** The lower comes first: what mends a hole, then the newest build; bundles come last. */
  readonly rank: number;
  /** What a complete build has, deltas aside; undefined when not even that can be told. */
  readonly needed: readonly SignedFile[] | undefined;
  readonly missing: readonly SignedFile[];
  /** Everything that belongs to it, as far as can be told. */
  readonly files: readonly SignedFile[];
  /** True when the stick was made to bring it for devices that have another: none of its packs are there. */
  readonly isDeltasOnly: boolean;
};

/**
 * Copies what the stick has of builds and bundles into the repository of a site: only files that signed metadata leads to, each
 * verified before it gets its name. What is wrong with one file or one build is a problem and keeps no other from being
 * taken. A build is begun only where all of it fits, and nothing that the stick has makes room for it. Throws
 * `stick-pulled-out`, `disk-full`, `cancelled`.
 */
export async function takeBuilds(options: TakeOptions): Promise<TakenBuild[]> {
  const { layout, tree, list, state, reporter, problems, clock } = options;
  // What was damaged once is so for every build that needs it, and is told once.
  const told = new Set<string>();
  for (const { name, length } of list?.manifest.files ?? [])
    if (name.startsWith('repo/') && !name.startsWith('repo/metadata/') && tree.sizeOf(name) !== length) {
      told.add(name.slice('repo/'.length));
      problems.push(damaged(name.slice('repo/'.length)));
    }
  const offers: Offer[] = [];
  for (const name of buildsOnStick(options)) {
    const offer = await offerOf(name, options);
    if (offer !== undefined) offers.push(offer);
  }
  for (const bundle of (await orProblem(() => signedBundles(options.trust), options)) ?? []) {
    const offer = await offerOfBundle(bundle, options);
    if (offer !== undefined) offers.push(offer);
  }
  offers.sort((one, other) => one.rank - other.rank);
  keepForStick(
    layout,
    offers.flatMap(({ files }) => files.map(({ name }) => name)),
  );
  const sizes = new Map(offers.flatMap(({ missing }) => missing.map(({ name, length }) => [name, length])));
  const total = [...sizes.values()].reduce((sum, length) => sum + length, 0);
  state.expect(total);
  let done = 0;
  await using intake = openIntake({
    ...options,
    onBytes(count) {
      done += count;
      state.copied(count);
      reporter.progress({ step: 'store', done, total: Math.max(total, done), unit: 'bytes' });
    },
  });
  const uses = createBuildUses(layout, clock);
  const copied = new Map<TreeSubject, number>();
  const refused = new Set<TreeSubject>();
  for (const { name, missing } of offers) {
    const left = missing.filter((file) => !isHere(layout, file) && !told.has(file.name));
    const before = intake.copied();
    if (await hasRoom(name, left, options)) {
      for (const file of left) {
        await intake.take(file);
        if (!isHere(layout, file)) told.add(file.name);
      }
    } else refused.add(name);
    copied.set(name, intake.copied() - before);
    if (copied.get(name)! > 0) uses.used(name);
  }
  // Told at the end, for it is the end that counts.
  return offers.map((offer) => {
    const lacks = offer.needed?.filter((file) => !isHere(layout, file));
    if (!refused.has(offer.name)) problems.push(...partOf(offer, lacks, told));
    return { name: offer.name, complete: lacks?.length === 0, copied: copied.get(offer.name) ?? 0 };
  });
}

/** That a build did not come as a whole, unless the stick was not made for that, or its damaged files tell it. */
function partOf(
  { name, isDeltasOnly, files }: Offer,
  lacks: readonly SignedFile[] | undefined,
  told: ReadonlySet<string>,
): StickProblem[] {
  const isTold = (file: SignedFile) => told.has(file.name);
  if (lacks === undefined && files.some(isTold)) return [];
  const count = lacks?.filter((file) => !isTold(file)).length ?? 1;
  return count === 0 || isDeltasOnly
    ? []
    : [{ code: 'stick-build-part', parameters: { build: name, count } }];
}

function damaged(file: string): StickProblem {
  return { code: 'stick-file-damaged', parameters: { file } };
}

/** Builds whose record is on the stick; it may have come there only just before the stick was pulled out. */
function buildsOnStick({ trust, tree }: TakeOptions): BuildName[] {
  const found = tree
    .list('repo/targets/builds')
    .map(({ name }) => /^[0-9a-f]{64}\.(.+)\.json$/.exec(name)?.[1]);
  const names = new Set<string | undefined>(found);
  return signedBuilds(trust).filter((name) => names.has(name));
}

/** Undefined when the stick has nothing of its content, or the signed records are on neither side. */
async function offerOf(name: BuildName, options: TakeOptions): Promise<Offer | undefined> {
  const { layout, tree, trust } = options;
  const build = await orProblem(() => signedBuild(trust, name), options);
  if (build === undefined) return undefined;
  const isOnStick = (file: SignedFile) => isThere(file, tree);
  // Records of all builds may go along, and builds with the same tree share lists: only all of them are a build's own.
  if (!build.lists.every(isOnStick) && !build.deltas.some(isOnStick)) return undefined;
  const packs = await orProblem(() => packsOf(trust, build), options);
  const all = [...build.records, ...build.lists, ...build.deltas, ...(packs ?? [])];
  return {
    name,
    rank: (isSecurityBuild(build.record) ? Number.MIN_SAFE_INTEGER / 2 : 0) - build.record.sequence,
    needed: packs && [...build.records, ...build.lists, ...packs],
    missing: all.filter((file) => !isHere(layout, file) && isOnStick(file)),
    files: all,
    isDeltasOnly: packs?.every(({ name }) => !isListed(name, options)) ?? false,
  };
}

/** The same for a version of a bundle. */
async function offerOfBundle(
  { name, bundle, files: lists, deltas }: KnownBundle,
  options: TakeOptions,
): Promise<Offer | undefined> {
  const { layout, tree, trust } = options;
  if (!bundleLists(bundle).every((file) => isThere(file, tree))) return undefined;
  const packs = await orProblem(() => packsOfBundle(trust, bundle), options);
  const files = [...lists, ...deltas, ...(packs ?? [])];
  // What is shown of a group goes with its own versions; another group may have brought the lists of this one.
  const own = lists.filter(({ name }) => isListed(name, options));
  return {
    ...{ name, files, rank: Number.MAX_SAFE_INTEGER },
    needed: packs && [...own, ...packs],
    missing: files.filter((file) => !isHere(layout, file) && isThere(file, tree)),
    isDeltasOnly: false,
  };
}

/** What is wrong with one record or list is a problem, but not that it is nowhere. */
async function orProblem<Result>(
  read: () => Promise<Result>,
  { problems }: Pick<TakeOptions, 'problems'>,
): Promise<Result | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isSatchelError(error) || error.code === 'cancelled') throw error;
    const { file } = error.parameters;
    if (error.code === 'stored-file-damaged' && typeof file === 'string') problems.push(damaged(file));
    else if (error.code !== 'store-not-found')
      problems.push({ code: error.code, parameters: error.parameters });
    return undefined;
  }
}

/** True for a file that was put on the stick, whatever has become of it. */
function isListed(file: string, { list, tree }: Pick<TakeOptions, 'list' | 'tree'>): boolean {
  const name = `repo/${file}`;
  return (
    (list?.manifest.files.some((each) => each.name === name) ?? false) || tree.sizeOf(name) !== undefined
  );
}

/** True for a file that the stick has in full length. */
function isThere({ name, length }: SignedFile, tree: StickTree): boolean {
  return tree.sizeOf(`repo/${name}`) === length;
}

/** True for a file that the site has in full length; its bytes were verified before it got its name. */
function isHere({ repository }: SiteLayout, { name, length }: SignedFile): boolean {
  const path = join(repository, name);
  const found = withSystemErrors('lstat', path, () => lstatSync(path, { throwIfNoEntry: false }));
  return found?.isFile() === true && found.size === length;
}

/** Makes room for files in whole blocks; otherwise nothing was removed, and the problem says how much there could be. */
async function hasRoom(
  build: TreeSubject,
  files: readonly SignedFile[],
  { layout, reserve, ensureRoom, problems }: TakeOptions,
): Promise<boolean> {
  if (files.length === 0) return true;
  const { blockSize } = freeSpace(layout.repository);
  const bytes = files.reduce((sum, { length }) => sum + allocatedSize(length, blockSize), 0);
  const free = () => Math.max(0, freeSpace(layout.repository).bytes - reserve);
  let left: unknown;
  try {
    if (ensureRoom !== undefined) await ensureRoom(bytes);
    if (bytes <= free()) return true;
  } catch (error) {
    if (!isSatchelError(error, 'site-budget-full', 'site-disk-reserved')) throw error;
    left = error.parameters.left;
  }
  const parameters = {
    build,
    needed: formatBytes(bytes),
    free: formatBytes(typeof left === 'number' ? left : free()),
  };
  problems.push({ code: 'stick-site-full', parameters });
  return false;
}
