import { closeSync, constants, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryBeside } from './atomic-file.ts';
import { withSystemErrors } from './system-error.ts';

/** A file without a name: it is gone when it is closed, or when the process ends in whatever way. */
export type ScratchFile = Disposable & {
  /** Holds in every thread of the process. */
  readonly fd: number;
};

/** Opens an empty one on the file system of a folder, which must exist. Throws `disk-full` and other system failures. */
export function openScratchFile(directory: string): ScratchFile {
  const path = temporaryBeside(join(directory, 'scratch'));
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const fd = withSystemErrors('open', path, () => openSync(path, flags, 0o600));
  rmSync(path, { force: true });
  let isOpen = true;
  return {
    fd,
    [Symbol.dispose]() {
      if (isOpen) closeSync(fd);
      isOpen = false;
    },
  };
}

/** Writes all bytes to a scratch file from `position` on. Throws `disk-full` and other system failures. */
export function writeScratch(fd: number, bytes: Uint8Array, position: number): void {
  withSystemErrors('write', 'scratch', () => {
    for (let written = 0; written < bytes.length; )
      written += writeSync(fd, bytes, written, bytes.length - written, position + written);
  });
}

/**
 * Fills `into` from `position` of a scratch file on; false when it ends before. Throws the system failures of reading.
 */
export function readScratch(fd: number, into: Uint8Array, position: number): boolean {
  return withSystemErrors('read', 'scratch', () => {
    for (let filled = 0; filled < into.length; ) {
      const count = readSync(fd, into, filled, into.length - filled, position + filled);
      if (count === 0) return false;
      filled += count;
    }
    return true;
  });
}

/** Gives the first `length` bytes of a scratch file piece by piece, then undefined. Throws when it ends before. */
export function scratchReader(fd: number, length: number): () => Uint8Array | undefined {
  let position = 0;
  return () => {
    const bytes = new Uint8Array(Math.min(pieceLength, length - position));
    if (bytes.length === 0) return undefined;
    if (!readScratch(fd, bytes, position)) throw new Error('a scratch file ends too early');
    position += bytes.length;
    return bytes;
  };
}

const pieceLength = 256 * 1024;
