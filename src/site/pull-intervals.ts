/** Bytes `start` to `end` (exclusive) of a file. */
export type Interval = { readonly start: number; readonly end: number };

/** A set of bytes of a file, as intervals that neither touch nor overlap, in ascending order. */
export type Intervals = {
  add(start: number, end: number): void;
  remove(start: number, end: number): void;
  /** The first byte at or after `start` that is not in the set. */
  endFrom(start: number): number;
  /** The first byte of the set at or after `start`; Infinity when there is none. */
  nextFrom(start: number): number;
  /** True when all of `start` to `end` is in the set. */
  covers(start: number, end: number): boolean;
  /** What of `start` to `end` is not in the set. */
  missing(start: number, end: number): Interval[];
  /** Bytes in the set. */
  total(): number;
  list(): readonly Interval[];
};

/** Makes a set, empty or from what another one listed. */
export function createIntervals(initial: Iterable<Interval> = []): Intervals {
  /** Bounds in turn: start, end, start, end, … ascending. */
  const bounds: number[] = [];

  /** How many bounds are at or below a position; odd inside of an interval. */
  const below = (position: number): number => {
    let low = 0;
    let high = bounds.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((bounds[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const replace = (start: number, end: number, isIn: boolean) => {
    if (end <= start) return;
    // What touches `start` from the left counts as reached, so that neighbours grow together.
    const from = below(start - 1);
    const to = below(end);
    const left = (from % 2 === 1) === isIn ? [] : [start];
    const right = (to % 2 === 1) === isIn ? [] : [end];
    bounds.splice(from, to - from, ...left, ...right);
  };
  const endFrom = (start: number): number => {
    const count = below(start);
    return count % 2 === 1 ? (bounds[count] as number) : start;
  };
  const nextFrom = (start: number): number => {
    const count = below(start);
    return count % 2 === 1 ? start : (bounds[count] ?? Number.POSITIVE_INFINITY);
  };

  const set: Intervals = {
    add: (start, end) => replace(start, end, true),
    remove: (start, end) => replace(start, end, false),
    endFrom,
    nextFrom,
    covers: (start, end) => end <= start || endFrom(start) >= end,
    missing(start, end) {
      const gaps: Interval[] = [];
      for (let position = endFrom(start); position < end; ) {
        const next = Math.min(end, nextFrom(position));
        gaps.push({ start: position, end: next });
        position = endFrom(next);
      }
      return gaps;
    },
    total() {
      let sum = 0;
      for (let i = 0; i < bounds.length; i += 2) sum += (bounds[i + 1] as number) - (bounds[i] as number);
      return sum;
    },
    list: () =>
      Array.from({ length: bounds.length / 2 }, (_, i) => ({
        start: bounds[2 * i] as number,
        end: bounds[2 * i + 1] as number,
      })),
  };
  for (const { start, end } of initial) set.add(start, end);
  return set;
}
