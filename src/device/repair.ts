import { randomBytes } from 'node:crypto';
import { chmodSync, linkSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { entryAt } from '../build/index-table.ts';
import { removeTree } from '../os/remove-tree.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { applyMetadata, type Owed } from './apply-metadata.ts';
import { isMountedLower } from './held.ts';
import { type DeviceLayout, ledgerFile, pristineTree } from './layout.ts';
import { createLedger, readLedger, setRow, writeLedger } from './ledger.ts';
import { readOwed, writeOwed } from './owed.ts';
import { restoreBeside } from './repair-beside.ts';
import { type ContentSource, contentAt, makeInode } from './restore-inode.ts';
import type { Restored, RestoreOptions } from './restore-options.ts';
import { sealAgain } from './seal.ts';

/**
 * Makes a pristine tree what its index says. Inodes are made new outside the tree and renamed over the damaged
 * names, because other versions and the running tree may share the old ones; all names of a hard-linked inode
 * move to the new one. A tree that an overlay shows is not touched at all, see `restoreBeside`. Stopped at any moment,
 * the tree is not worse than before, and the same call goes on.
 * What was sealed is sealed again. The caller holds the device lock. Throws `restored-content-wrong`, `cancelled`.
 */
export async function restoreEntries(options: RestoreOptions): Promise<Restored> {
  const { layout, name, reporter, signal } = options;
  const restored = await (isMountedLower(layout, name) ? restoreBeside(options) : restoreInPlace(options));
  await sealAgain({ layout, name, full: false, reporter, signal });
  return restored;
}

async function restoreInPlace(options: RestoreOptions): Promise<Restored> {
  const { plan, layout, reporter, signal } = options;
  const restoring: Restoring = {
    ...options,
    tree: pristineTree(layout, options.name),
    touched: new Set(),
    owed: [],
  };
  for (const path of plan.remove) removeExtra(restoring, path);
  for (const { path } of plan.directories) ensureDirectory(restoring, path);
  const total = plan.inodes.length + plan.relink.length;
  for (const [done, { entry, names }] of plan.inodes.entries()) {
    throwIfCancelled(signal);
    reporter.progress({ step: 'stage', done, total, unit: 'files' });
    await restoreInode(restoring, entry.path, names);
  }
  for (const { path, first } of plan.relink) linkAgain(restoring, path, first);
  correctDirectories(restoring);
  await syncFilesystemInBackground(layout.own);
  keepRecords(restoring);
  const restored = plan.directories.length + total;
  return { restored, removed: plan.remove.length, owed: restoring.owed, rebootNeeded: false };
}

type Restoring = RestoreOptions & {
  readonly tree: string;
  /** Paths that were put in their place. */
  readonly touched: Set<ByteString>;
  readonly owed: Owed[];
};

function removeExtra(restoring: Restoring, path: ByteString): void {
  makeParentWritable(restoring, path);
  removeTree(pathBelow(restoring.tree, path));
}

function ensureDirectory(restoring: Restoring, path: ByteString): void {
  const full = pathBelow(restoring.tree, path);
  restoring.touched.add(path);
  withSystemErrors('mkdir', full, () => {
    if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory()) return;
    makeParentWritable(restoring, path);
    removeTree(full);
    mkdirSync(full, 0o700);
  });
}

async function restoreInode(
  restoring: Restoring,
  path: ByteString,
  names: readonly ByteString[],
): Promise<void> {
  const { entries, plan, tree, layout, signal } = restoring;
  const entry = entryAt(entries, path);
  if (entry === undefined || entry.type === 'hardlink') throw new Error('the plan is of another index');
  const own = plan.own.get(path);
  const source: ContentSource = own === undefined ? restoring.content : () => contentAt(pathBelow(tree, own));
  const fresh = freshName(layout);
  const owed = await makeInode(fresh, entry, source, signal);
  if (owed === undefined) {
    restoring.owed.push({ path, what: 'device' });
    return;
  }
  restoring.owed.push(...owed);
  place(restoring, fresh, path);
  for (const name of names) linkAgain(restoring, name, path);
}

/** Gives the inode of `first` the further name `path`. */
function linkAgain(restoring: Restoring, path: ByteString, first: ByteString): void {
  const { tree, layout } = restoring;
  const from = pathBelow(tree, first);
  const fresh = freshName(layout);
  withSystemErrors('link', from, () => {
    const inode = lstatSync(from, { bigint: true });
    const present = lstatSync(pathBelow(tree, path), { bigint: true, throwIfNoEntry: false });
    // Renaming one name of an inode over another does nothing and would leave the first behind.
    if (present?.ino === inode.ino && present.dev === inode.dev) return;
    linkSync(from, fresh);
    place(restoring, fresh, path);
  });
}

/** Moves something that is complete over whatever has its name in the tree. */
function place(restoring: Restoring, fresh: string, path: ByteString): void {
  const full = pathBelow(restoring.tree, path);
  withSystemErrors('rename', full, () => {
    makeParentWritable(restoring, path);
    if (lstatSync(full, { throwIfNoEntry: false })?.isDirectory()) removeTree(full);
    renameSync(fresh, full);
  });
  restoring.touched.add(path);
}

/** An ordinary user may own directories that it may not write; they get their mode back at the end. */
function makeParentWritable(restoring: Restoring, path: ByteString): void {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('/'))) as ByteString;
  restoring.touched.add(parent);
  if (process.geteuid?.() === 0) return;
  const full = pathBelow(restoring.tree, parent);
  const mode = lstatSync(full).mode & 0o7777;
  if ((mode & 0o700) !== 0o700) chmodSync(full, mode | 0o700);
}

/** Every change of a name changed the times of its directory. Deepest first, so that none is touched again. */
function correctDirectories({ tree, entries, touched, owed }: Restoring): void {
  for (const path of [...touched].sort().reverse()) {
    const entry = entryAt(entries, path);
    if (entry?.type === 'directory') owed.push(...applyMetadata(pathBelow(tree, path), entry));
  }
}

/** Brings ledger and list of what is owed up to date for the paths that are right again. */
function keepRecords({ layout, name, entries, index, tree, touched, owed }: Restoring): void {
  const file = ledgerFile(layout, name);
  const ledger = readLedger(file, index, entries.length) ?? createLedger(index, entries.length);
  for (const [row, entry] of entries.entries()) {
    if (!touched.has(entry.path)) continue;
    const stat = lstatSync(pathBelow(tree, entry.path), { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) setRow(ledger, row, stat);
  }
  const before = [...readOwed(layout, name)].filter(([path]) => !touched.has(path));
  const stillOwed = before.flatMap(([path, parts]) => [...parts].map((what) => ({ path, what })));
  writeOwed(layout, name, [...stillOwed, ...owed]);
  writeLedger(file, ledger);
}

function freshName(layout: DeviceLayout): string {
  return join(layout.stage, `repair.${randomBytes(8).toString('hex')}`);
}
