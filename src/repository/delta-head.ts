import { hash } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import { type DeltaHead, parseHead } from '../delta/delta-format.ts';
import { readPart } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { deltaFile } from './layout.ts';
import type { TreeDelta } from './records.ts';

/**
 * What a stored delta says of itself; undefined when its head is not what its record vouches for. Throws what
 * the store throws.
 */
export async function readDeltaHead(
  store: ReadableStore,
  { stored, head }: Pick<TreeDelta, 'stored' | 'head'>,
  signal?: AbortSignal,
): Promise<DeltaHead | undefined> {
  const bytes = await readPart(store, deltaFile(stored), { offset: 0, length: head.length }, signal);
  if (hash('sha256', bytes) !== head.sha256) return undefined;
  try {
    return parseHead(bytes);
  } catch (error) {
    if (isSatchelError(error, 'delta-damaged')) return undefined;
    throw error;
  }
}
