import { statfsSync } from 'node:fs';
import { withSystemErrors } from './system-error.ts';

/** What a file system still has room for. */
export type FreeSpace = {
  /** Bytes that an ordinary user may still use: blocks reserved for root are not counted. */
  readonly bytes: number;
  /** Inodes left; Infinity where the file system has no fixed number (btrfs, FAT). */
  readonly inodes: number;
  /** Bytes are handed out in pieces of this many. */
  readonly blockSize: number;
};

/** Room on the file system that holds `path`, which must exist. */
export function freeSpace(path: string): FreeSpace {
  return withSystemErrors('statfs', path, () => {
    const figures = statfsSync(path);
    return {
      bytes: figures.bavail * figures.bsize,
      inodes: figures.files === 0 ? Number.POSITIVE_INFINITY : figures.ffree,
      blockSize: figures.bsize,
    };
  });
}

/** Bytes of the file system that holds `path`, which must exist: left for ordinary users, and all. */
export function diskSpace(path: string): { readonly free: number; readonly total: number } {
  return withSystemErrors('statfs', path, () => {
    const { bavail, blocks, bsize } = statfsSync(path);
    return { free: bavail * bsize, total: blocks * bsize };
  });
}

/** What a file of `size` bytes takes on a disk that hands out whole blocks. */
export function allocatedSize(size: number, blockSize: number): number {
  return Math.ceil(size / blockSize) * blockSize;
}

const sharingTypes: ReadonlySet<number> = new Set([0x9123_683e, 0x5846_5342, 0xca45_1a4e]);

/** True where copying a file may cost no room (btrfs, XFS, bcachefs). */
export function canShareBlocks(path: string): boolean {
  return withSystemErrors('statfs', path, () => sharingTypes.has(statfsSync(path).type));
}
