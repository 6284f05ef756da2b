import { type Dirent, readdirSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import { withSystemErrors } from './system-error.ts';

/** One name of a tree; the root itself is not among them. */
export type TreeName = { readonly path: ByteString; readonly isDirectory: boolean };

/**
 * Every name below a directory, in byte order of the whole paths (so `a`, `a-b`, `a/c`: as an index has them).
 * Does not follow symlinks and does not read anything but directories.
 */
export function* walkTree(root: string): Generator<TreeName, void> {
  yield* walkBelow(root, '' as ByteString);
}

function* walkBelow(root: string, directory: ByteString): Generator<TreeName, void> {
  const prefix = directory === '' ? '' : `${directory}/`;
  for (const { key, isDirectory } of visits(children(root, directory))) {
    if (key.endsWith('/')) yield* walkBelow(root, `${prefix}${key.slice(0, -1)}` as ByteString);
    else yield { path: `${prefix}${key}` as ByteString, isDirectory };
  }
}

/**
 * The names of one directory and, as a name with a slash, the moment to go into a subdirectory: everything
 * below `a` comes where `a/` sorts, which is after `a-b`.
 */
function visits(names: Dirent[]): Visit[] {
  const found: Visit[] = [];
  for (const name of names) {
    const isDirectory = name.isDirectory();
    found.push({ key: name.name, isDirectory });
    if (isDirectory) found.push({ key: `${name.name}/`, isDirectory });
  }
  return found.sort((one, other) => (one.key < other.key ? -1 : 1));
}

type Visit = { readonly key: string; readonly isDirectory: boolean };

function children(root: string, directory: ByteString): Dirent[] {
  const path = pathBelow(root, directory);
  return withSystemErrors('readdir', path, () =>
    readdirSync(path, { withFileTypes: true, encoding: 'latin1' }),
  );
}
