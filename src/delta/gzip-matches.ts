/** How hard a level of gzip searches, by the names that its descriptions use. */
export type GzipEffort = {
  /** With a previous match this long, only a quarter of the candidates is tried. */
  readonly good: number;
  /** A match this long is not improved upon; for levels 1 to 3: the longest whose inside becomes findable. */
  readonly lazy: number;
  /** A match this long ends the search. */
  readonly nice: number;
  /** Candidates tried at most. */
  readonly chain: number;
};

/** Efforts of levels 1 to 9; gzip and zlib have had these since their first versions. */
export const gzipEfforts: readonly GzipEffort[] = [
  [4, 4, 8, 4],
  [4, 5, 16, 8],
  [4, 6, 32, 32],
  [4, 4, 16, 16],
  [8, 16, 32, 32],
  [8, 16, 128, 128],
  [8, 32, 128, 256],
  [32, 128, 258, 1024],
  [32, 258, 258, 4096],
].map(([good, lazy, nice, chain]) => ({ good: good!, lazy: lazy!, nice: nice!, chain: chain! }));

export const shortestMatch = 3;
export const longestMatch = 258;
/** Bytes that gzip wants to see ahead before it looks for a match. */
export const lookAhead = longestMatch + shortestMatch + 1;
/** How far back gzip looks. */
export const farthest = 0x8000 - lookAhead;

const hashes = 0x8000;
const windowMask = 0x7fff;
/** A step that leads out of the window from any place in it. */
const unreachable = 0xffff;

/**
 * Finds earlier occurrences of what stands at a position, in the order and within the limits of gzip. Holds
 * 192 KiB. This and the other parts of the encoder are classes because their methods are called for every byte: as
 * closures they took half as long again.
 */
export class MatchFinder {
  /** Where the last match found begins. */
  start = 0;
  private readonly text: Uint8Array;
  private readonly effort: GzipEffort;
  /** The latest position of each hash; 0 is none. */
  private readonly latest = new Int32Array(hashes);
  /** How far before each position the one with the same hash lies; small numbers, so that the cache holds them. */
  private readonly steps = new Uint16Array(windowMask + 1);

  /** A finder in `text`, which must go on for `longestMatch` bytes after the last position asked for. */
  constructor(text: Uint8Array, effort: GzipEffort) {
    this.text = text;
    this.effort = effort;
  }

  /**
   * Makes a position findable; returns the nearest earlier one whose next three bytes have the same hash, or 0: the
   * very first position is never found. Positions are given in ascending order.
   */
  insert(position: number): number {
    const { text, latest } = this;
    const hash = ((text[position]! << 10) ^ (text[position + 1]! << 5) ^ text[position + 2]!) & (hashes - 1);
    const found = latest[hash]!;
    latest[hash] = position;
    this.steps[position & windowMask] = Math.min(position - found, unreachable);
    return found;
  }

  /** Makes the positions from `first` up to, not including, `end` findable. */
  insertAll(first: number, end: number): void {
    for (let position = first; position < end; position++) this.insert(position);
  }

  /**
   * The length of the best match at `position` that is longer than `beat`, among `candidate` and those before it
   * (or `beat` when there is none); where it begins is then in `start`.
   */
  longest(position: number, candidate: number, beat: number): number {
    const { text, steps } = this;
    const { nice, good, chain } = this.effort;
    const limit = Math.max(0, position - farthest);
    const first = text[position]!;
    const second = text[position + 1]!;
    let best = beat;
    let end = text[position + best]!;
    let beforeEnd = text[position + best - 1]!;
    let left = beat >= good ? chain >> 2 : chain;
    let place = candidate;
    do {
      // The end of the best match so far is what most candidates lack.
      if (
        text[place + best] === end &&
        text[place + best - 1] === beforeEnd &&
        text[place] === first &&
        text[place + 1] === second
      ) {
        let length = 2;
        while (length < longestMatch && text[place + length] === text[position + length]) length += 1;
        if (length > best) {
          this.start = place;
          best = length;
          if (length >= nice) break;
          end = text[position + best]!;
          beforeEnd = text[position + best - 1]!;
        }
      }
      place -= steps[place & windowMask]!;
      left -= 1;
    } while (place > limit && left > 0);
    return best;
  }
}
