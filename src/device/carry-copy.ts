import { closeSync, constants, copyFileSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { throwIfCancelled } from '../base/cancel.ts';
import { seekData } from '../os/system-calls.ts';
import { errnoOf, type SystemPath, systemError, withSystemErrors } from '../os/system-error.ts';
import { fill } from './local-compare.ts';
import type { LocalPlace } from './local-inode.ts';
import { openPlace, pathOfOpened } from './local-open.ts';

/** Copies the content of a regular file to a free path, with mode 0600. Throws what `openPlace` throws. */
export type ContentCopier = (from: LocalPlace, to: SystemPath) => Promise<void>;

const pieceSize = 1024 * 1024;
const piece = Buffer.allocUnsafeSlow(pieceSize);
const zeros = Buffer.alloc(pieceSize);

/**
 * Shares the blocks where the file system can. Elsewhere long holes stay holes: a list of last logins may be gigabytes
 * long and have one block.
 */
export function createContentCopier(signal: AbortSignal | undefined): ContentCopier {
  let canShare = true;
  return async (from, to) => {
    const source = openPlace(from);
    try {
      canShare &&= tryShare(source, to);
      if (!canShare) await copyAll(source, to, signal);
    } finally {
      closeSync(source);
    }
  };
}

/** Lets others have their turn in long work. Throws `cancelled`. */
export async function giveTurn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  throwIfCancelled(signal);
}

/** False when this file system cannot, or not here: then nothing is there. */
function tryShare(source: number, to: SystemPath): boolean {
  try {
    copyFileSync(pathOfOpened(source), to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE);
    return true;
  } catch (error) {
    if (
      ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EINVAL', 'EXDEV', 'ENOENT'].includes(
        errnoOf(error) ?? '',
      )
    )
      return false;
    throw systemError(error, 'clone', to);
  }
}

async function copyAll(source: number, to: SystemPath, signal: AbortSignal | undefined): Promise<void> {
  const target = withSystemErrors('create', to, () => openSync(to, 'wx', 0o600));
  try {
    await copyPieces(source, target, to, signal);
  } catch (error) {
    throw systemError(error, 'write', to);
  } finally {
    closeSync(target);
  }
}

async function copyPieces(
  source: number,
  target: number,
  to: SystemPath,
  signal: AbortSignal | undefined,
): Promise<void> {
  let length = 0;
  for (;;) {
    // Reading goes on where the position is then.
    const position = seekData(source, length, to);
    if (position === undefined) break;
    const count = fill(source, piece);
    const bytes = piece.subarray(0, count);
    if (!bytes.equals(zeros.subarray(0, count))) writeAll(target, bytes, position);
    length = position + count;
    if (count < pieceSize) break;
    await giveTurn(signal);
  }
  ftruncateSync(target, Math.max(length, fstatSync(source).size));
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; )
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
}
