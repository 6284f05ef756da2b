import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
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
        const file = statSync(join(path, name), { throwIfNoEntry: false });
        if (!file?.isFile() || file.size > limit) continue;
        found.set(
          name,
          withSystemErrors('read', join(path, name), () => readFileSync(join(path, name))),
        );
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
  const unusual: string[] = [];
  for (const name of namesIn(path)) {
    const found = statSync(join(path, name), { throwIfNoEntry: false });
    if (found?.isDirectory()) folders.push(name);
    else if (!found?.isFile()) continue;
    else if (!isStoredName(name)) unusual.push(name);
    else files.push({ name, size: found.size, modified: found.mtime.toISOString() });
  }
  return { files, folders, unusual };
}

function namesIn(path: string): string[] {
  try {
    return readdirSync(path).sort();
  } catch (error) {
    const code = errnoOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new SatchelError('store-not-found', { location: path, name: '.' }, { cause: error });
    return withSystemErrors('readdir', path, () => {
      throw error;
    });
  }
}
