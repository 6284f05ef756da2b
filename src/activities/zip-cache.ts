import { mkdirSync, type Stats, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { diskSpace } from '../os/disk.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { diskReserve } from '../plan/ways.ts';
import { type BundleRecord, bundleName } from '../repository/group-record.ts';
import type { ReadableStore } from '../store/store.ts';
import { writeBundleZip } from './bundle-zip.ts';
import { zipFailures } from './zip-failures.ts';

/** The files that old updaters download, made when they are asked for first. */
export type ZipCache = {
  /**
   * The path of the zip of a bundle; made first if it is not there. Several who ask for it wait for the same. `toLink`:
   * it gets another name elsewhere; then nothing has to go for it, and all such zips together take half of the cache at
   * most. Throws `bundle-zip-too-large`, and `bundle-zip-no-room`, before anything is written, and what reading the
   * store throws; what proved damaged is not read again for a while.
   */
  file(record: BundleRecord, options?: { readonly toLink?: boolean }): Promise<string>;
  /** Bytes of all zips. */
  bytes(): number;
  /** Removes what was used longest ago, with its other names, until there are at most so many bytes. */
  shrink(bytes: number): void;
};

/** What a cache may take, and whom it asks. */
export type ZipCacheOptions = {
  /** Most bytes; {@link usualLimit} when absent. */
  readonly limit?: number;
  /** Makes room for so many bytes, or throws; without it what is free on the disk counts. */
  readonly ensureRoom?: ((bytes: number) => Promise<void>) | undefined;
  /** Bytes that may be written without removing anything; what is free on the disk beyond a reserve when absent. */
  readonly spare?: ((directory: string) => Promise<number>) | undefined;
  /** Folders where zips have further names. */
  readonly linked?: readonly string[] | undefined;
  /** Milliseconds that only grow, for pauses after failures. */
  readonly now?: (() => number) | undefined;
};

/** Most bytes of a cache, unless there is less room. */
const usualLimit = 2 * 2 ** 30;

/** Milliseconds for which it counts what could be spared: a site looks through all that it has for it. */
const sparedFor = 60_000;

/** A twentieth of the disk stays free for whoever else writes there, but never more than this. */
const mostReserve = 2 ** 30;

/** A file of the cache. */
type Found = {
  readonly path: string;
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly used: number;
  /** Tells an inode from every other. */
  readonly inode: string;
  /** True when it has another name: removing it here alone frees nothing. */
  readonly isLinked: boolean;
};

/**
 * Opens the cache in a folder, which is made when it is needed. What another version of zlib has packed otherwise counts
 * as another file, so that a range that was begun never goes on in other bytes.
 */
export function openZipCache(
  directory: string,
  store: ReadableStore,
  options: ZipCacheOptions = {},
): ZipCache {
  const { limit = usualLimit, ensureRoom, spare = spareOnDisk, linked = [] } = options;
  const failures = zipFailures(options.now);
  const making = new Map<string, Promise<string>>();
  /** Bytes of what is being made. */
  let promised = 0;
  /** What could be spared lately: many bundles may be asked for one after the other. */
  let spared = { at: Number.NEGATIVE_INFINITY, bytes: 0 };

  async function make(record: BundleRecord, path: string): Promise<string> {
    withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    removeTemporaries(directory, { olderThanMs: 24 * 60 * 60 * 1000 });
    const needed = mostBytes(record);
    const onDisk = ensureRoom === undefined ? await spare(directory) : Number.POSITIVE_INFINITY;
    const withinLimit = makeRoom(record, needed, onDisk);
    promised += needed;
    try {
      await ensureRoom?.(needed).catch((error: unknown) => {
        if (isSatchelError(error, 'site-budget-full', 'site-disk-reserved')) throw noRoom(record, error);
        throw error;
      });
      // Content with hard links grows beyond what its record tells: then what there is counts.
      const most = Math.min(withinLimit, Math.max(needed, await spareOnDisk(directory)));
      await writeBundleZip(store, record, path, { most });
      return path;
    } finally {
      promised -= needed;
      spared = { ...spared, at: Number.NEGATIVE_INFINITY };
    }
  }

  /** Removes others where that helps, and only then; gives the bytes that the limit leaves to it. */
  function makeRoom(record: BundleRecord, needed: number, onDisk: number): number {
    const own = bytesOf(found(directory).filter(({ isLinked }) => !isLinked));
    const withinLimit = limit - (bytes() - own) - promised;
    const most = Math.min(withinLimit, onDisk + own - promised);
    if (needed > most) throw noRoom(record);
    removeOldest((each) => !each.isLinked, most - needed);
    return withinLimit;
  }

  async function requireSpare(record: BundleRecord, path: string): Promise<void> {
    const zips = found(directory);
    const here = zips.find((each) => each.path === path);
    if (here?.isLinked) return;
    const needed = here?.size ?? mostBytes(record);
    if (bytesOf(zips.filter(({ isLinked }) => isLinked)) + needed > limit / 2) throw noRoom(record);
    if (here !== undefined) return;
    withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
    const now = performance.now();
    if (now - spared.at > sparedFor) spared = { at: now, bytes: await spare(directory) };
    if (needed + promised > spared.bytes) throw noRoom(record);
  }

  /** Of those that are chosen, the last used stay, so many bytes of them. */
  function removeOldest(isChosen: (each: Found) => boolean, most: number): void {
    const files = found(directory)
      .filter(isChosen)
      .sort((one, other) => one.used - other.used);
    let total = bytesOf(files);
    for (const each of files) {
      if (total <= most) return;
      if (each.isLinked) for (const folder of linked) removeNames(folder, each.inode);
      removeTree(each.path);
      total -= each.size;
    }
  }

  const bytes = () => bytesOf(found(directory));

  return {
    async file(record, { toLink = false } = {}) {
      const path = join(directory, `${record.index.sha256}-${process.versions.zlib}.zip`);
      if (toLink) await requireSpare(record, path);
      if (statSync(path, { throwIfNoEntry: false }) !== undefined) {
        touch(path);
        return path;
      }
      const running = making.get(path);
      if (running !== undefined) return running;
      if (mostBytes(record) > limit) throw tooLarge(record, limit);
      failures.throwIfRecent(path);
      const next = make(record, path).finally(() => making.delete(path));
      making.set(path, next);
      next.then(
        () => failures.note(path, undefined),
        (error: unknown) => failures.note(path, error),
      );
      return next;
    },
    bytes,
    shrink: (most) => removeOldest(() => true, most),
  };
}

/** The zips that are in a folder now. */
function found(directory: string): Found[] {
  return listIfThere(directory)
    .filter((name) => name.endsWith('.zip'))
    .flatMap((name) => {
      const path = join(directory, name);
      const stat = statSync(path, { throwIfNoEntry: false });
      if (stat === undefined) return [];
      const { size, mtimeMs: used, nlink } = stat;
      return [{ path, size, used, inode: inodeOf(stat), isLinked: nlink > 1 }];
    });
}

function bytesOf(files: readonly Found[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

/** Most bytes that the zip of a bundle takes: content that cannot be packed, and each path twice. */
function mostBytes({ tree, index, folder }: BundleRecord): number {
  const headers = 2 * index.size + tree.entries * (2 * Buffer.byteLength(folder) + 200);
  return Math.ceil(tree.bytes * 1.001) + headers + 200;
}

function tooLarge(record: BundleRecord, limit: number): SatchelError {
  const parameters = { name: bundleName(record), bytes: formatBytes(mostBytes(record)) };
  return new SatchelError('bundle-zip-too-large', { ...parameters, limit: formatBytes(limit) });
}

function noRoom(record: BundleRecord, cause?: unknown): SatchelError {
  const parameters = { name: bundleName(record), bytes: formatBytes(mostBytes(record)) };
  return new SatchelError('bundle-zip-no-room', parameters, { cause });
}

async function spareOnDisk(directory: string): Promise<number> {
  const { free, total } = diskSpace(directory);
  return free - Math.min(mostReserve, Math.max(diskReserve, total / 20));
}

function removeNames(folder: string, inode: string): void {
  for (const name of listIfThere(folder)) {
    const path = join(folder, name);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && inodeOf(stat) === inode) removeTree(path);
  }
}

function inodeOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** The time of a zip says when it was used last. */
function touch(path: string): void {
  const now = new Date();
  withSystemErrors('utimes', path, () => utimesSync(path, now, now));
}
