import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type ByteString, displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { Content, ContentIntake } from './content-intake.ts';
import { chunkingLimit } from './entry.ts';
import type { ReadProgress } from './read-progress.ts';

/** What reading the files of a directory shares: one buffer for all of them. */
export type FileReading = {
  readonly intake: ContentIntake;
  readonly progress: ReadProgress;
  readonly buffer: Buffer;
  readonly signal: AbortSignal | undefined;
};

/** The buffer for {@link FileReading}: holds the largest file that is not chunked. */
export function readingBuffer(): Buffer {
  return Buffer.allocUnsafeSlow(chunkingLimit);
}

// A file that has been replaced by a symlink or a fifo since it was looked at must not be followed or waited for.
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Reads a file of at most 1 MiB with synchronous calls, which are several times faster for small files. */
export function readSmallFile(
  location: string | Buffer,
  path: ByteString,
  found: BigIntStats,
  { intake, progress, buffer }: FileReading,
): ReturnType<ContentIntake['whole']> {
  const fd = openSync(location, openFlags);
  let length = 0;
  try {
    const size = Number(found.size);
    while (length < size) {
      const count = readSync(fd, buffer, length, size - length, null);
      if (count === 0) break;
      length += count;
    }
    expectUnchanged(fd, path, found, length);
  } finally {
    closeSync(fd);
  }
  progress.bytes(length);
  return intake.whole(buffer.subarray(0, length), false);
}

/** Reads a file of any size piece by piece. */
export async function readLargeFile(
  location: string | Buffer,
  path: ByteString,
  found: BigIntStats,
  { intake, progress, buffer, signal }: FileReading,
): Promise<Content> {
  const fd = openSync(location, openFlags);
  try {
    let length = 0;
    for (;;) {
      throwIfCancelled(signal);
      const count = readSync(fd, buffer, 0, buffer.length, null);
      if (count === 0) break;
      length += count;
      if (length > found.size) break;
      await intake.push(buffer.subarray(0, count));
      progress.bytes(count);
    }
    expectUnchanged(fd, path, found, length);
    return await intake.finish();
  } finally {
    closeSync(fd);
  }
}

/** Refuses a file that is not the one that was looked at, or that was written to meanwhile. */
function expectUnchanged(fd: number, path: ByteString, found: BigIntStats, length: number): void {
  const now = fstatSync(fd, { bigint: true });
  const same =
    BigInt(length) === found.size &&
    now.size === found.size &&
    now.mtimeNs === found.mtimeNs &&
    now.ino === found.ino &&
    now.dev === found.dev;
  if (!same) throw new SatchelError('tree-changed-while-read', { path: displayOf(path) });
}
