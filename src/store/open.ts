import { fileURLToPath } from 'node:url';
import { SatchelError } from '../base/errors.ts';
import type { ReadableStore } from './store.ts';

/**
 * Opens a source by its address: `http://…`, `https://…`, `file:///…`, or a path. Nothing is connected to or
 * read yet. Loads only the kind of store that is needed. Throws `store-address-not-usable`.
 */
export async function openSourceStore(address: string): Promise<ReadableStore> {
  if (/^https?:\/\//i.test(address)) {
    const { openHttpStore } = await import('./http.ts');
    return openHttpStore(address);
  }
  const path = pathFrom(address);
  const { openDirectoryStore } = await import('./directory.ts');
  return openDirectoryStore(path);
}

function pathFrom(address: string): string {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(address) && address !== '') return address;
  try {
    return fileURLToPath(address);
  } catch (cause) {
    throw new SatchelError('store-address-not-usable', { address }, { cause });
  }
}
