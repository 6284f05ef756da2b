import type { BuildName } from '../base/identifiers.ts';

/**
 * How a device gets a build: it has it and boots it (`none`), it has it and only switches to it, it fetches the
 * delta from the build that it has, two deltas by way of a build between, the objects that it lacks, or everything.
 */
export type WayKind = 'none' | 'switch' | 'delta' | 'chain' | 'objects' | 'everything';

/** One way to get a build, with its price. */
export type Way = {
  readonly kind: WayKind;
  /** The build between, for a chain. */
  readonly via?: BuildName;
  /** Bytes to read from the source beyond what has been received already. */
  readonly bytes: number;
  /** Requests to the source. */
  readonly requests: number;
  /** How many of the requests have to wait for the answer of another: each costs a round trip. */
  readonly roundTrips: number;
  /** Bytes of disk that are needed until the switch, over what is used now. */
  readonly disk: number;
  /** Inodes that are needed until the switch. */
  readonly inodes: number;
  /** Bytes of memory that applying it takes beside what every update takes. */
  readonly memory: number;
};

/** What the operator and the machine allow. */
export type Budget = {
  /** Most bytes of content to read from the source (`--max-bytes`). */
  readonly maximumBytes?: number | undefined;
  /** Bytes that the device may still receive this month, headers included; undefined: no monthly budget. */
  readonly monthLeft?: number | undefined;
  /** Free bytes and inodes (Infinity: not counted) on the file system that holds the versions. */
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Bytes of memory that can be had without swapping. */
  readonly freeMemory: number;
};

/** Why a way cannot be taken. */
export type Refusal = 'max-bytes' | 'monthly-bytes' | 'disk' | 'inodes' | 'memory';

/** Bytes kept free on the disk: a file system that is full to the last block is slow and cannot be repaired. */
export const diskReserve = 16 * 1024 * 1024;

/** Bytes that the head of an answer takes at most, as a rule. */
export const answerHead = 1024;

/** What speaks against a way under a budget; undefined: nothing. */
export function refusal(way: Way, budget: Budget): Refusal | undefined {
  // Patching is what takes memory; where it would swap, a larger download is the lesser evil.
  if (way.memory > budget.freeMemory) return 'memory';
  if (budget.maximumBytes !== undefined && way.bytes > budget.maximumBytes) return 'max-bytes';
  if (budget.monthLeft !== undefined && bytesOnWire(way) > budget.monthLeft) return 'monthly-bytes';
  if (way.disk + diskReserve > budget.freeBytes) return 'disk';
  if (way.inodes > budget.freeInodes) return 'inodes';
  return undefined;
}

/** What a way brings over the link with the heads of the answers. */
export function bytesOnWire({ bytes, requests }: Pick<Way, 'bytes' | 'requests'>): number {
  return bytes + requests * answerHead;
}

/** The possible way with the fewest bytes (then requests), or undefined when the budget forbids all. */
export function cheapestWay(ways: readonly Way[], budget: Budget): Way | undefined {
  return ways.filter((way) => refusal(way, budget) === undefined).sort(byPrice)[0];
}

/** Orders ways by bytes, then by requests. */
export function byPrice(a: Pick<Way, 'bytes' | 'requests'>, b: Pick<Way, 'bytes' | 'requests'>): number {
  return a.bytes - b.bytes || a.requests - b.requests;
}
