import { BitWriter } from './gzip-bits.ts';
import { DeflateBlock } from './gzip-block.ts';
import { farthest, type GzipEffort, gzipEfforts, MatchFinder, shortestMatch } from './gzip-matches.ts';
import { GzipWindow } from './gzip-window.ts';

/** A match of the shortest length that lies farther back than this costs more than three literals. */
const tooFar = 4096;
/** So often gzip considers to end a block before it is full. */
const symbolsBetweenGuesses = 4096;

/**
 * Deflates `raw` with exactly the result of GNU gzip, which differs from zlib's in where blocks end, in how large
 * the hash table is, and close to the end of the input. Whole numbers only: the same on every processor.
 * Given `expected`, returns undefined as soon as a block differs from it. Holds a copy of `raw`, the result (at
 * most an eighth longer than `raw`; while it grows twice) and 0.75 MiB.
 * @param level 1 to 9
 */
export function deflateLikeGzip(
  raw: Uint8Array,
  level: number,
  expected?: Uint8Array,
): Uint8Array | undefined {
  return new GzipDeflate(raw, level, expected).run();
}

class GzipDeflate {
  private readonly raw: Uint8Array;
  private readonly level: number;
  private readonly expected: Uint8Array | undefined;
  private readonly effort: GzipEffort;
  private readonly window: GzipWindow;
  private readonly finder: MatchFinder;
  private readonly block: DeflateBlock;
  private readonly bits: BitWriter;
  private blockStart = 0;
  /** How much of `expected` was found equal. */
  private compared = 0;

  constructor(raw: Uint8Array, level: number, expected: Uint8Array | undefined) {
    this.raw = raw;
    this.level = level;
    this.expected = expected;
    this.effort = gzipEfforts[level - 1]!;
    this.window = new GzipWindow(raw);
    this.finder = new MatchFinder(this.window.text, this.effort);
    this.block = new DeflateBlock(raw.length);
    this.bits = new BitWriter(expected?.length ?? raw.length >> 2);
  }

  run(): Uint8Array | undefined {
    const isEqual = this.level < 4 ? this.runGreedily() : this.runLazily();
    return isEqual && this.endBlock(this.raw.length, true) ? this.bits.written() : undefined;
  }

  /** Levels 1 to 3: takes the first match that is found. False when a block was not as expected. */
  private runGreedily(): boolean {
    const { finder, block, window, effort } = this;
    const { text } = window;
    for (let position = 0; position < this.raw.length; ) {
      const candidate = finder.insert(position);
      let length = 0;
      if (this.isSearched(position, candidate)) {
        length = Math.min(finder.longest(position, candidate, shortestMatch - 1), window.end - position);
      }
      const isMatch = length >= shortestMatch;
      if (isMatch) block.match(length, position - finder.start);
      else block.literal(text[position]!);
      const isDone = this.isBlockDone(position);
      if (isMatch && length <= effort.lazy) finder.insertAll(position + 1, position + length);
      position += isMatch ? length : 1;
      if (isDone && !this.endBlock(position, false)) return false;
      if (position > window.enoughTo) window.advance(position);
    }
    return true;
  }

  /** Levels 4 to 9: takes a match only when the next position has no longer one. */
  private runLazily(): boolean {
    const { finder, block, window, effort } = this;
    const { text } = window;
    const inputLength = this.raw.length;
    let position = 0;
    let length = shortestMatch - 1;
    let start = 0;
    let hasPending = false;
    while (position < inputLength) {
      const candidate = finder.insert(position);
      const earlierLength = length;
      const earlierStart = start;
      length = shortestMatch - 1;
      if (earlierLength < effort.lazy && this.isSearched(position, candidate)) {
        length = Math.min(finder.longest(position, candidate, earlierLength), window.end - position);
        start = finder.start;
        if (length === shortestMatch && position - start > tooFar) length -= 1;
      }
      let isDone = false;
      if (earlierLength >= shortestMatch && length <= earlierLength) {
        const end = position - 1 + earlierLength;
        block.match(earlierLength, position - 1 - earlierStart);
        isDone = this.isBlockDone(position);
        finder.insertAll(position + 1, end);
        position = end;
        hasPending = false;
        length = shortestMatch - 1;
        if (isDone && !this.endBlock(position, false)) return false;
      } else {
        if (hasPending) {
          block.literal(text[position - 1]!);
          if (this.isBlockDone(position) && !this.endBlock(position, false)) return false;
        }
        hasPending = true;
        position += 1;
      }
      if (position > window.enoughTo) window.advance(position);
    }
    if (hasPending) block.literal(text[position - 1]!);
    return true;
  }

  private isSearched(position: number, candidate: number): boolean {
    return candidate !== 0 && position - candidate <= farthest && position <= this.window.searchedTo;
  }

  /** True when the block must end after the symbol just added; `position` is where gzip stands at that moment. */
  private isBlockDone(position: number): boolean {
    if (this.block.isFull()) return true;
    if (this.level < 3 || this.block.count % symbolsBetweenGuesses !== 0) return false;
    return this.block.isWorthEnding(position - this.blockStart);
  }

  /** Writes the block that ends before `end`; false when it is not what was expected. */
  private endBlock(end: number, isLast: boolean): boolean {
    const { bits, blockStart, compared } = this;
    const isHeld = blockStart >= this.window.base;
    this.block.end(bits, isHeld ? this.raw.subarray(blockStart, end) : undefined, isLast);
    this.blockStart = end;
    if (isLast) bits.align();
    this.compared = bits.length;
    if (this.expected === undefined) return true;
    return Buffer.compare(bits.written(compared), this.expected.subarray(compared, bits.length)) === 0;
  }
}
