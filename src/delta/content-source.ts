import type { IndexEntry } from '../build/entry.ts';
import type { BuildObject } from '../build/objects.ts';

/** One of the two builds between which a delta is made. */
export type DeltaSide = {
  /** The uncompressed bytes of its index. */
  readonly index: Uint8Array;
  readonly entries: Iterable<IndexEntry>;
  /** Its objects by ordinal, as `objectsOf` gives them. */
  readonly objects: readonly BuildObject[];
  /**
   * The contents of objects, each compared with its hash, in the order asked for. They are only lent: whoever asked
   * copies what it keeps. Asked for at most some 50 MiB at once.
   */
  read(ordinals: readonly number[], signal: AbortSignal | undefined): Promise<readonly Uint8Array[]>;
};
