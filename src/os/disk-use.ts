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

function ifAllowed<Found>(look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    if (isSatchelError(error, 'permission-denied')) return undefined;
    throw error;
  }
}
