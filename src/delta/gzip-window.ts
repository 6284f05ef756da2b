import { farthest, longestMatch, lookAhead, shortestMatch } from './gzip-matches.ts';

/** Bytes that gzip moves its window by, half of what it holds. */
const step = 0x8000;

/**
 * What GNU gzip holds of its input while it stands at a position. The content lies here as a whole; only what
 * follows from gzip's window of 64 KiB is kept: where it begins, where it ends, and the leftovers beyond the end of
 * the input, which gzip compares with as if they were input (it then cuts the match, but by then has chosen it).
 */
export class GzipWindow {
  /** The content, and after it what gzip would have in its window there. */
  readonly text: Uint8Array;
  /** The position of the window's first byte. */
  base = 0;
  /** The position after the last byte in the window. */
  end: number;
  /** The last position at which gzip looks for matches; it does not close to the end of a full window. */
  searchedTo = 0;
  /** Beyond this position gzip sees too few bytes ahead: `advance` must be called. */
  enoughTo = 0;
  private readonly inputLength: number;
  private readonly isPart: boolean;

  /**
   * The window over `raw` when gzip stands at `start`. What is before the content that `isPart` says to be only a
   * later part must be a multiple of 32 KiB.
   */
  constructor(raw: Uint8Array, start = 0, isPart = false) {
    this.inputLength = raw.length;
    this.isPart = isPart;
    this.text = new Uint8Array(raw.length + longestMatch + lookAhead);
    this.text.set(raw);
    this.end = Math.min(raw.length, step * 2);
    this.advance(0);
    while (start > this.enoughTo) this.advance(start);
  }

  /** Moves the window to `position`. */
  advance(position: number): void {
    let isAtEnd = this.inputLength === 0;
    while (!isAtEnd && this.end - position < lookAhead) isAtEnd = !this.fill(position);
    this.searchedTo = this.base + step * 2 - lookAhead;
    this.enoughTo = isAtEnd ? Number.POSITIVE_INFINITY : this.end - lookAhead;
  }

  /** Reads on; false at the end of the input. */
  private fill(position: number): boolean {
    const baseBefore = this.base;
    if (position - this.base >= step + farthest) this.base += step;
    const count = Math.min(this.inputLength, this.base + step * 2) - this.end;
    this.end += count;
    if (count === 0) this.leaveOver(baseBefore);
    return count > 0;
  }

  /** Two zeros, then what was read into the same place of the window before: a step earlier, or nothing yet. */
  private leaveOver(lastBase: number): void {
    const { text, base, isPart } = this;
    for (let place = this.end + shortestMatch - 1; place < text.length; place++) {
      const isRead = isPart || lastBase > 0 || place - base >= step;
      text[place] = isRead && (isPart || base > 0) ? text[place - step]! : 0;
    }
  }
}
