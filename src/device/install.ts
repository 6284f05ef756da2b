import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { IndexEntry } from '../build/entry.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { BuildRecord } from '../repository/records.ts';
import type { Owed } from './apply-metadata.ts';
import { writeInstalled } from './installed.ts';
import { type DeviceLayout, ledgerFile, pristineTree } from './layout.ts';
import { ledgerOfTree, writeLedger } from './ledger.ts';
import { writeOwed } from './owed.ts';
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
  const ledger = ledgerOfTree(stage, entries, build.index.sha256);
  await syncFilesystem(layout.own);
  // A tree without a record was left by a power cut between the two, or by somebody else's hand.
  if (existsSync(tree)) moveToTrash(layout, tree);
  withSystemErrors('rename', tree, () => renameSync(stage, tree));
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
  });
}

/** An empty place for a new tree; what an interrupted run left there goes to the trash first. */
export function freshStage(layout: DeviceLayout, name: BuildName): string {
  const stage = join(layout.stage, name);
  withSystemErrors('mkdir', layout.stage, () => mkdirSync(layout.stage, { recursive: true, mode: 0o700 }));
  if (existsSync(stage)) moveToTrash(layout, stage);
  return stage;
}
