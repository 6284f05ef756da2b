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

/** Matches at least this long have a chain of their own, which is shorter than that of gzip. */
const longMatch = 5;

/**
 * Finds earlier occurrences of what stands at a position, in the order and within the limits of gzip. Holds
 * 448 KiB. This and the other parts of the encoder are classes because their methods are called for every byte: as
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
  /** Counts the positions with the same hash, as far as 16 bits tell: so many were findable when each came. */
  private readonly ranks = new Uint16Array(windowMask + 1);
  /** The same for hashes of so many bytes as a long match has at least. */
  private readonly latestLong = new Int32Array(hashes);
  private readonly longSteps = new Uint16Array(windowMask + 1);

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
    const { text, latest, latestLong } = this;
    const place = position & windowMask;
    const a = text[position]!;
    const b = text[position + 1]!;
    const c = text[position + 2]!;
    const hash = ((a << 10) ^ (b << 5) ^ c) & (hashes - 1);
    const found = latest[hash]!;
    latest[hash] = position;
    this.steps[place] = Math.min(position - found, unreachable);
    this.ranks[place] = this.ranks[found & windowMask]! + 1;
    const word = a | (b << 8) | (c << 16) | (text[position + 3]! << 24);
    const longHash = Math.imul(Math.imul(word, 0x9e3779b1) ^ text[position + 4]!, 0x85ebca6b) >>> 17;
    this.longSteps[place] = Math.min(position - latestLong[longHash]!, unreachable);
    latestLong[longHash] = position;
    return found;
  }

  /** Makes the positions from `first` up to, not including, `end` findable. */
  insertAll(first: number, end: number): void {
    for (let position = first; position < end; position++) this.insert(position);
  }

  /**
   * The length of the best match at `position` that is longer than `beat`, among `candidate` and those before it
   * (or `beat` when there is none); where it begins is then in `start`. Gzip walks through all positions with the
   * hash of three bytes. The same is found by first looking only at those that may have a long match, if each would
   * also be among the first that gzip tries.
   */
  longest(position: number, candidate: number, beat: number): number {
    const { good, chain } = this.effort;
    const tried = beat >= good ? chain >> 2 : chain;
    const length = this.longestLong(position, candidate, beat, tried);
    return length >= longMatch - 1 ? length : this.longestShort(position, candidate, beat, tried);
  }

  private longestLong(position: number, candidate: number, beat: number, tried: number): number {
    const { text, longSteps, ranks } = this;
    const { nice } = this.effort;
    const limit = Math.max(0, position - farthest);
    const rank = ranks[position & windowMask]!;
    let best = Math.max(beat, longMatch - 1);
    let isFound = false;
    let end = text[position + best]!;
    let place = position - longSteps[position & windowMask]!;
    while (place > limit || place === candidate) {
      if (((rank - ranks[place & windowMask]!) & 0xffff) > tried && this.areAlike(place, position)) break;
      // The end of the best match so far is what most candidates lack.
      if (text[place + best] === end) {
        let length = 0;
        while (length < longestMatch && text[place + length] === text[position + length]) length += 1;
        if (length > best) {
          this.start = place;
          isFound = true;
          best = length;
          if (length >= nice) break;
          end = text[position + best]!;
        }
      }
      place -= longSteps[place & windowMask]!;
    }
    return isFound ? best : beat;
  }

  /** True when the ranks of two positions may be compared: they have the same hash of three bytes. */
  private areAlike(place: number, position: number): boolean {
    const { text } = this;
    if (text[place] !== text[position] || text[place + 1] !== text[position + 1]) return false;
    return text[place + 2] === text[position + 2];
  }

  /** The same when it is known that no match is long. */
  private longestShort(position: number, candidate: number, beat: number, tried: number): number {
    const { text, steps } = this;
    const limit = Math.max(0, position - farthest);
    const first = text[position]!;
    const second = text[position + 1]!;
    let best = beat;
    let end = text[position + best]!;
    let left = tried;
    let place = candidate;
    do {
      if (text[place + best] === end && text[place] === first && text[place + 1] === second) {
        let length = 2;
        while (length < longMatch - 1 && text[place + length] === text[position + length]) length += 1;
        if (length > best) {
          this.start = place;
          best = length;
          if (length === longMatch - 1) break;
          end = text[position + best]!;
        }
      }
      place -= steps[place & windowMask]!;
      left -= 1;
    } while (place > limit && left > 0);
    return best;
  }
}
