import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { displayPath, errnoOf, type SystemPath, systemError } from './system-error.ts';

/**
 * The bytes of a file that need not be there; undefined when it is not. Throws `file-not-regular` for a pipe, a socket or
 * a device, and what the system says otherwise.
 */
export function readFileIfThere(path: SystemPath): Buffer | undefined {
  return ifThere('read', path, () => readRegularFile(path));
}

/** The names in a folder that need not be there; none when it is not. Throws what the system says otherwise. */
export function listIfThere(folder: SystemPath): string[] {
  return ifThere('readdir', folder, () => readdirSync(folder)) ?? [];
}

/** Users may put anything into their homes: a pipe that nobody writes to must not be waited for. */
function readRegularFile(path: SystemPath): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    requireRegular(fd, path);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Throws `file-not-regular` for an opened pipe, socket or device; a directory is left to the call that follows. */
export function requireRegular(fd: number, path: SystemPath): void {
  const found = fstatSync(fd);
  if (!found.isFile() && !found.isDirectory())
    throw new SatchelError('file-not-regular', { path: displayPath(path) });
}

/** Where a file stands in the place of a folder nothing can be below it. */
function ifThere<Found>(call: string, path: SystemPath, look: () => Found): Found | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw systemError(error, call, path);
  }
}
