import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { lockFile } from './system-calls.ts';
import { withSystemErrors } from './system-error.ts';

/** A lock that is held; it also ends when the process ends, however it ends. */
export type Lock = Disposable & { release(): void };

/**
 * Takes the lock that a file stands for, or gives undefined when another process has it. The file is made if
 * absent, stays afterwards, and holds the number of the process for messages. The kernel keeps the lock
 * (`flock`), so a dead process never holds it. Take it once a process: a second call gets undefined too.
 */
export function tryLock(path: string): Lock | undefined {
  return withSystemErrors('lock', path, () => {
    for (;;) {
      const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
      try {
        if (!lockFile(fd, path)) {
          closeSync(fd);
          return undefined;
        }
        if (!isStillNamed(fd, path)) {
          closeSync(fd);
          continue;
        }
        ftruncateSync(fd, 0);
        writeSync(fd, `${process.pid}\n`, 0);
      } catch (error) {
        closeSync(fd);
        throw error;
      }
      return heldLock(fd);
    }
  });
}

/** The process that last took the lock, as far as its file tells; undefined when it does not. */
export function lockHolder(path: string): number | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    return /^[1-9][0-9]{0,9}\n$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** A file that somebody removed between opening and locking locks nothing that others would see. */
function isStillNamed(fd: number, path: string): boolean {
  const opened = fstatSync(fd);
  const named = statSync(path, { throwIfNoEntry: false });
  return named !== undefined && named.ino === opened.ino && named.dev === opened.dev;
}

function heldLock(fd: number): Lock {
  let held = true;
  const release = () => {
    if (!held) return;
    held = false;
    closeSync(fd);
  };
  return { release, [Symbol.dispose]: release };
}
