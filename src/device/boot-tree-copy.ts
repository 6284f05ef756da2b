import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  type Stats,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { allocatedSize, freeSpace } from '../os/disk.ts';
import { setTimes } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { copyNewFile, hashOfFile, readBack } from './boot-copy.ts';
import { requireTree, resolveInTree } from './boot-tree.ts';
import type { DeviceLayout } from './layout.ts';

type Node = { readonly path: string; readonly stat: Stats };

/** The folder `boot` of a version. Throws `version-not-on-disk`, `boot-files-missing`. */
export function requireBootTree(layout: DeviceLayout, build: BuildName): string {
  const tree = requireTree(layout, build);
  const path = resolveInTree(tree, 'boot');
  if (path === undefined || !lstatSync(path).isDirectory() || nodesOf(path).length === 0)
    throw new SatchelError('boot-files-missing', { build, path: join(tree, 'boot') });
  return path;
}

/** What a copy of a folder takes on the file system that holds `place`. */
export function bytesOfTree(folder: string, place: string): number {
  const { blockSize } = freeSpace(place);
  return nodesOf(folder).reduce(
    (sum, { stat }) => sum + (stat.isFile() ? allocatedSize(stat.size, blockSize) : blockSize),
    blockSize,
  );
}

/**
 * Copies what is in a folder into another that is empty, with owners, modes and times; every file is synced and read
 * back. Throws `boot-copy-wrong`.
 */
export function copyBootTree(from: string, to: string): void {
  const nodes = nodesOf(from);
  const written = nodes.map(({ path, stat }) => {
    const source = join(from, path);
    const target = join(to, path);
    if (stat.isFile()) return copyNewFile(source, target);
    withSystemErrors('copy', target, () =>
      stat.isDirectory() ? mkdirSync(target, 0o700) : symlinkSync(readlinkSync(source), target),
    );
    return undefined;
  });
  // Folders last: what is made in them changes their times.
  for (const { path, stat } of nodes.toReversed()) keepInode(join(to, path), stat);
  nodes.forEach(({ path }, number) => {
    const hash = written[number];
    if (hash !== undefined) readBack(join(to, path), hash);
  });
}

/** True when a copy has the same paths with the same content. */
export function sameBootTree(from: string, copy: string): boolean {
  const wanted = nodesOf(from);
  const found = nodesOf(copy);
  if (wanted.length !== found.length) return false;
  return wanted.every(({ path, stat }, number) => {
    const other = found[number]!;
    if (path !== other.path || kindOf(stat) !== kindOf(other.stat)) return false;
    const [one, two] = [join(from, path), join(copy, path)];
    if (stat.isSymbolicLink()) return readlinkSync(one) === readlinkSync(two);
    return !stat.isFile() || (stat.size === other.stat.size && hashOfFile(one) === hashOfFile(two));
  });
}

/**
 * Files, folders and links below a folder, by their relative paths, those above before those below. The name `alt`
 * belongs to the link to the other version (facts, 5.1).
 */
function nodesOf(folder: string, prefix = ''): Node[] {
  const names = withSystemErrors('readdir', folder, () => readdirSync(join(folder, prefix))).sort();
  return names.flatMap((name) => {
    const path = join(prefix, name);
    const stat = withSystemErrors('lstat', join(folder, path), () => lstatSync(join(folder, path)));
    if (kindOf(stat) === 'other' || path === 'alt') return [];
    return [{ path, stat }, ...(stat.isDirectory() ? nodesOf(folder, path) : [])];
  });
}

function kindOf(stat: Stats): 'file' | 'directory' | 'symlink' | 'other' {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  return stat.isSymbolicLink() ? 'symlink' : 'other';
}

function keepInode(path: string, stat: Stats): void {
  withSystemErrors('chown', path, () => {
    if (process.geteuid?.() === 0) lchownSync(path, stat.uid, stat.gid);
    if (!stat.isSymbolicLink()) chmodSync(path, stat.mode & 0o7777);
  });
  setTimes(path, [Math.floor(stat.mtimeMs / 1000), 0]);
}
