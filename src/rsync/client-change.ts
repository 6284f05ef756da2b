import { hash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { contentsFor } from '../build/contents.ts';
import type { IndexEntry } from '../build/entry.ts';
import { serialiseIndex } from '../build/index-format.ts';
import type { EntryList } from '../build/index-table.ts';
import { installStage, stageContents } from '../device/install.ts';
import { readInstalled, readInstalledIndex, storeIndex } from '../device/installed.ts';
import { type DeviceLayout, pristineTree } from '../device/layout.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { runningVersion } from '../device/running-version.ts';
import { sealNew } from '../device/seal-new.ts';
import { switchVersion } from '../device/switch-version.ts';
import { moveToTrash } from '../device/trash.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { changedPaths } from './changed-paths.ts';
import { type ClientBase, openClientBase } from './client-base.ts';
import { fetchTree } from './client-fetch.ts';
import { healInstalled } from './client-heal.ts';
import { type ClientManifest, fetchManifest } from './client-manifest.ts';
import type { ClientMonth } from './client-month.ts';
import type { ClientUpdateOptions, ClientUpdateResult } from './client-options.ts';
import type { OpenPlace } from './client-place.ts';
import { requireSigned } from './client-signature.ts';
import { openFolders, type TransferFolders } from './client-transfer.ts';

export type ChangeByRsyncOptions = ClientUpdateOptions & {
  readonly layout: DeviceLayout;
  readonly open: OpenPlace;
  readonly month: ClientMonth;
  /** Where the tree is made: see {@link workFolder}. */
  readonly folder: string;
  /** What boots next. */
  readonly current: BuildName | undefined;
};

/** Where a build is made; no build has such a name, since they do not begin with a full stop. */
export function workFolder(layout: DeviceLayout, build: BuildName): string {
  return join(layout.stage, `${workPrefix}${build}`);
}

const workPrefix = '.rsync-';

/** Makes the build the one that boots next; the caller holds the device lock. */
export async function changeByRsync(options: ChangeByRsyncOptions): Promise<Partial<ClientUpdateResult>> {
  const { layout, open, build, force, current } = options;
  dropOtherWork(options);
  const folders = openFolders(options.folder);
  const manifest = await wantedManifest(options, folders);
  const isKept = isInstalled(options, manifest);
  if (!force && isKept) {
    if (build === current) return { plan: 'none' };
    const damaged = await healInstalled({ ...options, folders });
    if (damaged !== undefined) return switchToKept(options, damaged);
  }
  const isInUse = build === current || build === runningVersion(layout);
  if (isInUse && !force && !isKept) throw new SatchelError('build-name-reused', { name: build });
  takeBack(layout, build, folders);
  if (open.place.isRemote) warnUnsigned(options, manifest);
  const base = await baseOf(options);
  const fetched = await fetchTree({ ...options, folders, manifest, base });
  throwIfCancelled(options.signal);
  await install(options, folders, manifest, fetched.entries, isInUse);
  if (build !== current) await switchTo(options);
  return {
    plan: 'rsync',
    checkedBy: manifest?.entries === undefined ? 'comparison' : 'manifest',
    manifest: manifest === undefined ? 'none' : manifest.entries === undefined ? 'opaque' : 'olpc-contents-x',
    ...changesOf(options, base?.entries, fetched.entries),
    rounds: fetched.rounds,
    ...damageOf(base?.damaged.map(displayOf)),
  };
}

/** Switches to a version that is whole; what was damaged in it has been made right. */
async function switchToKept(
  options: ChangeByRsyncOptions,
  damaged: readonly string[],
): Promise<Partial<ClientUpdateResult>> {
  const { layout, build, current } = options;
  const isRecorded = current !== undefined && readInstalled(layout, current) !== undefined;
  const changes = isRecorded
    ? changesOf(options, readInstalledIndex(layout, current), readInstalledIndex(layout, build))
    : {};
  await switchTo(options);
  return { plan: 'switch', ...changes, ...damageOf(damaged) };
}

function damageOf(damaged: readonly string[] = []): Pick<ClientUpdateResult, 'damaged'> {
  return damaged.length === 0 ? {} : { damaged };
}

/** In what a version differs from the one before; without one before it is all that it has. */
function changesOf(
  { verbose }: ChangeByRsyncOptions,
  before: EntryList | undefined,
  after: EntryList,
): Pick<ClientUpdateResult, 'changed' | 'changes'> {
  if (before === undefined) return { changed: after.length };
  const changes = changedPaths(before, after);
  return verbose ? { changed: changes.length, changes } : { changed: changes.length };
}

/** What a server without signatures is trusted with. */
function warnUnsigned({ open, reporter }: ChangeByRsyncOptions, manifest: ClientManifest | undefined): void {
  const isReadable = manifest?.entries !== undefined;
  reporter.notice(isReadable ? 'rsync-unsigned' : 'rsync-unsigned-unread', { place: open.place.name });
}

/** What was begun for another build would only take up room. */
function dropOtherWork({ layout, folder }: ChangeByRsyncOptions): void {
  for (const name of withSystemErrors('readdir', layout.stage, () => readdirSync(layout.stage))) {
    const path = join(layout.stage, name);
    if (name.startsWith(workPrefix) && path !== folder) moveToTrash(layout, path);
  }
}

/** The manifest; it is refused to go on without one unless that is forced. */
async function wantedManifest(
  { layout, open, force, current, folder, contentsHash }: ChangeByRsyncOptions,
  folders: TransferFolders,
): Promise<ClientManifest | undefined> {
  const before = current === undefined ? undefined : join(layout.contents, current);
  const manifest = await fetchManifest(open, { path: folders.contents, before });
  if (manifest === undefined && !force)
    throw new SatchelError('rsync-contents-missing', { place: open.place.name });
  if (contentsHash !== undefined && manifest?.hash !== contentsHash)
    throw new SatchelError('contents-hash-other', { place: open.place.name });
  if (manifest !== undefined && !force) await requireSigned({ layout, open, folder, manifest });
  return manifest;
}

function isInstalled({ layout, build }: ChangeByRsyncOptions, manifest: ClientManifest | undefined): boolean {
  return manifest !== undefined && readInstalled(layout, build)?.contentsHash === manifest.hash;
}

/** A tree that a kill left between its move to its name and its record is still what was received. */
function takeBack(layout: DeviceLayout, build: BuildName, { tree }: TransferFolders): void {
  const left = pristineTree(layout, build);
  const { current, alternate } = openBootPointer(layout).read();
  // A version that the original olpc-update has installed has no record either, and may be the way back.
  if ([current, alternate, runningVersion(layout)].includes(build) || existsSync(join(layout.sticky, build)))
    return;
  if (readInstalled(layout, build) !== undefined || lstatSync(left, { throwIfNoEntry: false }) === undefined)
    return;
  withSystemErrors('rename', left, () => {
    if (readdirSync(tree).length === 0) renameSync(left, tree);
  });
}

async function baseOf({
  layout,
  current,
  reporter,
  signal,
}: ChangeByRsyncOptions): Promise<ClientBase | undefined> {
  const name = current ?? runningVersion(layout);
  if (name === undefined) return undefined;
  if (!lstatSync(pristineTree(layout, name), { throwIfNoEntry: false })?.isDirectory()) return undefined;
  return openClientBase({ layout, name, reporter, signal });
}

async function install(
  { layout, build, clock, reporter }: ChangeByRsyncOptions,
  { tree }: TransferFolders,
  manifest: ClientManifest | undefined,
  entries: readonly IndexEntry[],
  replace: boolean,
): Promise<void> {
  reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
  const index = serialiseIndex(entries);
  const sha256 = hash('sha256', index) as Sha256;
  const contents = manifest?.bytes ?? contentsFor(entries);
  storeIndex(layout, sha256, index);
  const bytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  await installStage({
    layout,
    build: {
      name: build,
      index: { sha256 },
      contents: { hash: manifest?.hash ?? hash('sha256', contents) },
      tree: { bytes, entries: entries.length },
    },
    entries,
    stage: tree,
    contents: stageContents(layout, build, contents),
    owed: [],
    clock,
    replace,
  });
}

async function switchTo({ layout, build, clock, reporter, signal }: ChangeByRsyncOptions): Promise<void> {
  await sealNew({ layout, name: build, clock, reporter, signal });
  reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
  await switchVersion(layout, build, { clock, reporter, signal });
}
