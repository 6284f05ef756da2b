import type { ByteString } from '../base/byte-string.ts';
import type { IndexEntry, InodeEntry, ModificationTime } from './entry.ts';

/**
 * Every name of a tree that is being read, and its inode; the root is ''. Names that share an inode share the
 * object, whose `path` is the name under which it was found first.
 */
export type TreeNames = Map<ByteString, InodeEntry>;

/** The directory that stands where a tree does not say: for root, 0755, at the beginning of time. */
export function impliedDirectory(path: ByteString, mtime: ModificationTime = [0, 0]): InodeEntry {
  return { type: 'directory', path, mode: 0o755, uid: 0, gid: 0, mtime, xattrs: [] };
}

/**
 * The entries of a tree in byte order of their paths. Of the names that share an inode the first in byte order
 * carries it, the others become hard links to that one.
 */
export function entriesOf(names: TreeNames): IndexEntry[] {
  const firstNames = new Map<InodeEntry, ByteString>();
  // Without a comparing function strings are sorted by their character codes, which here are bytes.
  return [...names.keys()].sort().map((path) => {
    const inode = names.get(path)!;
    const link = firstNames.get(inode);
    if (link !== undefined) return { type: 'hardlink', path, link };
    firstNames.set(inode, path);
    return inode.path === path ? inode : { ...inode, path };
  });
}

/** The moment that every inode gets, as the old image builder did: milliseconds since 1970 as a time of an entry. */
export function modificationTimeOf(milliseconds: number): ModificationTime {
  const seconds = Math.floor(milliseconds / 1000);
  return [seconds, Math.floor((milliseconds - seconds * 1000) * 1_000_000)];
}
