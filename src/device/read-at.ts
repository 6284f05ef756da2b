import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import type { Lender } from '../base/memory.ts';
import type { SystemPath } from '../os/system-error.ts';

/** What stands in the place of a regular file must not be followed or waited for. */
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Gone, something else, closed to this user, or lost by the disk. */
const unreadable: readonly unknown[] = [
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'ENXIO',
  'ENODEV',
  'EACCES',
  'EPERM',
  'EIO',
  'EBADMSG',
  'EUCLEAN',
];

/**
 * Exactly `length` bytes of a file, in memory of `lend`, or undefined if it cannot be read, is no regular file, or is
 * shorter.
 */
export function readAt(
  path: SystemPath,
  position: number,
  length: number,
  lend: Lender = Buffer.allocUnsafe,
): Buffer | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, flags);
    if (!fstatSync(fd).isFile()) return undefined;
    const bytes = lend(length);
    let filled = 0;
    while (filled < length) {
      const count = readSync(fd, bytes, filled, length - filled, position + filled);
      if (count === 0) return undefined;
      filled += count;
    }
    return bytes;
  } catch (error) {
    if (unreadable.includes(systemErrorCode(error))) return undefined;
    throw error;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
