import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { type SystemPath, systemError, withSystemErrors } from './system-error.ts';

const temporaryPattern = /^\.tmp\.[0-9a-f]{16}\..*$/s;

/** A free name in the same folder, so that a rename cannot leave the file system; see {@link removeTemporaries}. */
export function temporaryBeside(path: string): string {
  const suffix = basename(path).slice(0, 64);
  return join(dirname(path), `.tmp.${randomBytes(8).toString('hex')}.${suffix}`);
}

/**
 * Writes a file so that at every moment, also after a power cut, the name holds either the old content or the
 * new: temporary file, fsync, rename, fsync of the folder. `mode` is exact (no umask), 0644 when absent. With `isChecked`,
 * for what is compared with its hash whenever it is read, it does not wait for the disk: after a power cut the content may
 * be wrong.
 */
export function writeFileAtomic(
  path: string,
  bytes: Uint8Array | string,
  options: { readonly mode?: number; readonly isChecked?: boolean } = {},
): void {
  withSystemErrors('write', path, () => {
    const temporary = temporaryBeside(path);
    try {
      const fd = openSync(
        temporary,
        constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
        0o600,
      );
      try {
        writeFileSync(fd, bytes);
        fchmodSync(fd, options.mode ?? 0o644);
        if (!options.isChecked) fsyncSync(fd);
      } finally {
        closeSync(fd);
      }
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    if (!options.isChecked) syncDirectory(dirname(path));
  });
}

/**
 * As {@link writeFileAtomic}, for content that comes in pieces. What `source` throws leaves everything as it was.
 * Returns how many bytes were written.
 */
export async function writeStreamAtomic(
  path: string,
  source: AsyncIterable<Uint8Array>,
  options: { readonly mode?: number } = {},
): Promise<number> {
  const temporary = temporaryBeside(path);
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  let length = 0;
  try {
    await using handle = await open(temporary, flags, 0o600);
    for await (const piece of source) {
      for (let at = 0; at < piece.length; ) at += (await handle.write(piece, at)).bytesWritten;
      length += piece.length;
    }
    await handle.chmod(options.mode ?? 0o644);
    await handle.sync();
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw systemError(error, 'write', path);
  }
  await syncDirectoryInBackground(dirname(path));
  return length;
}

/** Makes `path` a symlink to `target`, replacing a file or symlink of that name in one atomic step. */
export function symlinkAtomic(target: SystemPath, path: string): void {
  withSystemErrors('symlink', path, () => {
    const temporary = temporaryBeside(path);
    try {
      symlinkSync(target, temporary);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
    syncDirectory(dirname(path));
  });
}

/** Makes the names in a folder durable: what was created, renamed or removed there. */
export function syncDirectory(path: SystemPath): void {
  syncOpened(path, constants.O_RDONLY | constants.O_DIRECTORY);
}

/** The same without keeping the event loop waiting for a busy disk. */
export async function syncDirectoryInBackground(path: string): Promise<void> {
  try {
    await using handle = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
    await handle.sync();
  } catch (error) {
    throw systemError(error, 'fsync', path);
  }
}

/** Makes the content of a regular file durable. */
export function syncFile(path: SystemPath): void {
  syncOpened(path, constants.O_RDONLY | constants.O_NOFOLLOW);
}

/**
 * Removes what a killed process left of {@link writeFileAtomic} and {@link symlinkAtomic} in one folder; an
 * absent folder is no error. For a caller that holds the lock of that folder, or that says by `olderThanMs`
 * after how long nobody can be writing any more.
 */
export function removeTemporaries(
  directory: string,
  {
    olderThanMs = Number.NEGATIVE_INFINITY,
    clock = systemClock,
  }: { olderThanMs?: number; clock?: Clock } = {},
): void {
  withSystemErrors('unlink', directory, () => {
    if (!existsSync(directory)) return;
    const newest = clock() - olderThanMs;
    for (const name of readdirSync(directory)) {
      if (!temporaryPattern.test(name)) continue;
      const path = join(directory, name);
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found !== undefined && found.mtimeMs <= newest) rmSync(path, { force: true });
    }
  });
}

function syncOpened(path: SystemPath, flags: number): void {
  withSystemErrors('fsync', path, () => {
    const fd = openSync(path, flags);
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  });
}
