import { lstatSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { SignedFile } from '../repository/build-files.ts';
import type { StickFile, StickManifest } from '../store/stick-manifest.ts';
import type { ReadableStore } from '../store/store.ts';
import type { KeyRing } from '../trust/keys.ts';
import { day, defaultLifetimes } from '../trust/roles.ts';
import {
  type GoneAttachment,
  goneAttachments,
  listAttachments,
  type StickAttachments,
} from './stick-attach.ts';
import { chooseBundles } from './stick-bundles.ts';
import { chooseBuilds, type StickWish } from './stick-choice.ts';
import { startCopying } from './stick-copy.ts';
import { strayFiles } from './stick-extra.ts';
import { openStickTree, type StickTree } from './stick-files.ts';
import { lockStick, readStickList, type StickList, writeStickList } from './stick-manifest-file.ts';
import { type Medium, mediumAt } from './stick-medium.ts';
import { rootFrom, signFile } from './stick-sign.ts';
import { type PreparedSource, readLooseFiles, readPreparedSource } from './stick-source.ts';
import { planWork, requireRoom, type StickWork } from './stick-work.ts';

export type PrepareOptions = {
  /** The directory where the stick is mounted. */
  readonly stick: string;
  /** Where the builds come from; the caller closes it. */
  readonly source: ReadableStore;
  /**
   * The SHA-256 of a root that the source must have; absent: its first root is believed. `'stick'`: it is, when the stick
   * is of the same organisation already.
   */
  readonly trust?: Sha256 | 'stick' | undefined;
  /** An empty folder for what is needed meanwhile. */
  readonly scratch: string;
  readonly wish: StickWish;
  readonly attachments?: StickAttachments | undefined;
  /** Keys to sign the stick with, where they are at hand. */
  readonly keys?: KeyRing | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
  /** What the stick is like; its file system is asked when absent. */
  readonly medium?: Medium | undefined;
};

/** What lies on a stick now. */
export type Prepared = {
  readonly stick: string;
  readonly organisation: Sha256;
  readonly builds: readonly { readonly name: BuildName; readonly bytes: number; readonly files: number }[];
  /** Versions of bundles: `activities/GROUP/ID-VERSION`. */
  readonly bundles: readonly { readonly name: string; readonly bytes: number; readonly files: number }[];
  /** Bytes that were written. */
  readonly copied: number;
  /** Bytes that were there already. */
  readonly kept: number;
  /** Files that were ours, that nobody wants any more, and that are gone. */
  readonly removed: number;
  /** What the stick carried for sites, was not named this time, and is gone. */
  readonly gone: readonly GoneAttachment[];
  readonly attachments: readonly string[];
  readonly signed: boolean;
  readonly expires: string;
  readonly sites: readonly string[];
};

/** How long a stick is good for its attachments: as long as the signature of a timestamp. */
const lifetime = defaultLifetimes.timestamp * day;

/**
 * Puts builds, bundles and what belongs to them on a stick. What is there and wanted stays; the rest is copied, each file
 * complete before it gets its name. The metadata and the list follow when the first build, the most urgent one, is
 * complete, and the list again after each further build: a stick that was pulled out at any moment carries its old state
 * or as many builds as were finished. Files that are not ours are never touched.
 *
 * Throws `stick-not-a-directory`, `stick-trust-not-decided`, `stick-busy`, `stick-newer`, `stick-of-another-organisation`, `stick-too-small` before
 * anything is written, `stick-attachments-need-keys`, `stick-symlink`, `disk-full`, and what the source throws.
 */
export async function prepareStick(options: PrepareOptions): Promise<Prepared> {
  const { stick, wish, reporter, signal } = options;
  if (lstatSync(stick, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new SatchelError('stick-not-a-directory', { path: stick });
  const tree = openStickTree(stick);
  const before = await listOn(tree);
  const { trust } = options;
  if (trust === 'stick' && before === undefined)
    throw new SatchelError('stick-trust-not-decided', { source: options.source.location });
  const source = await readPreparedSource({ ...options, trust: trust === 'stick' ? undefined : trust });
  requireSameOrganisation(stick, before, source);
  const builds = await chooseBuilds(source, source.heads, wish, reporter);
  const bundles = await chooseBundles(source, source.heads, wish);
  const sites = wish.sites.map(({ name }) => name);
  const attachments = await listAttachments(options.attachments ?? {}, sites, signal);
  if (attachments.length > 0) requireKeys(source, options);
  const loose = await readLooseFiles(source, builds);
  const work = planWork({ tree, source, builds, bundles, loose, attachments }, before);
  const medium = options.medium ?? mediumAt(stick);
  const first = requireRoom(work, medium);
  using _lock = lockStick(tree);
  await removeFirst(work, options, first);
  const prepared = await carryOut(work, { ...options, medium });
  return { ...prepared, removed: prepared.removed + first.length };
}

/** The list that is there; a damaged one counts as none, for it is about to be replaced. */
async function listOn(tree: StickTree): Promise<StickList | undefined> {
  try {
    return await readStickList(tree);
  } catch (error) {
    if (isSatchelError(error, 'stick-manifest-damaged')) return undefined;
    throw error;
  }
}

function requireSameOrganisation(path: string, before: StickList | undefined, source: PreparedSource): void {
  const theirs = before?.manifest.organisation;
  if (theirs !== undefined && theirs !== source.organisation)
    throw new SatchelError('stick-of-another-organisation', { path, theirs, ours: source.organisation });
}

/** Nobody takes attachments from a stick that is not signed. */
function requireKeys(source: PreparedSource, options: PrepareOptions): void {
  if (signer(source, options)(new Uint8Array()) === undefined)
    throw new SatchelError('stick-attachments-need-keys');
}

function signer({ root, store }: PreparedSource, { keys }: PrepareOptions) {
  const parsed = rootFrom(root, store.location);
  return (bytes: Uint8Array) => keys && signFile(bytes, keys, parsed);
}

/** Where the old and the new have no room together, the list is freed of the old before the files go. */
async function removeFirst(
  work: StickWork,
  options: PrepareOptions,
  files: readonly StickFile[],
): Promise<void> {
  if (files.length === 0) return;
  options.reporter.notice('stick-old-goes-first');
  for (const { name } of files) work.present.delete(name);
  await writeList(work, options, [...work.present.values()]);
  for (const { name } of files) work.tree.remove(name);
}

async function carryOut(
  work: StickWork,
  options: PrepareOptions & { readonly medium: Medium },
): Promise<Prepared> {
  const { tree, source, builds, bundles, loose, attachments, present } = work;
  const copier = startCopying(work, options);
  for (const folder of ['home', 'reports']) tree.makeFolder(folder, true);
  for (const { files } of builds) {
    for (const file of files) await copier.take(file);
    await copier.metadata();
    await writeList(work, options, [...present.values()]);
  }
  for (const { files } of bundles) {
    for (const file of files) await copier.take(file);
    await writeList(work, options, [...present.values()]);
  }
  for (const file of loose) await copier.loose(file);
  for (const file of attachments) await copier.attach(file);
  await copier.metadata();
  const listed = await writeList(work, options, copier.done());
  const wanted = new Set(copier.done().map(({ name }) => name));
  const gone = goneAttachments(work.former, wanted);
  const removed = removeUnwanted(work, wanted);
  return {
    stick: options.stick,
    organisation: source.organisation,
    builds: builds.map(({ build, files }) => ({ name: build.name, ...sizeOf(files) })),
    bundles: bundles.map(({ name, files }) => ({ name, ...sizeOf(files) })),
    ...copier.counts(),
    removed,
    gone,
    attachments: attachments.map(({ name }) => name),
    ...listed,
  };
}

function sizeOf(files: readonly SignedFile[]): { readonly files: number; readonly bytes: number } {
  return { files: files.length, bytes: files.reduce((sum, { length }) => sum + length, 0) };
}

/** Writes what is there as the list of the stick. */
async function writeList(
  { tree, source }: StickWork,
  options: PrepareOptions,
  files: readonly StickFile[],
): Promise<Pick<Prepared, 'signed' | 'expires' | 'sites'>> {
  // A clock that was never set must not make a stick that has run out before it is used.
  const now = Math.max(options.clock(), source.now);
  const manifest: StickManifest = {
    organisation: source.organisation,
    made: recordTime(now),
    expires: recordTime(now + lifetime),
    sites: options.wish.sites.map(({ name }) => name),
    files: [...files].sort((one, other) => (one.name < other.name ? -1 : 1)),
  };
  const signed = await writeStickList(tree, manifest, signer(source, options));
  return { signed, expires: manifest.expires, sites: manifest.sites };
}

/** Removes what was on the former list, and what interrupted preparations have left behind. */
function removeUnwanted({ tree, present }: StickWork, wanted: ReadonlySet<string>): number {
  const former = [...present.keys()].filter((name) => !wanted.has(name));
  const unwanted = new Set([...former, ...strayFiles(tree, wanted)]);
  for (const name of unwanted) tree.remove(name);
  tree.removeTemporaries('.');
  return unwanted.size;
}
