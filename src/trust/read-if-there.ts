import { isSatchelError } from '../base/errors.ts';
import { type ReadAllOptions, readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';

/** A whole small file, or undefined when the store has none of that name. Throws what {@link readAll} throws. */
export async function readIfThere(
  store: ReadableStore,
  name: string,
  options: ReadAllOptions,
): Promise<Uint8Array | undefined> {
  try {
    return await readAll(store, name, options);
  } catch (error) {
    if (isSatchelError(error, 'store-not-found')) return undefined;
    throw error;
  }
}
