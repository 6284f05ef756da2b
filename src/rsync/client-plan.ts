import type { ByteString } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { contentsDifferences } from '../build/contents.ts';
import type { ContentsEntry } from '../formats/olpc-contents.ts';
import { freeSpace } from '../os/disk.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import { diskReserve } from '../plan/ways.ts';
import type { ClientBase } from './client-base.ts';
import type { RsyncItem } from './client-changes.ts';

/** What has to be fetched, and what it takes at most. */
export type ClientPlan = {
  /** Paths that are not shared with the base, in byte order. */
  readonly listed: readonly ByteString[];
  /** How many paths differ from the base; all of them when there is none. */
  readonly changed: number;
  /** Bytes of the files that differ: more than travels, since rsync sends only the changed parts of a file. */
  readonly bytes: number;
  /** Bytes of disk. */
  readonly disk: number;
};

/** By our own manifest: the base need not be read, nor the tree of the server. */
export function planByManifest(contents: readonly ContentsEntry[], base: ClientBase | undefined): ClientPlan {
  const different = base && new Set(contentsDifferences(contents, base.entries).map(({ path }) => path));
  return planOf(
    contents.map(({ path, type, size = 0 }) => ({ path, isDirectory: type === 'd', size })),
    (path) => different === undefined || different.has(path),
    base,
  );
}

/** By what rsync found when it read both trees. */
export function planByComparison(items: readonly RsyncItem[], base: ClientBase): ClientPlan {
  const there = items.filter(({ state }) => state !== 'extra').toSorted(byPath);
  const different = new Set(there.filter(({ state }) => state === 'different').map(({ path }) => path));
  return planOf(there, (path) => different.has(path), base);
}

/** Nothing is known before: everything is fetched. */
export const planForEverything: ClientPlan = { listed: [], changed: 0, bytes: 0, disk: 0 };

function planOf(
  paths: readonly Pick<RsyncItem, 'path' | 'isDirectory' | 'size'>[],
  isDifferent: (path: ByteString) => boolean,
  base: ClientBase | undefined,
): ClientPlan {
  const listed: ByteString[] = [];
  let [changed, bytes, disk] = [0, 0, 0];
  for (const { path, isDirectory, size } of paths) {
    if (isDifferent(path)) changed += 1;
    if (isDirectory) {
      disk += directoryDisk;
      continue;
    }
    if (!isDifferent(path) && base?.unshared.has(path) !== true) continue;
    listed.push(path);
    bytes += size;
    disk += fileDisk(size);
  }
  // Without a base there is nothing to tell apart: one run brings everything.
  return { listed: base === undefined ? [] : listed, changed, bytes, disk };
}

/** Refuses what does not fit on the disk. Throws `plan-no-space`. */
export function requireSpace({ disk }: ClientPlan, build: BuildName, directory: string): void {
  const { bytes: free } = freeSpace(directory);
  if (disk + diskReserve <= free) return;
  throw new SatchelError('plan-no-space', {
    build,
    disk: formatBytes(disk),
    reserve: formatBytes(diskReserve),
    free: formatBytes(free),
  });
}

function byPath(one: Pick<RsyncItem, 'path'>, other: Pick<RsyncItem, 'path'>): number {
  return one.path < other.path ? -1 : 1;
}
