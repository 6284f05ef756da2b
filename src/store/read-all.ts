import { SatchelError } from '../base/errors.ts';
import type { ReadableStore } from './store.ts';

/** How much may be read. */
export type ReadAllOptions = {
  /** The longest that the file may be, in bytes. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
};

/**
 * A whole stored file in memory, in one attempt. Throws what `read` throws, and `store-too-long` before more
 * than the limit has been taken in.
 */
export async function readAll(store: ReadableStore, name: string, options: ReadAllOptions): Promise<Buffer> {
  const { limit, signal } = options;
  const { body } = await store.read(name, { limit, signal });
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of body) {
    length += piece.length;
    if (length > limit) throw new SatchelError('store-too-long', { location: store.location, name, limit });
    pieces.push(piece);
  }
  return Buffer.concat(pieces, length);
}

/** Some bytes of a stored file in memory, in one attempt. Throws what `read` throws. */
export async function readPart(
  store: ReadableStore,
  name: string,
  part: { readonly offset: number; readonly length: number },
  signal?: AbortSignal,
): Promise<Buffer> {
  const { body } = await store.read(name, { ...part, signal });
  return Buffer.concat(await Array.fromAsync(body), part.length);
}
