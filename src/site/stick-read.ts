import { createHash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { throwIfCancelled } from '../base/cancel.ts';
import { systemError } from '../os/system-error.ts';

/** The bytes of a file, in large pieces. Never follows a symlink. */
export async function* readLocal(path: string, signal?: AbortSignal): AsyncGenerator<Buffer> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  try {
    for await (const piece of createReadStream(path, { highWaterMark: 1024 * 1024, flags: flags as never })) {
      throwIfCancelled(signal);
      yield piece as Buffer;
    }
  } catch (error) {
    throw systemError(error, 'read', path);
  }
}

/** The hash, SHA-256 unless another is asked for, and the length of files one after another. */
export async function sumOf(
  paths: readonly string[],
  {
    algorithm = 'sha256',
    signal,
  }: { readonly algorithm?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<{ readonly sum: string; readonly length: number }> {
  const hash = createHash(algorithm);
  let length = 0;
  for (const path of paths)
    for await (const piece of readLocal(path, signal)) {
      hash.update(piece);
      length += piece.length;
    }
  return { sum: hash.digest('hex'), length };
}
