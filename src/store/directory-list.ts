import { type Dirent, promises as fs } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { systemError } from '../os/system-error.ts';
import { isStoredName } from './names.ts';
import type { Stored } from './store.ts';

/**
 * All stored files below `root` whose names start with the prefix, in byte order. What no store wrote (temporary
 * files, the lock, symlinks that lead nowhere, other names) is passed over; so is what vanishes meanwhile.
 */
export async function* listDirectory(root: string, prefix: string): AsyncGenerator<Stored> {
  const folder = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  yield* listFolder(root, folder, prefix);
}

async function* listFolder(root: string, folder: string, prefix: string): AsyncGenerator<Stored> {
  for (const { name, isFolder } of await readFolder(root, folder)) {
    const isWanted = isFolder ? name.startsWith(prefix) || prefix.startsWith(name) : name.startsWith(prefix);
    if (!isWanted) continue;
    if (isFolder) yield* listFolder(root, name, prefix);
    else {
      const stored = await describe(root, name);
      if (stored !== undefined) yield stored;
    }
  }
}

type Child = { readonly name: string; readonly isFolder: boolean };

/** Folders end in a slash, so that sorting them among files sorts all names below them. */
async function readFolder(root: string, folder: string): Promise<Child[]> {
  let children: Dirent[];
  try {
    children = await fs.readdir(join(root, folder), { withFileTypes: true });
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw systemError(error, 'readdir', join(root, folder));
  }
  return children
    .filter(({ name }) => isStoredName(folder + name))
    .map((child) => {
      const isFolder = child.isDirectory();
      return { name: folder + child.name + (isFolder ? '/' : ''), isFolder };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function describe(root: string, name: string): Promise<Stored | undefined> {
  try {
    const information = await fs.stat(join(root, name));
    if (!information.isFile()) return undefined;
    return { name, size: information.size, modified: Math.floor(information.mtimeMs) };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw systemError(error, 'stat', join(root, name));
  }
}
