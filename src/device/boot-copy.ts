import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { forgetCached } from '../os/page-cache.ts';
import { withSystemErrors } from '../os/system-error.ts';

const pieceLength = 1024 * 1024;

/** A file that does not exist yet, made complete and synced; its folder is not. Throws where the name is taken. */
export function writeNewFile(path: string, pieces: Iterable<Uint8Array>): Sha256 {
  return withSystemErrors('write', path, () => {
    const hash = createHash('sha256');
    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
    const fd = openSync(path, flags, 0o644);
    try {
      for (const piece of pieces) {
        hash.update(piece);
        for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at, piece.length - at);
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    return hash.digest('hex') as Sha256;
  });
}

/** Copies a file to a name that nothing has, synced; gives the hash of what was read. */
export function copyNewFile(from: string, to: string): Sha256 {
  return writeNewFile(to, piecesOf(from));
}

/** The SHA-256 of a file's content. */
export function hashOfFile(path: string): Sha256 {
  const hash = createHash('sha256');
  for (const piece of piecesOf(path)) hash.update(piece);
  return hash.digest('hex') as Sha256;
}

/**
 * Reads what was written and synced from the disk again. Throws `boot-copy-wrong` where something else comes back:
 * a card that loses what it was given shows it here, before the device is told to boot from it.
 */
export function readBack(path: string, written: Sha256): void {
  syncDirectory(dirname(path));
  forgetCached(path);
  if (hashOfFile(path) !== written) throw new SatchelError('boot-copy-wrong', { path });
}

function* piecesOf(path: string): Generator<Uint8Array> {
  const fd = withSystemErrors('open', path, () => openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW));
  try {
    const buffer = Buffer.allocUnsafe(pieceLength);
    for (;;) {
      const length = withSystemErrors('read', path, () => readSync(fd, buffer, 0, pieceLength, null));
      if (length === 0) return;
      yield buffer.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}
