import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { type ByteString, byteString, pathBelow } from '../base/byte-string.ts';
import type { IndexEntry, InodeEntry } from '../build/entry.ts';
import { type EntryList, entryAt } from '../build/index-table.ts';
import { errnoOf, withSystemErrors } from '../os/system-error.ts';
import type { DamageReason } from './damage.ts';
import { type Ledger, rowMatches } from './ledger.ts';
import { statDifference } from './metadata-check.ts';
import type { OwedByPath } from './owed.ts';

/** What looking at a path, without reading it, tells about its entry. */
export type Inspection =
  /** The inode looks as it did when it was right. */
  | { readonly state: 'as-recorded'; readonly stat: BigIntStats }
  /** It fits its entry, but content and extended attributes have to be read to be sure. */
  | { readonly state: 'unsure'; readonly stat: BigIntStats }
  | { readonly state: 'damaged'; readonly reason: DamageReason }
  /** A device node that an ordinary user could not make. */
  | { readonly state: 'owed' };

/** Compares the paths of one tree with its index and its ledger. Reads no content. */
export type TreeCheck = {
  /** Looks at one entry by its number. */
  inspect(entryNumber: number): Inspection;
  /** Paths directly in this directory of the tree that the index does not have. */
  extras(directory: ByteString): ByteString[];
};

export type TreeCheckOptions = {
  /** Absolute path of the tree. */
  readonly tree: string;
  readonly entries: EntryList;
  /** Absent: nothing is known about the inodes. */
  readonly ledger?: Ledger | undefined;
  readonly owed: OwedByPath;
};

/** Makes the check of one tree. Entries may be looked at in any order. */
export function createTreeCheck(options: TreeCheckOptions): TreeCheck {
  const { tree, entries, ledger, owed } = options;
  const directories = new Map<ByteString, boolean>();

  const look = (path: ByteString): BigIntStats | undefined => {
    const full = pathBelow(tree, path);
    return withSystemErrors('lstat', full, () => lstatSync(full, { bigint: true, throwIfNoEntry: false }));
  };

  /** A directory that became a symlink would lead out of the tree: what is below it counts as missing. */
  const isSound = (directory: ByteString): boolean => {
    const known = directories.get(directory);
    if (known !== undefined) return known;
    const sound =
      (directory === '' || isSound(parentOf(directory))) && look(directory)?.isDirectory() === true;
    directories.set(directory, sound);
    return sound;
  };

  const inspect = (entryNumber: number): Inspection => {
    const entry = entries.at(entryNumber)!;
    if (entry.path !== '' && !isSound(parentOf(entry.path))) return missing(entry);
    const stat = look(entry.path);
    if (entry.type === 'directory') directories.set(entry.path, stat?.isDirectory() === true);
    if (stat === undefined) return missing(entry);
    return entry.type === 'hardlink' ? inspectLink(stat, entry.link) : inspectInode(entryNumber, entry, stat);
  };

  const missing = (entry: IndexEntry): Inspection =>
    isOwedDevice(entry, entries, owed) ? { state: 'owed' } : { state: 'damaged', reason: 'missing' };

  const inspectLink = (stat: BigIntStats, first: ByteString): Inspection => {
    const shared = isSound(parentOf(first)) ? look(first) : undefined;
    // When the first name itself is wrong, that is told there; this one only has to share its inode.
    if (shared?.ino !== stat.ino || shared.dev !== stat.dev) return { state: 'damaged', reason: 'links' };
    return { state: 'as-recorded', stat };
  };

  const inspectInode = (row: number, entry: InodeEntry, stat: BigIntStats): Inspection => {
    const asRecorded = ledger !== undefined && rowMatches(ledger, row, stat);
    const excuses = {
      owed: owed.size === 0 ? undefined : owed.get(entry.path),
      recordedTime: ledger !== undefined && ledger.mode[row] !== 0 ? ledger.mtime[row] : undefined,
    };
    // A ledger that was written for damaged metadata must not hide the damage for ever.
    const reason = statDifference(entry, stat, excuses);
    const isSymlink = entry.type === 'symlink' && stat.isSymbolicLink();
    // Where a symlink leads matters more than its time, which changes with it.
    if (isSymlink && targetOf(pathBelow(tree, entry.path)) !== entry.target)
      return { state: 'damaged', reason: 'target' };
    if (reason !== undefined) return { state: 'damaged', reason };
    return { state: asRecorded ? 'as-recorded' : 'unsure', stat };
  };

  const extras = (directory: ByteString): ByteString[] => {
    if (!isSound(directory)) return [];
    const full = pathBelow(tree, directory);
    const prefix = directory === '' ? '' : `${directory}/`;
    return withSystemErrors('readdir', full, () => readdirSync(full, 'latin1'))
      .map((name) => `${prefix}${name}` as ByteString)
      .filter((path) => entryAt(entries, path) === undefined)
      .sort();
  };

  return { inspect, extras };
}

function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as ByteString;
}

/** A further name of an owed device is owed like the first. */
function isOwedDevice(entry: IndexEntry, entries: EntryList, owed: OwedByPath): boolean {
  if (owed.size === 0) return false;
  const inode = entry.type === 'hardlink' ? entryAt(entries, entry.link) : entry;
  return (inode?.type === 'char' || inode?.type === 'block') && owed.get(inode.path)?.has('device') === true;
}

function targetOf(path: string | Buffer): ByteString | undefined {
  try {
    return byteString(readlinkSync(path, { encoding: 'buffer' }));
  } catch (error) {
    if (errnoOf(error) === 'EINVAL' || errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
