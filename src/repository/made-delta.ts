import type { Sha256 } from '../base/identifiers.ts';
import type { MadeDelta } from '../delta/make-delta.ts';
import type { TreeDelta } from './records.ts';

/** What a record says of a delta that was made from the tree with this index. */
export function treeDeltaOf(made: MadeDelta, fromIndex: Sha256): TreeDelta {
  const { stored, length, head, memory, scratch, output } = made;
  return {
    ...{ fromIndex, stored, length, head, memory },
    ...(scratch === 0 ? {} : { scratch }),
    output,
  };
}
