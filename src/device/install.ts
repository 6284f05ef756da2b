import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { EntryList } from '../build/index-table.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { renameTree } from '../os/rename-tree.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { BuildRecord } from '../repository/records.ts';
import type { Owed } from './apply-metadata.ts';
import { writeInstalled } from './installed.ts';
import { type DeviceLayout, ledgerFile, pristineTree } from './layout.ts';
import { writeLedger } from './ledger.ts';
import { writeOwed } from './owed.ts';
import { discardVersion } from './purge.ts';
import { recordTree } from './record-tree.ts';
import { moveToTrash } from './trash.ts';

export type InstallOptions = {
  readonly layout: DeviceLayout;
  readonly build: BuildRecord;
  readonly entries: EntryList;
  /** The complete new tree, below `updates/satchel/stage`. */
  readonly stage: string;
  /** Where the manifest for old clients has been written: see {@link stageContents}. */
  readonly contents: string;
  readonly owed: readonly Owed[];
  readonly clock: Clock;
};

/**
 * Makes a staged tree a version of the device: on disk, under its name, with its ledger and manifest, and
 * last the record that says it is complete. What a power cut leaves before that counts as absent.
 */
export async function installStage(options: InstallOptions): Promise<void> {
  const { layout, build, entries, stage, contents, owed, clock } = options;
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
  // A tree of that name was left by a power cut, or is an old build that had the name before.
  discardVersion(layout, build.name);
  renameTree(stage, tree);
  syncDirectory(dirname(tree));
  writeLedger(ledgerFile(layout, build.name), ledger);
  writeOwed(layout, build.name, owed);
  withSystemErrors('rename', contents, () => renameSync(contents, join(layout.contents, build.name)));
  syncDirectory(layout.contents);
  writeInstalled(layout, {
    name: build.name,
    index: build.index.sha256,
    contentsHash: build.contents.hash,
    installedAt: new Date(clock()).toISOString(),
    size: build.tree.bytes,
    entries: build.tree.entries,
    sequence: build.sequence,
  });
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
