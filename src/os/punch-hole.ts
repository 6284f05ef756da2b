import { library } from './c-library.ts';
import { openScratchFile, writeScratch } from './scratch-file.ts';
import { errorFromErrno, type SystemPath, systemError } from './system-error.ts';

/** What file systems allot disk by, as a rule: less does not come back. */
const block = 4096;

/**
 * Gives back the disk that a run of bytes takes in a file that is open for writing: it reads as zeros from then on, and
 * the file stays as long as it is. False where the file system cannot do that. Throws other system failures.
 */
export function punchHole(
  fd: number,
  { start, length }: { readonly start: number; readonly length: number },
  path: SystemPath,
): boolean {
  const punchAndKeepSize = 2 | 1; // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE
  const { errno, fallocate } = library();
  for (;;) {
    if (fallocate(fd, punchAndKeepSize, BigInt(start), BigInt(length)) === 0) return true;
    const error = errorFromErrno(errno(), 'fallocate', path);
    if (error.code === 'EOPNOTSUPP' || error.code === 'ENOSYS') return false;
    if (error.code !== 'EINTR') throw systemError(error, 'fallocate', path);
  }
}

/** True when holes can be punched on the file system of a folder. */
export function canPunchHoles(folder: string): boolean {
  using file = openScratchFile(folder);
  writeScratch(file.fd, Buffer.alloc(2 * block, 1), 0);
  return punchHole(file.fd, { start: 0, length: block }, folder);
}

/** Bytes of disk that punching such a hole gives back: those of the blocks that lie in it completely. */
export function bytesOfHole({ start, length }: { readonly start: number; readonly length: number }): number {
  const blocks = Math.floor((start + length) / block) - Math.ceil(start / block);
  return Math.max(0, blocks) * block;
}
