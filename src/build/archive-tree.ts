import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { InodeEntry, ModificationTime } from './entry.ts';
import { parentOf } from './entry-rules.ts';
import { metadataDifferences } from './inode-differences.ts';
import { impliedDirectory, type TreeNames } from './tree.ts';
import { createSizeGuard } from './tree-size.ts';

/** The tree that unpacking an archive member by member makes, without unpacking it. */
export interface ArchiveTree {
  /** Puts an inode at its path, in the place of what was there: that name alone, not others of the old inode. */
  place(inode: InodeEntry): void;
  /** Makes `path` a further name of what `target` names now. */
  link(path: ByteString, target: ByteString): void;
  /** Every name and its inode. */
  readonly names: TreeNames;
}

/** What a tree does beside placing members. */
export type ArchiveTreeOptions = {
  /** The time of directories that only the paths of others imply; the beginning of time when absent. */
  readonly impliedMtime: ModificationTime | undefined;
  /** Hears of every path that an earlier member had, unless the repetition changes nothing. */
  readonly onRepeated: (path: ByteString) => void;
};

/**
 * A tree with the rules of GNU tar as it extracts: the last of repeated members wins, a directory may be
 * repeated and takes the new metadata, an empty directory may be replaced. Refused is what tar would follow
 * out of the tree or fail at: members below a symlink or another file, replacing a directory that is not
 * empty, hard links to what is missing or a directory, and more than an index may hold (`tree-too-large`).
 */
export function createArchiveTree({ impliedMtime, onRepeated }: ArchiveTreeOptions): ArchiveTree {
  const names: TreeNames = new Map();
  const watchSize = createSizeGuard();
  const implied = new Set<ByteString>();
  /** Directories that have anything in them; they stay directories, because only empty ones may be replaced. */
  const occupied = new Set<ByteString>();
  // Neighbours mostly share their directory, so one remembered directory saves nearly all searches.
  let lastOccupied: ByteString | undefined;

  const occupy = (directory: ByteString, child: ByteString): void => {
    if (directory === lastOccupied) return;
    const found = names.get(directory);
    if (found === undefined) {
      if (directory !== '') occupy(parentOf(directory), child);
      const made = impliedDirectory(directory, impliedMtime);
      names.set(directory, made);
      implied.add(directory);
      watchSize(made);
    } else if (found.type !== 'directory') {
      const code = found.type === 'symlink' ? 'tree-through-symlink' : 'tree-parent-not-directory';
      throw new SatchelError(code, { path: displayOf(child), parent: displayOf(directory) });
    }
    occupied.add(directory);
    lastOccupied = directory;
  };

  const put = (path: ByteString, inode: InodeEntry): void => {
    const isDirectory = inode.type === 'directory';
    if (path === '' && !isDirectory) throw new SatchelError('tree-root-not-directory', { path: '.' });
    const existing = names.get(path);
    if (existing === undefined) {
      if (path !== '') occupy(parentOf(path), path);
    } else {
      if (!isDirectory && occupied.has(path))
        throw new SatchelError('tree-directory-not-empty', { path: displayOf(path) });
      const unchanged =
        isDirectory &&
        existing.type === 'directory' &&
        (implied.delete(path) || metadataDifferences(existing, inode).length === 0);
      if (!unchanged) onRepeated(path);
    }
    names.set(path, inode);
    watchSize(inode);
  };

  // So that there is a root whatever the archive says.
  names.set('' as ByteString, impliedDirectory('' as ByteString, impliedMtime));
  implied.add('' as ByteString);

  return {
    names,
    place: (inode) => put(inode.path, inode),
    link(path, target) {
      const found = names.get(target);
      const parameters = { path: displayOf(path), link: displayOf(target) };
      if (found === undefined) throw new SatchelError('tree-link-missing', parameters);
      if (found.type === 'directory') throw new SatchelError('tree-link-to-directory', parameters);
      put(path, found);
    },
  };
}
