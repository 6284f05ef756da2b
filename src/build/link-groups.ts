import type { ByteString } from '../base/byte-string.ts';
import type { IndexEntry, InodeEntry } from './entry.ts';
import { type EntryList, entryAt, hardLinksOf } from './index-table.ts';

/** Names that share one inode, the carrier first, in byte order. Only inodes with two names or more have one. */
export type LinkGroup = { readonly inode: InodeEntry; readonly names: readonly ByteString[] };

/** The link groups of one tree, by the path of the entry that carries the inode. */
export type LinkGroups = ReadonlyMap<ByteString, LinkGroup>;

/** Collects the link groups of entries in byte order. Costs memory for linked names only. */
export function linkGroupsOf(entries: EntryList): LinkGroups {
  const groups = new Map<ByteString, { inode: InodeEntry; names: ByteString[] }>();
  for (const [, entry] of hardLinksOf(entries)) {
    const group = groups.get(entry.link);
    if (group === undefined)
      groups.set(entry.link, { inode: inodeAt(entries, entry.link), names: [entry.link, entry.path] });
    else group.names.push(entry.path);
  }
  return groups;
}

/** The entry that carries the inode of `entry`: itself, or what it is a hard link to. */
export function inodeOf(entry: IndexEntry, groups: LinkGroups): InodeEntry {
  return entry.type === 'hardlink' ? groups.get(entry.link)!.inode : entry;
}

/** The names that share the inode of `entry`; undefined when it has only one. */
export function namesOf(entry: IndexEntry, groups: LinkGroups): readonly ByteString[] | undefined {
  return groups.get(entry.type === 'hardlink' ? entry.link : entry.path)?.names;
}

/** True when two inodes, each in its tree, have the same set of names. */
export function sameNames(
  one: readonly ByteString[] | undefined,
  other: readonly ByteString[] | undefined,
): boolean {
  if (one === undefined || other === undefined) return one === other;
  return one.length === other.length && one.every((name, place) => name === other[place]);
}

function inodeAt(entries: EntryList, path: ByteString): InodeEntry {
  const found = entryAt(entries, path);
  if (found === undefined || found.type === 'hardlink')
    throw new Error('a hard link in checked entries refers to no inode');
  return found;
}
