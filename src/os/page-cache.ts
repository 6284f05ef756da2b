import { closeSync, constants, openSync } from 'node:fs';
import { createRequire } from 'node:module';
import { errorFromErrno, type SystemPath, systemError, withSystemErrors } from './system-error.ts';

type Advise = (fd: number, offset: bigint, length: bigint, advice: number) => number;

let advise: Advise | undefined;

/**
 * Makes the kernel forget what it holds of a file that has been synced, so that the next read asks the disk. What is
 * still dirty stays; a file system that lives in memory has nothing to forget.
 */
export function forgetCached(path: SystemPath): void {
  const notNeeded = 4; // POSIX_FADV_DONTNEED
  const fd = withSystemErrors('open', path, () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  try {
    advise ??= loadAdvise();
    const errno = advise(fd, 0n, 0n, notNeeded);
    if (errno !== 0) throw systemError(errorFromErrno(errno, 'fadvise', path), 'fadvise', path);
  } finally {
    closeSync(fd);
  }
}

function loadAdvise(): Advise {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const c = koffi.load(null);
  return c.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)');
}
