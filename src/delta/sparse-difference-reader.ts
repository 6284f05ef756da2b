import { createByteReader } from './byte-reader.ts';
import { damaged } from './damaged.ts';
import { farthestRun, longestRun, type SparseStreams } from './sparse-difference.ts';

/** Reads what a `SparseWriter` wrote, in portions of any length. */
export type SparseReader = {
  /**
   * Adds the next `count` differences to as many bytes of `target` from `at` on, which is one number, its lowest
   * byte first: a difference is from −128 to 127, and what a sum has beyond a byte is carried to the next one.
   * Takes time for the differences that are not zero. Throws `delta-damaged`.
   */
  addTo(target: Uint8Array, at: number, count: number): void;
  /** Passes over the next `count` differences. Throws `delta-damaged`. */
  skip(count: number): void;
  /** Bytes of the streams that were not read yet. */
  readonly remaining: number;
};

/** A reader at the start of the streams. Behind the last run all differences are zero. */
export function createSparseReader(streams: SparseStreams): SparseReader {
  const { runs } = streams;
  const distances = createByteReader(streams.distances, 'the stream of distances');
  const lengths = createByteReader(streams.lengths, 'the stream of lengths');
  const values = [streams.ones, streams.twos, streams.threes, streams.longer] as const;
  const used = [0, 0, 0, 0];
  let nextRun = 0;
  /** Of the present run: its length, the zeroes before it that are left, and the place of its values. */
  let length = 1;
  let zeroes = 0;
  let left = 0;
  let kind = 0;

  const readRun = () => {
    if (nextRun === runs.length) {
      zeroes = Number.POSITIVE_INFINITY;
      return;
    }
    const run = runs[nextRun++]!;
    let distance = run % 64;
    if (distance === farthestRun) distance += distances.varint();
    zeroes = distance + 1 - length;
    if (zeroes < 0) throw damaged('runs of differences overlap');
    kind = run >> 6;
    length = kind + 1;
    if (length === longestRun) length += lengths.varint();
    left = length;
    if (left > values[kind]!.length - used[kind]!) throw damaged('the differences end too early');
  };

  return {
    addTo(target, at, count) {
      const end = at + count;
      let carry = 0;
      for (let place = at; ; ) {
        let stop = Math.min(end, place + zeroes);
        zeroes -= stop - place;
        for (; carry !== 0 && place < stop; place += 1) {
          carry += target[place]!;
          target[place] = carry;
          carry >>= 8;
        }
        place = stop;
        if (place === end) return;
        stop = Math.min(end, place + left);
        const digits = values[kind]!;
        let next = used[kind]!;
        left -= stop - place;
        for (; place < stop; place += 1) {
          // The shifts make a number from −128 of a byte.
          carry += target[place]! + ((digits[next++]! << 24) >> 24);
          target[place] = carry;
          carry >>= 8;
        }
        used[kind] = next;
        if (place === end) return;
        readRun();
      }
    },
    skip(count) {
      for (let rest = count; ; ) {
        const passed = Math.min(zeroes, rest);
        zeroes -= passed;
        rest -= passed;
        const unused = Math.min(left, rest);
        used[kind]! += unused;
        left -= unused;
        rest -= unused;
        if (rest === 0) return;
        readRun();
      }
    },
    get remaining() {
      const unused = values.reduce((sum, { length }, number) => sum + length - used[number]!, 0);
      return unused + runs.length - nextRun + distances.remaining + lengths.remaining;
    },
  };
}
