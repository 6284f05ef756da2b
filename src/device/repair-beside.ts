import { randomBytes } from 'node:crypto';
import { linkSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import type { InodeEntry } from '../build/entry.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { errnoOf, systemError, withSystemErrors } from '../os/system-error.ts';
import { applyMetadata, type Owed } from './apply-metadata.ts';
import { exchangeHeld } from './held.ts';
import { layerOf } from './layers.ts';
import { ledgerFile, pristineTree } from './layout.ts';
import { ledgerOfTree, writeLedger } from './ledger.ts';
import { readOwed, writeOwed } from './owed.ts';
import { contentAt, makeInode } from './restore-inode.ts';
import type { Restored, RestoreOptions } from './restore-options.ts';

/** How many entries are linked before others get their turn. */
const entriesPerTurn = 500;

/**
 * As `restoreEntries`, for a tree that an overlay shows: nothing in it may change, so a whole new tree is made beside
 * it, from links to what is right and from new inodes for the rest. It takes the place of the old one in one step;
 * that stays where it is held, so that the running system reads on from it until the next boot. Stopped at any moment
 * the device has the one or the other.
 */
export async function restoreBeside(options: RestoreOptions): Promise<Restored> {
  const { layout, name, plan, entries, index, reporter } = options;
  const fresh = join(layout.stage, `repair.${randomBytes(8).toString('hex')}`);
  const making: Making = {
    ...{ options, fresh, tree: pristineTree(layout, name), owed: [] },
    wanted: new Map(plan.inodes.map(({ entry }) => [entry.path, entry])),
    stillOwed: readOwed(layout, name),
  };
  try {
    await makeEntries(making);
    finishDirectories(making);
    keepLayer(making);
    await syncFilesystemInBackground(layout.own);
    exchangeHeld(layout, name, fresh);
  } catch (error) {
    removeTree(fresh);
    throw error;
  }
  reporter.notice('repair-held', { name });
  writeOwed(layout, name, making.owed);
  writeLedger(ledgerFile(layout, name), ledgerOfTree(making.tree, entries, index));
  const restored = plan.directories.length + plan.inodes.length + plan.relink.length;
  return { restored, removed: plan.remove.length, owed: making.owed, rebootNeeded: true };
}

type Making = {
  readonly options: RestoreOptions;
  /** The tree that is being made. */
  readonly fresh: string;
  /** The one that is in use. */
  readonly tree: string;
  /** Inodes that are made new, by their first path. */
  readonly wanted: ReadonlyMap<ByteString, InodeEntry>;
  /** What was owed to the old tree, so also to what is linked from it. */
  readonly stillOwed: ReturnType<typeof readOwed>;
  readonly owed: Owed[];
};

/** In the order of the index, in which folders come before what is in them and first names before further ones. */
async function makeEntries(making: Making): Promise<void> {
  const { entries, reporter, signal } = making.options;
  for (const [done, entry] of entries.entries()) {
    if (done % entriesPerTurn === 0) {
      throwIfCancelled(signal);
      reporter.progress({ step: 'stage', done, total: entries.length, unit: 'entries' });
      await new Promise((resolve) => setImmediate(resolve));
    }
    const path = pathBelow(making.fresh, entry.path);
    if (entry.type === 'directory') withSystemErrors('mkdir', path, () => mkdirSync(path, 0o700));
    else if (entry.type === 'hardlink') linkNames(making, entry.link, entry.path);
    else if (making.wanted.has(entry.path)) await makeNew(making, entry);
    else await linkOld(making, entry);
  }
}

/** A further name; none when there is no first, because it is a device that is owed. */
function linkNames({ fresh, owed }: Making, first: ByteString, path: ByteString): void {
  if (owed.some((one) => one.path === first && one.what === 'device')) return;
  const to = pathBelow(fresh, path);
  withSystemErrors('link', to, () => linkSync(pathBelow(fresh, first), to));
}

async function makeNew(making: Making, entry: InodeEntry): Promise<void> {
  const { plan, content, signal } = making.options;
  const own = plan.own.get(entry.path);
  const source = own === undefined ? content : () => contentAt(pathBelow(making.tree, own));
  await makeAt(making, entry, source, signal);
}

async function linkOld(making: Making, entry: InodeEntry): Promise<void> {
  const { tree, fresh, stillOwed, owed, options } = making;
  const from = pathBelow(tree, entry.path);
  const parts = stillOwed.get(entry.path);
  try {
    linkSync(from, pathBelow(fresh, entry.path));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EMLINK') return makeAt(making, entry, () => contentAt(from), options.signal);
    if (errno !== 'ENOENT' || !parts?.has('device')) throw systemError(error, 'link', from);
  }
  for (const what of parts ?? []) owed.push({ path: entry.path, what });
}

async function makeAt(
  { fresh, owed }: Making,
  entry: InodeEntry,
  source: RestoreOptions['content'],
  signal: AbortSignal | undefined,
): Promise<void> {
  const path = pathBelow(fresh, entry.path);
  const made = await makeInode(path, entry, source, signal);
  owed.push(...(made ?? [{ path: entry.path, what: 'device' as const }]));
}

/** Deepest first, so that none is touched again. */
function finishDirectories({ options, fresh, owed }: Making): void {
  const { entries } = options;
  for (let number = entries.length - 1; number >= 0; number -= 1) {
    const entry = entries.at(number)!;
    if (entry.type === 'directory') owed.push(...applyMetadata(pathBelow(fresh, entry.path), entry));
  }
}

/**
 * The layer of a version that had no record when it was made knows its tree by the inode, and would not know the new
 * one: from now on it knows it by the index, as others do.
 */
function keepLayer({ options: { layout, name, index }, tree }: Making): void {
  const file = layerOf(layout, name).index;
  const known = readFileIfThere(file)?.toString('latin1').trim();
  if (known === `inode-${lstatSync(tree, { bigint: true }).ino}`) writeFileAtomic(file, `${index}\n`);
}
