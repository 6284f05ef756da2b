import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { IndexEntry } from '../build/entry.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
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
  readonly entries: readonly IndexEntry[];
  /** The complete new tree, below `updates/satchel/stage`. */
  readonly stage: string;
  /** The manifest for old clients. */
  readonly contents: Uint8Array;
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
  writeFileAtomic(join(layout.contents, build.name), contents);
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
  const stage = join(layout.stage, name);
  withSystemErrors('mkdir', layout.stage, () => mkdirSync(layout.stage, { recursive: true, mode: 0o700 }));
  moveToTrash(layout, stage);
  return stage;
}
