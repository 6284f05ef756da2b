import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, displayOf, pathBelow } from '../base/byte-string.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { freedWithout } from '../os/disk-use.ts';
import { listIfThere } from '../os/if-there.ts';
import { mountsBelow } from '../os/mounts.ts';
import { displayPath, errnoOf, systemError, withSystemErrors } from '../os/system-error.ts';
import { bootStageFiles } from './boot-stage-order.ts';
import { releaseHeld } from './held.ts';
import { listVersions } from './installed.ts';
import { readJournal } from './journal.ts';
import { discardOtherLayers, layerOf, nextLayerOf } from './layers.ts';
import { type DeviceLayout, ledgerFile, owedFile, recordFile } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { runningVersion } from './running-version.ts';
import { emptyTrashNow, moveToTrash } from './trash.ts';
import { activeTrial, readTrial } from './trial.ts';
import { trialMarks } from './trial-marks.ts';

/** No refresh of metadata takes so long, in milliseconds. */
const refreshLimit = 24 * 60 * 60 * 1000;

/** Why a version stays. */
export type StayReason = 'current' | 'alternate' | 'running' | 'trial' | 'sticky' | 'wanted';

/** What a purge did. */
export type Purged = {
  /** Names of versions that stay, with the reason that comes first. */
  readonly kept: ReadonlyMap<string, StayReason>;
  /** Names of versions whose trees went. */
  readonly removed: readonly string[];
};

/** What a purge may be told. */
export type PurgeOptions = {
  readonly reporter?: Reporter;
  /**
   * True when a trial ends well: the version before it goes although the file of the trial is still there, and what an
   * update has begun to make stays.
   */
  readonly isKeeping?: boolean;
  /** A version that stays too: the one that is switched to next. */
  readonly spared?: BuildName | undefined;
};

/**
 * Takes everything out of the way that no version in use needs, by the rules of the old initramfs (facts,
 * 5.3) and, unlike it, keeping the version to go back to and the one that runs. With an entry
 * `sticky/<current>` nothing goes at all; nor on a device that boots nothing yet. What is moved to the trash
 * is deleted by `emptyTrash`. The caller holds the device lock.
 */
export function purgeVersions(layout: DeviceLayout, options: PurgeOptions = {}): Purged {
  const { reporter = silentReporter, isKeeping = false } = options;
  const { reasons, isAll, strayMarks } = keptVersions(layout, options);
  for (const name of strayMarks) removeFile(join(layout.sticky, name));
  if (isAll) return { kept: reasons, removed: [] };
  const kept = new Set(reasons.keys());
  // First the loader: it must never name what is going.
  openBootPointer(layout).forgetOthers(kept);
  const removed = purgeTrees(layout, kept, reporter);
  discardOtherLayers(layout, kept);
  // What takes the place of a version that is not complete any more is all that there is.
  const isStaging = isKeeping || existsSync(bootStageFiles(layout).begun);
  if (!isStaging) for (const name of names(layout.stage)) moveToTrash(layout, pathBelow(layout.stage, name));
  releaseHeld(layout);
  purgeRecords(layout);
  purgeTemporaries(layout);
  return { kept: reasons, removed };
}

/** Names of the versions that `purgeVersions` would remove now. */
export function whatPurgeRemoves(layout: DeviceLayout, options: PurgeOptions = {}): string[] {
  const { reasons, isAll } = keptVersions(layout, options);
  if (isAll) return [];
  return names(layout.pristine)
    .filter((name) => !reasons.has(name))
    .map(displayOf)
    .sort();
}

/**
 * Which versions stay and why; `isAll`: nothing goes at all; `strayMarks`: names in `sticky/` that were put there for a
 * trial which never began or is over, so that they mean nothing.
 */
function keptVersions(
  layout: DeviceLayout,
  { reporter = silentReporter, isKeeping = false, spared }: PurgeOptions,
) {
  const { current, alternate } = openBootPointer(layout).read();
  const trial = isKeeping ? undefined : activeTrial(layout);
  const strayMarks = trialMarks(layout).filter((name) => name !== trial?.previous);
  const sticky = listIfThere(layout.sticky).filter((name) => !strayMarks.includes(name));
  const reasons: Map<string, StayReason> = new Map();
  for (const name of sticky) reasons.set(name, 'sticky');
  if (trial !== undefined) reasons.set(trial.previous, 'trial');
  const running = runningVersion(layout);
  if (running !== undefined) reasons.set(running, 'running');
  if (alternate !== undefined) reasons.set(alternate, 'alternate');
  if (current === undefined) return { reasons, isAll: true, strayMarks };
  if (sticky.includes(current)) {
    reporter.notice('purge-sticky', { path: join(layout.sticky, current) });
    return { reasons, isAll: true, strayMarks };
  }
  reasons.set(current, 'current');
  if (spared !== undefined) reasons.set(spared, 'wanted');
  return { reasons, isAll: false, strayMarks };
}

/**
 * Gives up the version to go back to, to make room before an update; nothing happens when there is none, or
 * when it runs or is sticky. Its room is free afterwards. The caller holds the device lock.
 */
export function reclaimAlternate(layout: DeviceLayout, reporter: Reporter): void {
  const alternate = versionToReclaim(layout);
  if (alternate !== undefined) {
    const boot = openBootPointer(layout);
    const current = boot.read().current!;
    const running = runningVersion(layout);
    // The pointer first: it must never name a version that is going.
    boot.switchTo(current);
    boot.forgetOthers(
      new Set([current, ...listIfThere(layout.sticky), ...(running === undefined ? [] : [running])]),
    );
    discardVersion(layout, alternate);
    reporter.notice('reclaimed-first', { build: alternate });
  }
  emptyTrashNow(layout);
}

/** Bytes of disk and inodes that `reclaimAlternate` would give back. */
export function reclaimable(layout: DeviceLayout): { readonly bytes: number; readonly inodes: number } {
  const alternate = versionToReclaim(layout);
  const trees = alternate === undefined ? [] : foldersOf(layout, alternate);
  const trash = listIfThere(layout.trash).map((name) => join(layout.trash, name));
  return freedWithout([...trash, ...trees]);
}

function versionToReclaim(layout: DeviceLayout): BuildName | undefined {
  const { current, alternate } = openBootPointer(layout).read();
  if (current === undefined || alternate === undefined || alternate === current) return undefined;
  if (alternate === runningVersion(layout) || listIfThere(layout.sticky).includes(alternate))
    return undefined;
  return alternate;
}

/**
 * Takes one version out of the way. Its record goes first, so that at no moment a tree that is not complete
 * is called so.
 */
export function discardVersion(layout: DeviceLayout, name: BuildName): void {
  removeFile(recordFile(layout, name));
  for (const folder of foldersOf(layout, name)) moveToTrash(layout, folder);
  removeFile(ledgerFile(layout, name));
  removeFile(owedFile(layout, name));
}

/** What a version takes most room with. */
function foldersOf(layout: DeviceLayout, name: BuildName): string[] {
  const trees = [layout.pristine, layout.run, layout.contents].map((directory) => join(directory, name));
  return [...trees, layerOf(layout, name).folder, nextLayerOf(layout, name).folder];
}

function purgeTrees(layout: DeviceLayout, kept: ReadonlySet<string>, reporter: Reporter): string[] {
  const removed = new Set<string>();
  for (const directory of [layout.pristine, layout.run, layout.contents]) {
    for (const name of names(directory)) {
      if (kept.has(name)) continue;
      const path = pathBelow(directory, name);
      const [mount] = mountsBelow(path);
      if (mount !== undefined) {
        reporter.notice('purge-mounted', { path: displayPath(path), mount });
        continue;
      }
      if (directory === layout.pristine) removeFile(join(layout.builds, `${displayOf(name)}.json`));
      moveToTrash(layout, path);
      if (directory === layout.pristine) removed.add(displayOf(name));
    }
  }
  return [...removed].sort();
}

/** Our files about versions that have no tree, and indexes that neither a version nor a begun update needs. */
function purgeRecords(layout: DeviceLayout): void {
  const versions = listVersions(layout);
  const stay = new Set(versions.map(({ name }) => name as string));
  const removeOthers = (directory: string, suffix: string) => {
    for (const name of names(directory)) {
      const known = name.endsWith(suffix) && stay.has(name.slice(0, name.length - suffix.length));
      if (!known) removeFile(pathBelow(directory, name));
    }
  };
  removeOthers(layout.builds, '.json');
  removeOthers(layout.ledgers, '');
  removeOthers(layout.owed, '.jsonl');
  const failed = readTrial(layout)?.build;
  for (const name of names(layout.bootLogs))
    if (displayOf(name) !== `${failed}.log` && !stay.has(name.replace(/\.log$/, '')))
      removeFile(pathBelow(layout.bootLogs, name));
  const indexes = new Set<string>(versions.map(({ record }) => record?.index ?? ''));
  const pending = readJournal(layout).pending?.index;
  if (pending !== undefined) indexes.add(pending);
  for (const name of names(layout.indexes))
    if (!indexes.has(name)) removeFile(pathBelow(layout.indexes, name));
}

/** What killed processes left. Metadata is refreshed, and reports are made, without the device lock, so there age has to tell. */
function purgeTemporaries(layout: DeviceLayout): void {
  for (const folder of [layout.own, layout.versions, layout.bootPartition]) removeTemporaries(folder);
  for (const folder of [layout.trust, join(layout.trust, 'targets'), layout.reports])
    removeTemporaries(folder, { olderThanMs: refreshLimit });
}

function names(directory: string): ByteString[] {
  try {
    return readdirSync(directory, 'latin1') as ByteString[];
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw systemError(error, 'readdir', directory);
  }
}

function removeFile(path: string | Buffer): void {
  withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
}
