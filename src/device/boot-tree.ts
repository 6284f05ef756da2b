import { lstatSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { listIfThere } from '../os/if-there.ts';
import { errnoOf, systemError, withSystemErrors } from '../os/system-error.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';

/** What a loader needs of a version: files in its tree, not links. */
export type BootFiles = { readonly kernel: string; readonly initramfs: string };

/** Names of a kernel and of an initramfs in the folder `boot`, those that count first before the others. */
export const kernelNames: readonly string[] = ['vmlinuz', 'bzImage'];
export const initramfsNames: readonly string[] = ['initrd.img', 'initrd', 'initramfs.img'];

/** Most links on the way to one file, as for the kernel. */
const mostLinks = 40;

/** The tree of a version that is about to be booted. Throws `version-not-on-disk`. */
export function requireTree(layout: DeviceLayout, name: BuildName): string {
  const path = pristineTree(layout, name);
  const found = withSystemErrors('stat', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (!found?.isDirectory()) throw new SatchelError('version-not-on-disk', { name, path });
  return path;
}

/**
 * Kernel and initramfs in the tree of a version: `boot/vmlinuz` and `boot/initrd.img`, else those with the highest
 * number in their names. Throws `version-not-on-disk`, `boot-files-missing`.
 */
export function bootFilesOf(layout: DeviceLayout, build: BuildName): BootFiles {
  const tree = requireTree(layout, build);
  const kernel = findBootFile(tree, kernelNames, /^vmlinuz-/);
  const initramfs = findBootFile(tree, initramfsNames, /^(initrd\.img|initramfs|initrd)-/);
  if (kernel === undefined)
    throw new SatchelError('boot-files-missing', { build, path: join(tree, 'boot/vmlinuz') });
  if (initramfs === undefined)
    throw new SatchelError('boot-files-missing', { build, path: join(tree, 'boot/initrd.img') });
  return { kernel, initramfs };
}

/** The file in the folder `boot` of a tree: one of the names, else the highest that has the pattern. */
export function findBootFile(tree: string, usual: readonly string[], pattern: RegExp): string | undefined {
  const numbered = listIfThere(join(tree, 'boot'))
    .filter((name) => pattern.test(name) && !/rescue|kdump|\.(bak|old|sig|hmac)$/.test(name))
    .sort((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  for (const name of [...usual, ...numbered]) {
    const path = resolveInTree(tree, `boot/${name}`);
    if (path !== undefined && lstatSync(path).isFile()) return path;
  }
  return undefined;
}

/**
 * Follows the links of a path as if the tree were `/`: an absolute link of a system leads into that system.
 * Undefined where there is nothing.
 */
export function resolveInTree(tree: string, path: string): string | undefined {
  const left = path.split('/');
  const done: string[] = [];
  let links = 0;
  while (left.length > 0) {
    const part = left.shift()!;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const here = join(tree, ...done, part);
    const found = lstatIfThere(here);
    if (found === undefined) return undefined;
    if (!found.isSymbolicLink()) {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > mostLinks) return undefined;
    const target = withSystemErrors('readlink', here, () => readlinkSync(here));
    if (target.startsWith('/')) done.length = 0;
    left.unshift(...target.split('/'));
  }
  return join(tree, ...done);
}

function lstatIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if (errnoOf(error) === 'ENOTDIR') return undefined;
    throw systemError(error, 'lstat', path);
  }
}
