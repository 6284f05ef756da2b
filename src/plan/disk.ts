/** Block size that sizes are rounded to: what ext4, xfs and btrfs allocate by. */
const block = 4096;

/** Disk bytes that one new file of this size takes, its inode and directory entry included. */
export function fileDisk(size: number): number {
  return Math.ceil(size / block) * block + 512;
}

/** Disk bytes that one new directory takes. */
export const directoryDisk = block + 512;
