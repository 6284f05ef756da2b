import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { readSideFile } from '../build/set-file.ts';
import { errnoOf, withSystemErrors } from '../os/system-error.ts';
import { isStoredName } from '../store/names.ts';
import type { Listing, Place, RemoteFile } from './upstream-place.ts';

/** A directory of this machine: a mounted share, a stick. Its files are read where they are. */
export function directoryPlace(path: string): Place {
  return {
    location: path,
    path,
    list: async () => listDirectory(path),
    readSmall: async (names, limit) => {
      const found = new Map<string, Buffer>();
      for (const name of names) {
        const file = lstatSync(join(path, name), { throwIfNoEntry: false });
        if (!file?.isFile() || file.size > limit) continue;
        found.set(name, readSideFile(join(path, name), limit, { noLinks: true }));
      }
      return found;
    },
    // Whoever takes builds from here publishes them from where they are.
    fetch: async () => {},
    close: async () => {},
  };
}

function listDirectory(path: string): Listing {
  const files: RemoteFile[] = [];
  const folders: string[] = [];
  const links: string[] = [];
  const unusual: string[] = [];
  for (const name of namesIn(path)) {
    const found = lstatSync(join(path, name), { throwIfNoEntry: false });
    if (found?.isDirectory()) folders.push(name);
    else if (found?.isSymbolicLink()) links.push(name);
    else if (!found?.isFile()) continue;
    else if (!isStoredName(name)) unusual.push(name);
    else files.push({ name, size: found.size, modified: found.mtime.toISOString() });
  }
  return { files, folders, links, unusual };
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SatchelError('upstream-directory-missing', { path }, { cause: error });
    return withSystemErrors('readdir', path, () => {
      throw error;
    });
  }
}
