import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, read } from 'node:fs';
import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { errnoOf, systemError } from '../os/system-error.ts';
import type { PulledFile, PulledPart } from './pull-types.ts';

/** A file that is open for reading, and what it was like then. */
export type OpenFile = { readonly fd: number; readonly status: BigIntStats };

/** A complete file that is read. */
export type StoredFileOptions = {
  readonly fd: number;
  readonly size: number;
  /** Its name in the repository, and where it lies. */
  readonly name: string;
  readonly path: string;
  /** Whether the bytes are right, when that is not known yet. */
  readonly check?: Promise<boolean> | undefined;
  /** Nobody reads it any more; its descriptor is closed. */
  closed(): void;
};

/** Bytes that nobody gets before the whole file was compared. */
const heldBack = 64 * 1024;
const pieceLength = 64 * 1024;
const hashedLength = 1024 * 1024;

/** Opens what is a file, without following a link; `odd`: something else has its name. */
export function openRegular(path: string): OpenFile | 'absent' | 'odd' {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return 'absent';
    if (['ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return 'odd';
    throw systemError(error, 'open', path);
  }
  const status = fstatSync(fd, { bigint: true });
  if (status.isFile()) return { fd, status };
  closeSync(fd);
  return 'odd';
}

/** A file that stays open until it is let go of and the last who reads it has ended. */
export function readStored(options: StoredFileOptions): PulledFile {
  const { fd, size } = options;
  let readers = 0;
  let isOpen = true;
  let isWanted = true;
  const tidy = () => {
    if (isWanted || readers > 0 || !isOpen) return;
    isOpen = false;
    closeSync(fd);
    options.closed();
  };
  return {
    size,
    async *read(part, { signal } = {}) {
      readers += 1;
      try {
        yield* pieces(options, part, signal);
      } finally {
        readers -= 1;
        tidy();
      }
    },
    close() {
      isWanted = false;
      tidy();
    },
  };
}

async function* pieces(
  { fd, size, name, path, check }: StoredFileOptions,
  { offset, length }: PulledPart,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  const end = offset + length;
  let awaited = check;
  for (let position = offset; position < end; ) {
    throwIfCancelled(signal);
    if (awaited !== undefined && position >= size - heldBack) {
      if (!(await untilAborted(awaited, signal)))
        throw new SatchelError('site-stored-file-damaged', { file: name });
      awaited = undefined;
    }
    const limit = awaited === undefined ? end : Math.min(end, size - heldBack);
    const piece = Buffer.allocUnsafeSlow(Math.min(pieceLength, limit - position));
    const count = await readAt(fd, piece, position, path);
    // Somebody has shortened it meanwhile.
    if (count === 0) throw new SatchelError('site-stored-file-damaged', { file: name });
    position += count;
    yield count === piece.length ? piece : piece.subarray(0, count);
  }
}

/** SHA-256 of an open file. Throws `cancelled`, and what reading throws. */
export async function hashOf(fd: number, path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(hashedLength);
  for (let position = 0; ; ) {
    throwIfCancelled(signal);
    const count = await readAt(fd, buffer, position, path);
    if (count === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, count));
    position += count;
  }
}

function readAt(fd: number, into: Uint8Array, position: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, into.length, position, (error, count) => {
      if (error) reject(systemError(error, 'read', path));
      else resolve(count);
    });
  });
}
