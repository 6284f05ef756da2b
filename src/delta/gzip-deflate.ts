import { freeBuffer } from '../base/memory.ts';
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
  return new GzipDeflate(raw, level, whole, expected).run();
}

/** Which part of a deflate stream to make, and from what. */
export type DeflatePart = {
  /** Bytes of content before the part, at most 64 KiB, which matches may lie in; a block ends there. */
  readonly context: number;
  /** How many bits of the byte in which the part begins belong to the block before: 0 to 7. They come out as 0. */
  readonly pendingBits: number;
  /** Bytes to make, that byte included; of the last part at most. */
  readonly length: number;
  /** True when the content ends where that of the whole stream ends. */
  readonly isLast: boolean;
  /** True to free the content as soon as it has been copied. */
  readonly isGiven?: boolean;
};

/** Content before a part that is at least as long is preceded by more, a multiple of it. */
export const partUnit = 0x8000;

/** The longest block: every symbol with a code of the fixed ones, all their extra bits, and some more. */
const longestBlock = 0x20000;

/** The most bytes that content of this length is packed to. */
export function packedLimit(length: number): number {
  return length + Math.ceil(length / 8);
}

/** The most bytes that are made for a part of `wanted` bytes: the last block goes on behind it. */
export function packedPartLimit(length: number, wanted: number): number {
  return Math.min(packedLimit(length), wanted + longestBlock);
}

/** What gzip must see of the content behind a part, which is not the last, to make it as it would in the whole. */
export const partLookAhead = 1024;

/**
 * Deflates a part of a stream as GNU gzip would have made it in the whole: `raw` is the content before it, its own
 * and, unless it is the last, {@link partLookAhead} bytes more. The content before it must begin at a multiple of
 * {@link partUnit}, which is the beginning of the whole if `context` is less. Whether the encoder can be taken up at
 * the end of a block is for whoever asks to prove; nearly always it can. Undefined when the content does not give
 * so many bytes, or those of a block are not as expected. Holds a copy of `raw`, what {@link packedPartLimit} says, and
 * 0.75 MiB.
 */
export function deflatePart(
  raw: Uint8Array,
  level: number,
  part: DeflatePart,
  expected?: Uint8Array,
): Uint8Array | undefined {
  return new GzipDeflate(raw, level, part, expected).run();
}

const whole: DeflatePart = {
  context: 0,
  pendingBits: 0,
  length: Number.POSITIVE_INFINITY,
  isLast: true,
};

class GzipDeflate {
  private readonly raw: Uint8Array;
  private readonly level: number;
  private readonly expected: Uint8Array | undefined;
  private readonly effort: GzipEffort;
  private readonly window: GzipWindow;
  private readonly finder: MatchFinder;
  private readonly block: DeflateBlock;
  private readonly bits: BitWriter;
  private readonly part: DeflatePart;
  private blockStart: number;
  /** How much of `expected` was found equal. */
  private compared: number;
  /** True as soon as a block differs from what is expected. */
  private isOther = false;

  constructor(raw: Uint8Array, level: number, part: DeflatePart, expected: Uint8Array | undefined) {
    this.level = level;
    this.part = part;
    this.expected = expected;
    this.effort = gzipEfforts[level - 1]!;
    this.window = new GzipWindow(raw, part.context, part.context >= partUnit);
    this.raw = this.window.text.subarray(0, raw.length);
    this.finder = new MatchFinder(this.window.text, this.effort);
    this.block = new DeflateBlock(raw.length);
    const room = part === whole ? raw.length >> 2 : packedPartLimit(raw.length, part.length);
    this.bits = new BitWriter(expected?.length ?? room);
    this.blockStart = part.context;
    // The byte that the part begins in is not all its own.
    this.compared = part.pendingBits === 0 ? 0 : 1;
    if (part.isGiven) freeBuffer(raw);
  }

  run(): Uint8Array | undefined {
    const { part, bits } = this;
    this.finder.insertAll(0, part.context);
    bits.bits(0, part.pendingBits);
    const isEnd = this.level < 4 ? this.runGreedily() : this.runLazily();
    if (isEnd && part.isLast) this.endBlock(this.raw.length, true);
    if (this.isOther || (!part.isLast && bits.whole() < part.length)) return undefined;
    bits.align();
    // Left to the collector it would be there beside what comes next.
    freeBuffer(this.window.text);
    return bits.written().subarray(0, part.length);
  }

  /** Levels 1 to 3: takes the first match that is found. False when it stopped before the end. */
  private runGreedily(): boolean {
    const { finder, block, window, effort } = this;
    const { text } = window;
    for (let position = this.part.context; position < this.raw.length; ) {
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
    let position = this.part.context;
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

  /** Writes the block that ends before `end`; false when nothing more is to be made. */
  private endBlock(end: number, isLast: boolean): boolean {
    const { bits, blockStart, compared, expected } = this;
    const isHeld = blockStart >= this.window.base;
    this.block.end(bits, isHeld ? this.raw.subarray(blockStart, end) : undefined, isLast);
    this.blockStart = end;
    if (isLast) bits.align();
    const known = Math.min(bits.length, this.part.length);
    if (expected !== undefined && known > compared) {
      const made = bits.written(compared).subarray(0, known - compared);
      this.isOther = Buffer.compare(made, expected.subarray(compared, known)) !== 0;
      this.compared = known;
    }
    return !this.isOther && bits.whole() < this.part.length;
  }
}
