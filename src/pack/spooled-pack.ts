import { createHash } from 'node:crypto';
import { closeSync, constants, fdatasync, fsync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Sha256 } from '../base/identifiers.ts';
import { temporaryBeside } from '../os/atomic-file.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import type { MapPack } from './map-format.ts';

/** A pack that grows in the spool. */
export type SpooledPack = {
  readonly path: string;
  /** Bytes written so far. */
  readonly length: number;
  /** Appends a frame and returns its offset. Throws `disk-full` and other system failures. */
  append(frame: Uint8Array): number;
  /** Makes it durable and gives its name; nothing may be appended afterwards. */
  complete(): Promise<MapPack>;
  /** Closes and removes the file, if it is still there, as soon as nothing is being written. */
  remove(): Promise<void>;
};

/** What is written is handed to the disk in pieces of this many bytes, so that little is left for the end. */
const writebackPiece = 16 * 1024 * 1024;

const startWriteback = promisify(fdatasync);
const makeDurable = promisify(fsync);

/**
 * Starts a pack in a folder, made if it is missing, under the name of a temporary file that `removeLeftovers` of
 * a store knows.
 */
export function openSpooledPack(directory: string): SpooledPack {
  const path = temporaryBeside(join(directory, 'pack'));
  const hash = createHash('sha256');
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  let fd: number | undefined = withSystemErrors('open', path, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(path, flags, 0o644);
  });
  let length = 0;
  let handedOver = 0;
  let pending: Promise<unknown> | undefined;
  let completion: Promise<MapPack> | undefined;
  let lateFailure: unknown;

  const opened = (): number => {
    if (fd === undefined) throw new Error('the pack is closed');
    return fd;
  };
  const handOver = () => {
    if (pending !== undefined || length - handedOver < writebackPiece) return;
    handedOver = length;
    pending = startWriteback(opened())
      .catch((error: unknown) => {
        // The kernel tells of a failed write once; the next fsync would say that all is well.
        lateFailure ??= error;
      })
      .finally(() => {
        pending = undefined;
      });
  };
  const complete = async (): Promise<MapPack> => {
    await pending;
    try {
      if (lateFailure !== undefined) throw lateFailure;
      await makeDurable(opened());
    } catch (error) {
      throw systemError(error, 'fsync', path);
    }
    close();
    return { sha256: hash.digest('hex') as Sha256, length };
  };
  const close = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };

  return {
    path,
    get length() {
      return length;
    },
    append(frame) {
      const offset = length;
      withSystemErrors('write', path, () => writeWhole(opened(), frame));
      hash.update(frame);
      length += frame.length;
      handOver();
      return offset;
    },
    complete() {
      completion ??= complete();
      return completion;
    },
    async remove() {
      // A file that is being synced must stay open until that has ended.
      await Promise.allSettled([pending, completion]);
      close();
      rmSync(path, { force: true });
    },
  };
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
}
