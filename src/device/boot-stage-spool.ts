import { closeSync, openSync } from 'node:fs';
import { bytesOfHole, punchHole } from '../os/punch-hole.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SpoolPiece } from './spool.ts';

/** Bytes of disk that come back when received pieces are not needed any more. */
export function bytesOfPieces(pieces: readonly SpoolPiece[]): number {
  return pieces.reduce((sum, { position, length }) => sum + bytesOfHole({ start: position, length }), 0);
}

/**
 * Gives the disk of received pieces back, where the file system can do that: they read as zeros then, and still count as
 * received.
 */
export function dropPieces(pieces: readonly SpoolPiece[]): void {
  for (const { path, position, length } of pieces)
    withSystemErrors('punch', path, () => {
      const fd = openSync(path, 'r+');
      try {
        punchHole(fd, { start: position, length }, path);
      } finally {
        closeSync(fd);
      }
    });
}
