import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { EntryList } from '../build/index-table.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { renameTree } from '../os/rename-tree.ts';
import { exchangeNames, syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { Owed } from './apply-metadata.ts';
import { writeInstalled } from './installed.ts';
import { type DeviceLayout, ledgerFile, pristineTree, recordFile } from './layout.ts';
import { writeLedger } from './ledger.ts';
import { writeOwed } from './owed.ts';
import { discardVersion } from './purge.ts';
import { recordTree } from './record-tree.ts';
import { moveToTrash } from './trash.ts';

/** What a version is called and measured by: a build's record, or what was found out about a tree without one. */
export type VersionIdentity = {
  readonly name: BuildName;
  /** SHA-256 of the uncompressed index. */
  readonly index: { readonly sha256: Sha256 };
  readonly contents: { readonly hash: string };
  readonly tree: { readonly bytes: number; readonly entries: number };
  /** Its place in the order of publications; unknown for what did not come from a repository. */
  readonly sequence?: number | undefined;
};

export type InstallOptions = {
  readonly layout: DeviceLayout;
  readonly build: VersionIdentity;
  readonly entries: EntryList;
  /** The complete new tree, below `updates/satchel/stage`. */
  readonly stage: string;
  /** Where the manifest for old clients has been written: see {@link stageContents}. */
  readonly contents: string;
  readonly owed: readonly Owed[];
  readonly clock: Clock;
  /**
   * True to put the tree in the place of one of that name that the device boots: the name never stands for nothing,
   * and what runs from `versions/run` stays as it is.
   */
  readonly replace?: boolean;
};

/**
 * Makes a staged tree a version of the device: on disk, under its name, with its ledger and manifest, and
 * last the record that says it is complete. What a power cut leaves before that counts as absent.
 */
export async function installStage(options: InstallOptions): Promise<void> {
  const { layout, build, entries, stage, owed } = options;
  const tree = pristineTree(layout, build.name);
  const { ledger, damaged } = recordTree({ tree: stage, entries, index: build.index.sha256, owed });
  const first = damaged[0];
  if (first !== undefined)
    throw new SatchelError('staged-tree-damaged', {
      build: build.name,
      count: damaged.length,
      path: displayOf(first.path),
    });
  await syncFilesystemInBackground(layout.own);
  if (options.replace) replaceTree(layout, build.name, stage);
  else {
    // A tree of that name was left by a power cut, or is an old build that had the name before.
    discardVersion(layout, build.name);
    renameTree(stage, tree);
  }
  syncDirectory(dirname(tree));
  writeLedger(ledgerFile(layout, build.name), ledger);
  writeOwed(layout, build.name, owed);
  recordVersion(options);
}

/** Gives a version whose tree is in its place its manifest, and last the record that says that it is complete. */
export function recordVersion({
  layout,
  build,
  contents,
  clock,
}: Pick<InstallOptions, 'layout' | 'build' | 'contents' | 'clock'>): void {
  withSystemErrors('rename', contents, () => renameSync(contents, join(layout.contents, build.name)));
  syncDirectory(layout.contents);
  writeInstalled(layout, {
    name: build.name,
    index: build.index.sha256,
    contentsHash: build.contents.hash,
    installedAt: new Date(clock()).toISOString(),
    size: build.tree.bytes,
    entries: build.tree.entries,
    ...(build.sequence === undefined ? {} : { sequence: build.sequence }),
  });
}

/** The record goes first, so that at no moment it stands for a tree that is not its own. */
function replaceTree(layout: DeviceLayout, name: BuildName, stage: string): void {
  const record = recordFile(layout, name);
  withSystemErrors('unlink', record, () => rmSync(record, { force: true }));
  syncDirectory(dirname(record));
  exchangeNames(stage, pristineTree(layout, name));
  moveToTrash(layout, stage);
}

/** An empty place for a new tree; what an interrupted run left there goes to the trash first. */
export function freshStage(layout: DeviceLayout, name: BuildName): string {
  withSystemErrors('mkdir', layout.stage, () => mkdirSync(layout.stage, { recursive: true, mode: 0o700 }));
  discardStage(layout, name);
  return join(layout.stage, name);
}

/** Writes the manifest beside the tree that is being staged; the path. It is on disk when the tree is. */
export function stageContents(layout: DeviceLayout, name: BuildName, contents: Uint8Array): string {
  const path = stagedContents(layout, name);
  withSystemErrors('write', path, () => writeFileSync(path, contents));
  return path;
}

/** Takes what was staged of a build out of the way. */
export function discardStage(layout: DeviceLayout, name: BuildName): void {
  moveToTrash(layout, join(layout.stage, name));
  moveToTrash(layout, stagedContents(layout, name));
}

/** No build has such a name: they do not begin with a full stop. */
function stagedContents(layout: DeviceLayout, name: BuildName): string {
  return join(layout.stage, `.contents-${name}`);
}
