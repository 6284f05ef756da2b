import type { BuildObject } from '../build/objects.ts';

/** The objects of a build by ordinal, as columns that threads can share. */
export type ObjectList = {
  /** Lengths of the uncompressed bytes. */
  readonly sizes: Uint32Array;
  /** SHA-256 of each, 32 bytes one after the other. */
  readonly hashes: Uint8Array;
};

/** The columns of a build's objects, in shared memory, so that every worker thread may be given them. */
export function objectList(objects: readonly BuildObject[]): ObjectList {
  const sizes = new Uint32Array(new SharedArrayBuffer(4 * objects.length));
  const hashes = new Uint8Array(new SharedArrayBuffer(32 * objects.length));
  objects.forEach(({ sha256, size }, ordinal) => {
    sizes[ordinal] = size;
    hashes.set(Buffer.from(sha256, 'hex'), 32 * ordinal);
  });
  return { sizes, hashes };
}
