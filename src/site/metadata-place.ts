import { SatchelError } from '../base/errors.ts';
import { readAll } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import { readIfThere } from '../trust/read-if-there.ts';

/** Puts verified bytes under a name, in the place of whatever lies there; true when that was not the same. */
export async function placeFile(store: Store, name: string, bytes: Uint8Array): Promise<boolean> {
  const held = await heldBytes(store, name, bytes.length);
  if (held !== undefined && Buffer.compare(held, bytes) === 0) return false;
  if (held === undefined && (await store.put(name, bytes)) === 'stored') return true;
  // Damaged on this disk, or of another length.
  const there = await readIfThere(store, name, { limit: Number.MAX_SAFE_INTEGER });
  if (await store.compareAndSwap(name, there ?? null, bytes)) return true;
  throw new SatchelError('site-metadata-busy', { repository: store.location });
}

/** True when exactly these bytes lie under the name. */
export async function isPlaced(store: Store, name: string, bytes: Uint8Array): Promise<boolean> {
  const held = await heldBytes(store, name, bytes.length);
  return held !== undefined && Buffer.compare(held, bytes) === 0;
}

/** What lies there, unless it is longer than what belongs there. */
async function heldBytes(store: Store, name: string, limit: number): Promise<Uint8Array | undefined> {
  try {
    return await readAll(store, name, { limit });
  } catch (error) {
    if (error instanceof SatchelError && ['store-not-found', 'store-too-long'].includes(error.code))
      return undefined;
    throw error;
  }
}
