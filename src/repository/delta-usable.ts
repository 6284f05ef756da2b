import { scratchToApply } from '../delta/delta-format.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TreeLists } from './catalog.ts';
import { readDeltaHead } from './delta-head.ts';
import { provesItself } from './delta-proof.ts';
import { openTreeSide } from './delta-source.ts';
import type { TreeDelta } from './records.ts';

/**
 * Whether a stored delta leads between the two trees that its record names, within what the record vouches for. Where
 * the old tree is here too it is applied in memory to find out. Throws what reading the trees throws.
 */
export async function isUsableDelta(
  store: ReadableStore,
  delta: TreeDelta,
  { old, next }: { readonly old: TreeLists | undefined; readonly next: TreeLists },
  signal?: AbortSignal,
): Promise<boolean> {
  const head = await readDeltaHead(store, delta, signal);
  // A device refuses one that takes more of its disk than was signed.
  if (
    head?.from !== delta.fromIndex ||
    head.to !== next.index.sha256 ||
    scratchToApply(head) > (delta.scratch ?? 0)
  )
    return false;
  if (old === undefined) return true;
  const sides = [await openTreeSide(store, old, signal), await openTreeSide(store, next, signal)] as const;
  return provesItself(store, { delta, head }, sides, signal);
}
