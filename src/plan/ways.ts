/**
 * How a device gets a build: it has it and boots it (`none`), it has it and only switches to it, it fetches the
 * delta from the build that it has, the objects that it lacks, or everything.
 */
export type WayKind = 'none' | 'switch' | 'delta' | 'objects' | 'everything';

/** One way to get a build, with its price. */
export type Way = {
  readonly kind: WayKind;
  /** Bytes to read from the source beyond what has been received already. */
  readonly bytes: number;
  /** Requests to the source. */
  readonly requests: number;
  /** Bytes of disk that are needed until the switch, over what is used now. */
  readonly disk: number;
  /** Inodes that are needed until the switch. */
  readonly inodes: number;
  /** Bytes of memory that applying it takes beside what every update takes. */
  readonly memory: number;
};

/** What the operator and the machine allow. */
export type Budget = {
  /** Most bytes to read from the source (`--max-bytes`). */
  readonly maximumBytes?: number | undefined;
  /** Free bytes and inodes (Infinity: not counted) on the file system that holds the versions. */
  readonly freeBytes: number;
  readonly freeInodes: number;
};

/** Why a way cannot be taken. */
export type Refusal = 'max-bytes' | 'disk' | 'inodes';

/** Bytes kept free on the disk: a file system that is full to the last block is slow and cannot be repaired. */
export const diskReserve = 16 * 1024 * 1024;

/** What speaks against a way under a budget; undefined: nothing. */
export function refusal(way: Way, budget: Budget): Refusal | undefined {
  if (budget.maximumBytes !== undefined && way.bytes > budget.maximumBytes) return 'max-bytes';
  if (way.disk + diskReserve > budget.freeBytes) return 'disk';
  if (way.inodes > budget.freeInodes) return 'inodes';
  return undefined;
}

/** The possible way with the fewest bytes (then requests), or undefined when the budget forbids all. */
export function cheapestWay(ways: readonly Way[], budget: Budget): Way | undefined {
  return ways
    .filter((way) => refusal(way, budget) === undefined)
    .sort((a, b) => a.bytes - b.bytes || a.requests - b.requests)[0];
}
