import { linkSync, mkdirSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import { removeTree } from '../os/remove-tree.ts';
import { errnoOf, type SystemPath, withSystemErrors } from '../os/system-error.ts';
import { walkTree } from '../os/tree-walk.ts';

/**
 * Makes a second tree of hard links to the files of `tree` without the hidden paths. rsync links whatever has the same
 * size, time and attributes, and would put the old file in the place of a new one that differs in nothing else: what
 * is known to differ must not be where it looks. Only names are made; nothing of the inodes changes.
 */
export function makeShadow(tree: string, hidden: ReadonlySet<ByteString>, shadow: string): void {
  removeTree(shadow);
  withSystemErrors('link', shadow, () => {
    mkdirSync(shadow, { mode: 0o700 });
    for (const { path, isDirectory } of walkTree(tree)) {
      if (isDirectory) mkdirSync(pathBelow(shadow, path), { mode: 0o700 });
      else if (!hidden.has(path)) linkUnlessFull(pathBelow(tree, path), pathBelow(shadow, path));
    }
  });
}

/** An inode with as many names as the file system allows is fetched like one that differs. */
function linkUnlessFull(from: SystemPath, to: SystemPath): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errnoOf(error) !== 'EMLINK') throw error;
  }
}
