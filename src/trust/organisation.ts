import { hash } from 'node:crypto';
import type { Sha256 } from '../base/identifiers.ts';
import type { ReadableStore } from '../store/store.ts';
import { metadataFile } from './names.ts';
import { readIfThere } from './read-if-there.ts';
import { defaultLimits } from './roles.ts';

/**
 * Which organisation a repository belongs to: the SHA-256 of its first root, which no change of keys changes. Says
 * where it is worth asking, and nothing about trust. Undefined where the first root is not there. Throws what the
 * store throws.
 */
export async function organisationOf(
  store: ReadableStore,
  signal?: AbortSignal,
): Promise<Sha256 | undefined> {
  const limit = defaultLimits.root;
  const first = await readIfThere(store, metadataFile('root', 1), { limit, signal });
  return first === undefined ? undefined : (hash('sha256', first) as Sha256);
}
