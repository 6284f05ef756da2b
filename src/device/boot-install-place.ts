import { lstatSync, mkdirSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { symlinkAtomic, writeFileAtomic } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { InstallFile, InstallLink } from './boot-install-files.ts';
import { resolveInTree } from './boot-tree.ts';

/** Puts a file into a system. False when it stays as it is: a setting that stands there already. */
export function placeFile(tree: string, { from, to, mode, isSetting }: InstallFile): boolean {
  const path = placeIn(tree, to);
  if (isSetting && lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  const bytes = withSystemErrors('read', from, () => readFileSync(from));
  writeFileAtomic(path, bytes, { mode });
  return true;
}

/** Puts a link into a system; what has the name already stays. */
export function placeLink(tree: string, { to, target }: InstallLink): boolean {
  const path = placeIn(tree, to);
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return false;
  symlinkAtomic(target, path);
  return true;
}

/**
 * Makes `boot/NAME` lead to a file of the system, for loaders that know only that name. What stands there and leads to
 * a file stays.
 */
export function placeBootName(tree: string, name: string, file: string): boolean {
  const path = placeIn(tree, `boot/${name}`);
  if (file === path || resolveInTree(tree, `boot/${name}`) !== undefined) return false;
  const target = relative(dirname(path), file);
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() && readlinkSync(path) === target)
    return false;
  symlinkAtomic(target, path);
  return true;
}

/**
 * The place of a path in a system, with the folders above it made. Links on the way count as the system itself would
 * follow them, so that nothing is ever written outside. Throws `boot-tree-wrong`.
 */
export function placeIn(tree: string, path: string): string {
  const parts = path.split('/');
  const name = parts.pop() ?? '';
  let folder = tree;
  let walked = '';
  for (const part of parts) {
    walked = walked === '' ? part : `${walked}/${part}`;
    const found = resolveInTree(tree, walked);
    folder = found ?? join(folder, part);
    if (found === undefined) {
      // A link that leads nowhere is no place for a folder.
      if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined)
        throw new SatchelError('boot-tree-wrong', { tree, path: walked });
      withSystemErrors('mkdir', folder, () => mkdirSync(folder, 0o755));
    } else if (!lstatSync(found).isDirectory())
      throw new SatchelError('boot-tree-wrong', { tree, path: walked });
  }
  return join(folder, name);
}
