import { mkdirSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { removeTemporaries } from '../os/atomic-file.ts';
import { freeSpace } from '../os/disk.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { diskReserve } from '../plan/ways.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import type { ReadableStore } from '../store/store.ts';
import { writeBundleZip } from './bundle-zip.ts';

/** The files that old updaters download, made when they are asked for first. */
export type ZipCache = {
  /** The path of the zip of a bundle; made first if it is not there. Several who ask for it wait for the same. */
  file(record: BundleRecord): Promise<string>;
  /** Bytes of all zips. */
  bytes(): number;
  /** Removes what was used longest ago until there are at most so many bytes. */
  shrink(bytes: number): void;
};

/** Most bytes of a cache, unless there is less room. */
const usualLimit = 2 * 2 ** 30;

/**
 * Opens the cache in a folder, which is made when it is needed. What another version of zlib has packed otherwise counts
 * as another file, so that a range that was begun never goes on in other bytes.
 */
export function openZipCache(
  directory: string,
  store: ReadableStore,
  options: {
    readonly limit?: number;
    /** Makes room for so many bytes, or throws; without it what is free on the disk counts. */
    readonly ensureRoom?: ((bytes: number) => Promise<void>) | undefined;
  } = {},
): ZipCache {
  const making = new Map<string, Promise<string>>();
  const limit = options.limit ?? usualLimit;

  async function make(record: BundleRecord, path: string): Promise<string> {
    withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    removeTemporaries(directory, { olderThanMs: 24 * 60 * 60 * 1000 });
    const free = freeSpace(directory).bytes - diskReserve;
    const { ensureRoom } = options;
    const most = ensureRoom === undefined ? Math.min(limit, bytes() + free) : limit;
    shrink(Math.max(0, most - record.tree.bytes));
    await ensureRoom?.(record.tree.bytes);
    await writeBundleZip(store, record, path);
    return path;
  }

  function found(): { readonly path: string; readonly size: number; readonly used: number }[] {
    return listIfThere(directory)
      .filter((name) => name.endsWith('.zip'))
      .flatMap((name) => {
        const path = join(directory, name);
        const stat = statSync(path, { throwIfNoEntry: false });
        return stat === undefined ? [] : [{ path, size: stat.size, used: stat.mtimeMs }];
      });
  }

  function bytes(): number {
    return found().reduce((sum, { size }) => sum + size, 0);
  }

  function shrink(most: number): void {
    const files = found().sort((one, other) => one.used - other.used);
    let total = files.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of files) {
      if (total <= most) return;
      removeTree(path);
      total -= size;
    }
  }

  return {
    async file(record) {
      const path = join(directory, `${record.index.sha256}-${process.versions.zlib}.zip`);
      if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
        touch(path);
        return path;
      }
      const running = making.get(path) ?? make(record, path).finally(() => making.delete(path));
      making.set(path, running);
      return running;
    },
    bytes,
    shrink,
  };
}

/** The time of a zip says when it was used last. */
function touch(path: string): void {
  const now = new Date();
  withSystemErrors('utimes', path, () => utimesSync(path, now, now));
}
