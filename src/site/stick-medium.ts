import { statfsSync } from 'node:fs';
import { type FreeSpace, freeSpace } from '../os/disk.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { longestFatFile, usualPart } from '../store/stick.ts';

/** What matters about the file system of a stick. Tests give their own. */
export type Medium = {
  /** Files of more bytes than this do not fit under one name; undefined: all do. */
  readonly longestFile: number | undefined;
  /** Files that do not fit are cut into parts of so many bytes. */
  readonly part: number;
  space(): FreeSpace;
};

/**
 * File systems that have no such limit, by the number that the kernel gives them. Behind FUSE there may be FAT, so what
 * is not known is treated as FAT: a file that was cut can be read everywhere.
 */
const unlimited: ReadonlySet<number> = new Set([
  0xef53, // ext2, ext3, ext4
  0x2011bab0, // exFAT
  0x9123683e, // btrfs
  0x58465342, // XFS
  0xf2f52010, // F2FS
  0x7366746e, // NTFS
  0x01021994, // tmpfs
  0x794c7630, // overlayfs
]);

/** Looks at the file system that holds a directory. `split` cuts files of more bytes than this whatever it is. */
export function mediumAt(directory: string, split?: number): Medium {
  const space = () => roomOf(directory);
  if (split !== undefined) return { longestFile: split, part: split, space };
  const { type } = withSystemErrors('statfs', directory, () => statfsSync(directory));
  return { longestFile: unlimited.has(type) ? undefined : longestFatFile, part: usualPart, space };
}

/** A driver that does not know how large its file system is finds out when it is full, and so do we. */
function roomOf(directory: string): FreeSpace {
  const { blocks } = withSystemErrors('statfs', directory, () => statfsSync(directory));
  const room = freeSpace(directory);
  return blocks === 0 ? { ...room, bytes: Number.POSITIVE_INFINITY } : room;
}
