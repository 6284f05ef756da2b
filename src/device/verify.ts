import type { BigIntStats } from 'node:fs';
import { type ByteString, displayOf, pathBelow } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { IndexEntry, InodeEntry } from '../build/entry.ts';
import type { EntryList } from '../build/index-table.ts';
import { setTimes } from '../os/system-calls.ts';
import { errnoOf } from '../os/system-error.ts';
import { isSealed } from '../os/verity.ts';
import type { Damaged } from './damage.ts';
import { readInstalled, readInstalledIndex } from './installed.ts';
import { type DeviceLayout, ledgerFile, pristineTree } from './layout.ts';
import { clearRow, createLedger, type Ledger, readLedger, setRow, writeLedger } from './ledger.ts';
import { type OwedByPath, readOwed } from './owed.ts';
import { type ReadItem, type ReadOutcome, readItem } from './read-check.ts';
import { createTreeCheck, type Inspection } from './tree-check.ts';
import { readAll } from './verify-pool.ts';

export type VerifyOptions = {
  readonly layout: DeviceLayout;
  /** An installed version. */
  readonly name: BuildName;
  /**
   * False: look at every inode, read what does not look as it was recorded.
   * True: read everything, which also finds what changed without a trace.
   */
  readonly full: boolean;
  /** True to seal the files that are right; see seal.ts, which asks first whether that can and may be. */
  readonly seal?: boolean;
  /** True to report what is owed as damage, for root that is about to repair it. */
  readonly owedIsDamage?: boolean;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What verifying a version found. */
export type Verification = {
  readonly name: BuildName;
  readonly full: boolean;
  /** In byte order of the paths. */
  readonly damaged: readonly Damaged[];
  /** Lines of the index. */
  readonly entries: number;
  /** Files whose content was read. */
  readonly filesRead: number;
  readonly bytesRead: number;
  /** Paths that only root may read, so their content is not known. */
  readonly unread: readonly ByteString[];
  /** There for a version that is sealed. */
  readonly seals?: Seals;
};

/** How many files of a version the kernel guards; of those that are not damaged. */
export type Seals = {
  /** Regular files with content. */
  readonly files: number;
  readonly sealed: number;
  /** Of those, what was sealed now. */
  readonly added: number;
  /** Could not be sealed, because somebody writes to them. */
  readonly busy: readonly ByteString[];
};

/** How many entries are looked at before others get their turn. */
const entriesPerTurn = 2000;

/**
 * Compares the pristine tree of an installed version with its index. Changes nothing in the tree; the ledger
 * is brought up to date, so that what was read once and was right is not read again.
 * Throws `version-not-installed`, `installed-index-damaged`, `cancelled`.
 */
export async function verifyTree(options: VerifyOptions): Promise<Verification> {
  const { layout, name } = options;
  const record = readInstalled(layout, name);
  if (record === undefined) throw new SatchelError('version-not-installed', { name });
  const isSealed = record.sealedAt !== undefined;
  return verifyAgainst(options, readInstalledIndex(layout, name), record.index, isSealed);
}

/**
 * As {@link verifyTree}, for a tree of which nothing is recorded. `expectSeals`: files that are not sealed are read.
 * Throws `cancelled`.
 */
export async function verifyAgainst(
  options: VerifyOptions,
  entries: EntryList,
  index: Sha256,
  expectSeals = false,
): Promise<Verification> {
  const { reporter, signal, name } = options;
  const verifying = start(options, entries, index, expectSeals);
  for (let first = 0; first < entries.length; first += entriesPerTurn) {
    throwIfCancelled(signal);
    inspectSome(verifying, first, Math.min(first + entriesPerTurn, entries.length));
    reporter.progress({ step: 'verify', done: first, total: entries.length, unit: 'entries' });
    await new Promise((resolve) => setImmediate(resolve));
  }
  await readUnsure(verifying);
  keepLedger(verifying);
  if (verifying.unread.length > 0)
    reporter.notice('verify-unreadable', {
      count: verifying.unread.length,
      path: displayOf(verifying.unread[0]!),
    });
  const found = result(verifying);
  const { files, sealed } = found.seals ?? { files: 0, sealed: 0 };
  if (!options.seal && sealed < files) reporter.notice('seal-missing', { count: files - sealed, name });
  return found;
}

type Verifying = {
  readonly options: VerifyOptions;
  readonly tree: string;
  readonly entries: EntryList;
  readonly ledger: Ledger;
  readonly owed: OwedByPath;
  readonly check: ReturnType<typeof createTreeCheck>;
  readonly toRead: ReadItem[];
  /** What `lstat` told about the entries that have no row yet, by their number. */
  readonly unsure: Map<number, BigIntStats>;
  /** Numbers of all inodes seen, except directories. */
  readonly inodes: Set<bigint>;
  readonly damaged: Damaged[];
  readonly unread: ByteString[];
  /** There when seals are to be there, or to be made. */
  readonly seals: { files: number; sealed: number; added: number; readonly busy: ByteString[] } | undefined;
  filesRead: number;
  bytesRead: number;
  ledgerChanged: boolean;
};

function start(options: VerifyOptions, entries: EntryList, index: Sha256, expectSeals: boolean): Verifying {
  const { layout, name } = options;
  const tree = pristineTree(layout, name);
  const ledger =
    readLedger(ledgerFile(layout, name), index, entries.length) ?? createLedger(index, entries.length);
  const owed: OwedByPath = options.owedIsDamage ? new Map() : readOwed(layout, name);
  return {
    options,
    tree,
    entries,
    ledger,
    owed,
    check: createTreeCheck({ tree, entries, ledger, owed }),
    toRead: [],
    unsure: new Map(),
    inodes: new Set(),
    damaged: [],
    unread: [],
    seals: expectSeals || options.seal ? { files: 0, sealed: 0, added: 0, busy: [] } : undefined,
    filesRead: 0,
    bytesRead: 0,
    ledgerChanged: false,
  };
}

function inspectSome(verifying: Verifying, first: number, end: number): void {
  const { entries, check, options } = verifying;
  for (let number = first; number < end; number += 1) {
    const entry = entries.at(number)!;
    const inspection = inspect(verifying, number, entry);
    if (inspection.state === 'damaged') addDamage(verifying, number, entry, inspection.reason);
    if (entry.type === 'directory' && (options.full || inspection.state !== 'as-recorded'))
      for (const path of check.extras(entry.path)) verifying.damaged.push({ path, reason: 'extra' });
    if (inspection.state !== 'as-recorded' && inspection.state !== 'unsure') continue;
    if (entry.type === 'hardlink') continue;
    if (entry.type !== 'directory' && isShared(verifying, inspection.stat.ino)) {
      addDamage(verifying, number, entry, 'links');
      continue;
    }
    const lacksSeal = !hasSeal(verifying, entry);
    if (options.full || inspection.state === 'unsure' || lacksSeal)
      addToRead(verifying, number, entry, inspection, lacksSeal && options.seal === true);
  }
}

/**
 * Sealing changes the time of a file, which is set back at once; a power cut between the two leaves a sealed file that
 * is right but for its time, and sealing again mends that.
 */
function inspect({ check, tree, options }: Verifying, number: number, entry: IndexEntry): Inspection {
  const found = check.inspect(number);
  if (!options.seal || found.state !== 'damaged' || found.reason !== 'time' || entry.type !== 'file')
    return found;
  const path = pathBelow(tree, entry.path);
  if (!isSealed(path)) return found;
  setTimes(path, entry.mtime);
  return check.inspect(number);
}

/** False for a file that should be sealed and is not: it is not the one that was sealed. */
function hasSeal({ seals, tree }: Verifying, entry: InodeEntry): boolean {
  if (seals === undefined || entry.type !== 'file' || entry.size === 0) return true;
  seals.files += 1;
  if (!isSealed(pathBelow(tree, entry.path))) return false;
  seals.sealed += 1;
  return true;
}

/** True when an earlier entry that is no name of this inode has it too: somebody linked equal files. */
function isShared({ inodes }: Verifying, inode: bigint): boolean {
  if (inodes.has(inode)) return true;
  inodes.add(inode);
  return false;
}

function addDamage(
  verifying: Verifying,
  number: number,
  { path }: IndexEntry,
  reason: Damaged['reason'],
): void {
  verifying.damaged.push({ path, reason });
  if (verifying.ledger.mode[number] === 0) return;
  clearRow(verifying.ledger, number);
  verifying.ledgerChanged = true;
}

function addToRead(
  verifying: Verifying,
  number: number,
  entry: InodeEntry,
  inspection: Inspection & { state: 'as-recorded' | 'unsure' },
  seal: boolean,
): void {
  const item = readItem(number, entry, verifying.owed.get(entry.path));
  verifying.toRead.push(seal ? { ...item, seal } : item);
  if (inspection.state === 'unsure') verifying.unsure.set(number, inspection.stat);
}

async function readUnsure(verifying: Verifying): Promise<void> {
  const { toRead, tree, options } = verifying;
  const total = toRead.reduce((sum, { content }) => sum + (content?.size ?? 0), 0);
  await readAll(tree, toRead, {
    signal: options.signal,
    onOutcome(item, outcome) {
      takeOutcome(verifying, item, outcome);
      options.reporter.progress({ step: 'verify', done: verifying.bytesRead, total, unit: 'bytes' });
    },
  });
}

function takeOutcome(verifying: Verifying, item: ReadItem, outcome: ReadOutcome): void {
  const { number, content, path } = item;
  if (outcome === 'forbidden') {
    verifying.unread.push(path);
    return;
  }
  if (content !== undefined) {
    verifying.filesRead += 1;
    verifying.bytesRead += content.size;
  }
  if (verifying.seals !== undefined) countSeal(verifying.seals, item, outcome);
  const stat = verifying.unsure.get(number);
  if (outcome !== 'right' && outcome !== 'busy') {
    addDamage(verifying, number, verifying.entries.at(number)!, outcome);
  } else if (stat !== undefined) {
    // The row is from before the reading, so a change since then shows next time.
    setRow(verifying.ledger, number, stat);
    verifying.ledgerChanged = true;
  }
}

function countSeal(seals: NonNullable<Verifying['seals']>, item: ReadItem, outcome: ReadOutcome): void {
  if (outcome === 'busy') seals.busy.push(item.path);
  if (!item.seal || outcome !== 'right') return;
  seals.sealed += 1;
  seals.added += 1;
}

/** The ledger only saves reading: another user than the owner verifies without keeping it. */
function keepLedger({ ledgerChanged, ledger, options }: Verifying): void {
  // With what is owed taken for damage, the rows of owed paths are gone from this copy.
  if (!ledgerChanged || options.owedIsDamage) return;
  try {
    writeLedger(ledgerFile(options.layout, options.name), ledger);
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function result(verifying: Verifying): Verification {
  const { options, entries, damaged, filesRead, bytesRead, unread, seals } = verifying;
  const { name, full } = options;
  const inOrder = damaged.toSorted((one, other) => (one.path < other.path ? -1 : 1));
  const found = { name, full, damaged: inOrder, entries: entries.length, filesRead, bytesRead, unread };
  return seals === undefined ? found : { ...found, seals };
}
