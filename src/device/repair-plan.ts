import { lstatSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import type { FileEntry, InodeEntry } from '../build/entry.ts';
import { type EntryList, entryAt, hardLinksOf } from '../build/index-table.ts';
import { errnoOf } from '../os/system-error.ts';
import type { Damaged } from './damage.ts';
import { checkContent } from './read-check.ts';

/** What has to be done so that a tree is what its index says. */
export type RepairPlan = {
  /** Topmost paths that the index does not have. */
  readonly remove: readonly ByteString[];
  /** Directories to make or to correct, parents first. */
  readonly directories: readonly InodeEntry[];
  /** Inodes to make new, with all their further names: a damaged one is never changed in place. */
  readonly inodes: readonly { readonly entry: InodeEntry; readonly names: readonly ByteString[] }[];
  /** Further names whose inode is sound: they only have to be linked to it again. */
  readonly relink: readonly { readonly path: ByteString; readonly first: ByteString }[];
  /** Where in the tree the right content of a file still is, by the file's first path. */
  readonly own: ReadonlyMap<ByteString, ByteString>;
  /** Files whose content has to come from elsewhere, in index order. */
  readonly fetch: readonly FileEntry[];
};

/**
 * Turns damage into work. Reads the damaged files once more, because a file with the wrong owner or a second
 * name of a lost one often still has the right content.
 */
export function planRepair(tree: string, entries: EntryList, damaged: readonly Damaged[]): RepairPlan {
  const remove: ByteString[] = [];
  const directories: InodeEntry[] = [];
  const inodes = new Map<ByteString, InodeEntry>();
  const linksOnly: { path: ByteString; first: ByteString }[] = [];
  for (const { path } of damaged) {
    const entry = entryAt(entries, path);
    if (entry === undefined) remove.push(path);
    else if (entry.type === 'directory') directories.push(entry);
    else if (entry.type === 'hardlink') linksOnly.push({ path, first: entry.link });
    else inodes.set(path, entry);
  }
  const names = furtherNames(entries, inodes);
  const own = new Map<ByteString, ByteString>();
  const fetch: FileEntry[] = [];
  for (const entry of inodes.values()) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    const found = [entry.path, ...(names.get(entry.path) ?? [])].find((path) => holds(tree, path, entry));
    if (found === undefined) fetch.push(entry);
    else own.set(entry.path, found);
  }
  return {
    remove,
    directories: directories.sort(byPath),
    inodes: [...inodes.values()].sort(byPath).map((entry) => ({ entry, names: names.get(entry.path) ?? [] })),
    relink: linksOnly.filter(({ first }) => !inodes.has(first)),
    own,
    fetch: fetch.sort(byPath),
  };
}

function furtherNames(
  entries: EntryList,
  inodes: ReadonlyMap<ByteString, InodeEntry>,
): Map<ByteString, ByteString[]> {
  const names = new Map<ByteString, ByteString[]>();
  for (const [, entry] of hardLinksOf(entries)) {
    if (!inodes.has(entry.link)) continue;
    const known = names.get(entry.link);
    if (known) known.push(entry.path);
    else names.set(entry.link, [entry.path]);
  }
  return names;
}

/** True when the path is a regular file of the tree with this content. Anything that cannot be read is not. */
function holds(tree: string, path: ByteString, entry: FileEntry): boolean {
  try {
    if (!isReachedByDirectories(tree, path)) return false;
    return checkContent(pathBelow(tree, path), entry) === 'right';
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    return false;
  }
}

/** A parent that became a symlink would lead to files that are not the tree's. */
function isReachedByDirectories(tree: string, path: ByteString): boolean {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    const parent = pathBelow(tree, path.slice(0, end) as ByteString);
    if (lstatSync(parent, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  }
  return true;
}

function byPath(one: { readonly path: ByteString }, other: { readonly path: ByteString }): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0;
}
