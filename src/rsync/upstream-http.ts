import { open } from 'node:fs/promises';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { systemError } from '../os/system-error.ts';
import { type HttpStore, openHttpStore } from '../store/http.ts';
import { isTransient, readResuming } from '../store/retry.ts';
import { parseIndexPage } from './upstream-index-page.ts';
import type { FetchOptions, Listing, Place, RemoteFile } from './upstream-place.ts';

/** Largest page that lists files. */
const pageLimit = 4 * 1024 * 1024;
/** Attempts at a file that cannot be gone on with, and the pause before the second, in milliseconds. */
const mostAttempts = 3;
const firstPause = 500;

/** A directory behind a web server; `address` ends in a slash. */
export function httpPlace(address: string, { patience }: { readonly patience: number }): Place {
  const store = openHttpStore(address, { idleTimeout: patience, connectTimeout: patience });
  return {
    location: store.location,
    list: (signal) => listPage(store, address, signal),
    readSmall: async (names, limit, signal) => {
      const found = new Map<string, Buffer>();
      for (const name of names) {
        const bytes = await readWhole(store, name, { limit, signal });
        if (bytes !== undefined) found.set(name, bytes);
      }
      return found;
    },
    fetch: (file, path, options) => fetchFile(store, file, path, options),
    sizeOf: async (name, signal) => {
      try {
        return (await store.read(name, { length: 0, signal })).size;
      } catch (error) {
        if (isSatchelError(error, 'store-not-found', 'store-refused')) return undefined;
        throw error;
      }
    },
    close: () => store.close(),
  };
}

async function listPage(store: HttpStore, address: string, signal?: AbortSignal): Promise<Listing> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of store.readToEnd('', { limit: pageLimit, signal }))
      pieces.push(Uint8Array.from(piece));
    return parseIndexPage(Buffer.concat(pieces).toString('utf8'), address);
  } catch (error) {
    if (!isSatchelError(error, 'store-refused')) throw error;
    throw new SatchelError('upstream-not-listed', { location: store.location }, { cause: error });
  }
}

/** A small file; undefined when it is not there or longer than the limit. */
async function readWhole(
  store: HttpStore,
  name: string,
  options: { readonly limit: number; readonly signal?: AbortSignal | undefined },
): Promise<Buffer | undefined> {
  try {
    const pieces: Uint8Array[] = [];
    for await (const piece of readResuming(store, name, options)) pieces.push(Uint8Array.from(piece));
    return Buffer.concat(pieces);
  } catch (error) {
    if (isSatchelError(error, 'store-not-found', 'store-too-long')) return undefined;
    throw error;
  }
}

/** Goes on at the end of what is there, when that can be a part of the file; else it begins anew. */
async function fetchFile(
  store: HttpStore,
  { name, size }: RemoteFile,
  path: string,
  { limit, signal, onProgress }: FetchOptions,
): Promise<void> {
  const handle = await open(path, 'a+', 0o600).catch((error: unknown) => {
    throw systemError(error, 'open', path);
  });
  let position = 0;
  const restart = async () => {
    await handle.truncate(0);
    position = 0;
  };
  try {
    position = (await handle.stat()).size;
    if (size === undefined || position > size) await restart();
    onProgress?.(position);
    if (position === size) return;
    const hasLength = size !== undefined || (await lengthOf(store, name, signal)) !== undefined;
    const pieces = hasLength
      ? readResuming(store, name, { offset: position, limit, signal })
      : readAnew(store, name, { limit, signal, restart });
    for await (const piece of pieces) {
      await handle.appendFile(piece);
      position += piece.length;
      onProgress?.(position);
    }
    await handle.sync();
  } catch (error) {
    throw systemError(error, 'write', path);
  } finally {
    await handle.close();
  }
}

/** Bytes of a file; undefined when it is not there, or its server does not say. */
async function lengthOf(
  store: HttpStore,
  name: string,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  try {
    return (await store.read(name, { length: 0, signal })).size;
  } catch (error) {
    if (isSatchelError(error, 'store-not-found', 'store-refused', 'store-wrong-answer')) return undefined;
    throw error;
  }
}

/** A file whose server does not say how long it is: what breaks off begins anew. */
async function* readAnew(
  store: HttpStore,
  name: string,
  { restart, ...options }: Pick<FetchOptions, 'limit' | 'signal'> & { readonly restart: () => Promise<void> },
): AsyncGenerator<Uint8Array, void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      yield* store.readToEnd(name, options);
      return;
    } catch (error) {
      if (attempt === mostAttempts || !isTransient(error)) throw error;
      await sleepFor(attempt * firstPause, undefined, options.signal ? { signal: options.signal } : {}).catch(
        () => throwIfCancelled(options.signal),
      );
      await restart();
    }
  }
}
