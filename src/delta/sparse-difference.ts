import { createByteWriter } from './byte-writer.ts';

/**
 * Differences, of which most are zero, as the runs of those that are not. What is alike lies together: an address
 * that moved makes the same run wherever it stands. Lengths and distances compress best apart from values.
 */
export type SparseStreams = {
  /**
   * A byte for each run: 64 × (its length − 1, at most 3) + its distance, at most 63. The distance is how many
   * differences stand between the first of the run before and its own first, at first how many stand before it.
   */
  readonly runs: Uint8Array;
  /** Varints: what distances have above 63, of the runs that have 63 there. */
  readonly distances: Uint8Array;
  /** Varints: what lengths have above 4, of the runs that have 3 there. */
  readonly lengths: Uint8Array;
  /** The differences of runs of one, of two, of three, and of four or more. */
  readonly ones: Uint8Array;
  readonly twos: Uint8Array;
  readonly threes: Uint8Array;
  readonly longer: Uint8Array;
};

/** Where a byte of `runs` says that the rest of a distance, or of a length, stands apart. */
export const farthestRun = 63;
export const longestRun = 4;

/** Collects the differences of patches, one after another. */
export type SparseWriter = {
  add(differences: Uint8Array): void;
  /** Everything that was added; zeroes at the end leave no trace. */
  finish(): SparseStreams;
};

/** An empty writer. */
export function createSparseWriter(): SparseWriter {
  const runs = createByteWriter();
  const distances = createByteWriter();
  const lengths = createByteWriter();
  const ones = createByteWriter();
  const twos = createByteWriter();
  const threes = createByteWriter();
  const longer = createByteWriter();
  const values = [ones, twos, threes, longer] as const;
  /** Differences since the first of the last run. */
  let passed = 0;

  const write = (run: Uint8Array, distance: number) => {
    const kind = Math.min(run.length, longestRun) - 1;
    runs.bytes(Uint8Array.of(64 * kind + Math.min(distance, farthestRun)));
    if (distance >= farthestRun) distances.varint(distance - farthestRun);
    if (run.length >= longestRun) lengths.varint(run.length - longestRun);
    values[kind]!.bytes(run);
  };

  return {
    add(differences) {
      let counted = 0;
      for (let at = 0; ; ) {
        while (at < differences.length && differences[at] === 0) at += 1;
        const start = at;
        while (at < differences.length && differences[at] !== 0) at += 1;
        if (at === start) break;
        write(differences.subarray(start, at), passed + start - counted);
        passed = 0;
        counted = start + 1;
      }
      passed += differences.length - counted;
    },
    finish: () => ({
      runs: runs.finish(),
      distances: distances.finish(),
      lengths: lengths.finish(),
      ones: ones.finish(),
      twos: twos.finish(),
      threes: threes.finish(),
      longer: longer.finish(),
    }),
  };
}
