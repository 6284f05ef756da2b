import type { BuildName } from '../base/identifiers.ts';
import type { Ledger } from '../device/ledger.ts';
import { allocatedSize } from '../os/disk.ts';

/** The inodes of one tree: number and bytes on disk, and the sum of these. */
export type TreeInodes = {
  readonly numbers: Float64Array;
  readonly bytes: Float64Array;
  readonly sum: number;
};

/** A complete tree, as far as choosing what to delete goes. */
export type EvictableTree = {
  readonly name: BuildName;
  /** When it was last used, in milliseconds since 1970. */
  readonly usedAt: number;
  readonly inodes: TreeInodes;
  /** True when it must stay: in use, sticky, or about to be used. */
  readonly stays: boolean;
};

/** What to delete, in this order, and what is left then. */
export type Eviction = {
  readonly victims: readonly BuildName[];
  /** Bytes of all trees before and after, inodes that several share counted once. */
  readonly before: number;
  readonly after: number;
};

const blockSize = 4096;
const typeBits = 0o170000;
const directoryType = 0o040000;

/** What a tree takes on disk, from the sizes that were seen when it was made. */
export function inodesOf({ inode, size, mode }: Ledger): TreeInodes {
  const numbers = new Float64Array(inode.length);
  const bytes = new Float64Array(inode.length);
  for (let row = 0; row < inode.length; row += 1) {
    numbers[row] = Number(inode[row]);
    const isDirectory = (mode[row]! & typeBits) === directoryType;
    bytes[row] = isDirectory ? blockSize : allocatedSize(Number(size[row]), blockSize);
  }
  return { numbers, bytes, sum: bytes.reduce((sum, one) => sum + one, 0) };
}

/**
 * Chooses the least recently used trees until what is left keeps the budget. A tree frees only what no tree that is
 * left shares with it.
 */
export function chooseEvictions(trees: readonly EvictableTree[], budget: number): Eviction {
  const names = new Map<number, number>();
  let before = 0;
  for (const { inodes } of trees) {
    for (const [row, number] of inodes.numbers.entries()) {
      const known = names.get(number) ?? 0;
      if (known === 0) before += inodes.bytes[row]!;
      names.set(number, known + 1);
    }
  }
  const victims: BuildName[] = [];
  let after = before;
  for (const { name, inodes, stays } of trees.toSorted((one, other) => one.usedAt - other.usedAt)) {
    if (after <= budget) break;
    if (stays) continue;
    victims.push(name);
    for (const [row, number] of inodes.numbers.entries()) {
      const left = names.get(number)! - 1;
      names.set(number, left);
      if (left === 0) after -= inodes.bytes[row]!;
    }
  }
  return { victims, before, after };
}
