import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import { listIfThere } from './if-there.ts';
import { withSystemErrors } from './system-error.ts';

/** Bytes of disk that an entry takes. */
export function bytesOnDisk({ blocks }: Pick<Stats, 'blocks'>): number {
  // POSIX counts them in these, whatever the file system hands out.
  return blocks * 512;
}

/**
 * Bytes of disk of everything in folders that need not be there. Several names of one inode count each. What somebody
 * else has put there and keeps to himself does not count.
 */
export function bytesBelow(folders: readonly string[]): number {
  let bytes = 0;
  for (const folder of folders) {
    for (const name of ifAllowed(() => listIfThere(folder)) ?? []) {
      const path = join(folder, name);
      const stat = ifAllowed(() =>
        withSystemErrors('stat', path, () => lstatSync(path, { throwIfNoEntry: false })),
      );
      if (stat !== undefined) bytes += bytesOnDisk(stat) + (stat.isDirectory() ? bytesBelow([path]) : 0);
    }
  }
  return bytes;
}

/**
 * What deleting these files and folders, with all below them, would give back: bytes of disk, and inodes. What has other
 * names elsewhere stays. As `bytesBelow` does, leaves out what may not be looked at.
 */
export function freedWithout(paths: readonly string[]): { readonly bytes: number; readonly inodes: number } {
  const namesLeft = new Map<number, number>();
  let bytes = 0;
  let inodes = 0;
  const visit = (path: string) => {
    const stat = ifAllowed(() =>
      withSystemErrors('stat', path, () => lstatSync(path, { throwIfNoEntry: false })),
    );
    if (stat === undefined) return;
    if (stat.isDirectory())
      for (const name of ifAllowed(() => listIfThere(path)) ?? []) visit(join(path, name));
    else if (stat.nlink > 1) {
      const left = (namesLeft.get(stat.ino) ?? stat.nlink) - 1;
      namesLeft.set(stat.ino, left);
      if (left > 0) return;
    }
    bytes += bytesOnDisk(stat);
    inodes += 1;
  };
  paths.forEach(visit);
  return { bytes, inodes };
}

function ifAllowed<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    if (isSatchelError(error, 'permission-denied')) return undefined;
    throw error;
  }
}
