import type { BitWriter } from './gzip-bits.ts';
import { huffmanCode, type PrefixCode, prefixCode } from './gzip-huffman.ts';

/** Literals and matches that fit a block of GNU gzip. */
const blockSymbols = 0x8000 - 1;
const endOfBlock = 256;
const firstLength = 257;

const extraLengthBits = Uint8Array.of(
  ...[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0],
);
const extraDistanceBits = Uint8Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
const extraRunBits = Uint8Array.from({ length: 19 }, (_, code) => [2, 3, 7][code - 16] ?? 0);
/** The order in which the lengths of the codes for code lengths are sent (RFC 1951, section 3.2.7). */
const runCodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const lengthBase = basesOf(extraLengthBits.subarray(0, 28), 3);
const distanceBase = basesOf(extraDistanceBits, 1);
/** The code of each match length; 258 has one of its own. */
const lengthCode = Uint8Array.from({ length: 259 }, (_, length) => {
  return length === 258
    ? 28
    : Math.max(
        0,
        lengthBase.findLastIndex((base) => base <= length),
      );
});
lengthBase.push(258);
/** The code of a distance − 1: below 256 at its own place, above at 256 + its value / 128. */
const distanceCode = Uint8Array.from({ length: 512 }, (_, place) => {
  const distance = (place < 256 ? place : (place - 256) * 128) + 1;
  return distanceBase.findLastIndex((base) => base <= distance);
});

function basesOf(extraBits: Uint8Array, first: number): number[] {
  const bases: number[] = [];
  let base = first;
  for (const bits of extraBits) {
    bases.push(base);
    base += 1 << bits;
  }
  return bases;
}

const fixedLiterals = prefixCode(
  Uint8Array.from({ length: 288 }, (_, symbol) =>
    symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
  ),
);
const fixedDistances = prefixCode(new Uint8Array(30).fill(5));

function codeOfDistance(distance: number): number {
  return distanceCode[distance <= 256 ? distance - 1 : 256 + ((distance - 1) >> 7)]!;
}

/** A block of deflate symbols under way: literals and matches in order, and how often each symbol occurs. */
export class DeflateBlock {
  /** Literals and matches collected so far. */
  count = 0;
  private matches = 0;
  private readonly values: Uint16Array;
  private readonly distances: Uint16Array;
  private readonly literalCounts = new Uint32Array(286);
  private readonly distanceCounts = new Uint32Array(30);

  /** An empty block; it will never be given more than `inputLength` bytes. */
  constructor(inputLength: number) {
    const room = Math.min(blockSymbols, inputLength);
    this.values = new Uint16Array(room);
    this.distances = new Uint16Array(room);
  }

  /** Adds a byte. */
  literal(byte: number): void {
    this.values[this.count] = byte;
    this.distances[this.count++] = 0;
    this.literalCounts[byte]! += 1;
  }

  /** Adds a copy of `length` bytes (3 to 258) from `distance` back (1 to 32768). */
  match(length: number, distance: number): void {
    this.values[this.count] = length;
    this.distances[this.count++] = distance;
    this.matches += 1;
    this.literalCounts[firstLength + lengthCode[length]!]! += 1;
    this.distanceCounts[codeOfDistance(distance)]! += 1;
  }

  /** True when the block holds as many symbols as gzip's buffers do. */
  isFull(): boolean {
    return this.count === blockSymbols;
  }

  /** True when gzip guesses that ending here pays: few matches so far, yet less than half of `inputLength`. */
  isWorthEnding(inputLength: number): boolean {
    let bits = this.count * 8;
    this.distanceCounts.forEach((used, code) => {
      bits += used * (5 + extraDistanceBits[code]!);
    });
    return this.matches < this.count >> 1 && bits >>> 3 < inputLength >>> 1;
  }

  /**
   * Writes the block in the shortest of the three ways and begins an empty one. `stored` is the content, or
   * undefined when gzip no longer holds all of it and so cannot store it as it is.
   */
  end(bits: BitWriter, stored: Uint8Array | undefined, isLast: boolean): void {
    this.literalCounts[endOfBlock] = 1;
    const literals = huffmanCode(this.literalCounts, 15);
    const distances = huffmanCode(this.distanceCounts, 15);
    const header = describeCodes(literals, distances);
    const ownLength = (header.cost + this.cost(literals, distances) + 10) >>> 3;
    const fixedLength = (this.cost(fixedLiterals, fixedDistances) + 10) >>> 3;
    const last = isLast ? 1 : 0;
    if (stored !== undefined && stored.length + 4 <= Math.min(ownLength, fixedLength)) {
      sendStored(bits, stored, last);
    } else if (fixedLength <= ownLength) {
      bits.bits(2 | last, 3);
      this.send(bits, fixedLiterals, fixedDistances);
    } else {
      bits.bits(4 | last, 3);
      header.send(bits);
      this.send(bits, literals, distances);
    }
    this.count = 0;
    this.matches = 0;
    this.literalCounts.fill(0);
    this.distanceCounts.fill(0);
  }

  /** Bits of all symbols with these codes. */
  private cost(literals: PrefixCode, distances: PrefixCode): number {
    let total = 0;
    this.literalCounts.forEach((used, symbol) => {
      total += used * (literals.lengths[symbol]! + (extraLengthBits[symbol - firstLength] ?? 0));
    });
    this.distanceCounts.forEach((used, code) => {
      total += used * (distances.lengths[code]! + extraDistanceBits[code]!);
    });
    return total;
  }

  private send(bits: BitWriter, literalCode: PrefixCode, matchCode: PrefixCode): void {
    const { values, distances, count } = this;
    for (let place = 0; place < count; place++) {
      const value = values[place]!;
      const distance = distances[place]!;
      if (distance === 0) {
        bits.bits(literalCode.codes[value]!, literalCode.lengths[value]!);
        continue;
      }
      const length = lengthCode[value]!;
      bits.bits(literalCode.codes[firstLength + length]!, literalCode.lengths[firstLength + length]!);
      bits.bits(value - lengthBase[length]!, extraLengthBits[length]!);
      const code = codeOfDistance(distance);
      bits.bits(matchCode.codes[code]!, matchCode.lengths[code]!);
      bits.bits(distance - distanceBase[code]!, extraDistanceBits[code]!);
    }
    bits.bits(literalCode.codes[endOfBlock]!, literalCode.lengths[endOfBlock]!);
  }
}

function sendStored(bits: BitWriter, content: Uint8Array, last: number): void {
  bits.bits(last, 3);
  bits.align();
  bits.bits(content.length, 16);
  bits.bits(content.length ^ 0xffff, 16);
  bits.align();
  bits.bytes(content);
}

/** One number in the description of code lengths: a length (0 to 15) or a run (16 to 18) with its extra bits. */
type RunSymbol = { symbol: number; extra: number };

/** What stands before a block with codes of its own: their lengths, run-length coded and packed once more. */
function describeCodes(literals: PrefixCode, distances: PrefixCode) {
  const runs = [...runsOf(literals), ...runsOf(distances)];
  const frequencies = new Uint32Array(19);
  for (const { symbol } of runs) frequencies[symbol]! += 1;
  const code = huffmanCode(frequencies, 7);
  const sent = Math.max(4, runCodeOrder.findLastIndex((symbol) => code.lengths[symbol] !== 0) + 1);
  let cost = 5 + 5 + 4 + 3 * sent;
  for (const { symbol } of runs) cost += code.lengths[symbol]! + extraRunBits[symbol]!;
  return {
    /** In bits. */
    cost,
    send(bits: BitWriter) {
      bits.bits(literals.last + 1 - 257, 5);
      bits.bits(distances.last + 1 - 1, 5);
      bits.bits(sent - 4, 4);
      for (const symbol of runCodeOrder.slice(0, sent)) bits.bits(code.lengths[symbol]!, 3);
      for (const { symbol, extra } of runs) {
        bits.bits(code.codes[symbol]!, code.lengths[symbol]!);
        bits.bits(extra, extraRunBits[symbol]!);
      }
    },
  };
}

/** The lengths of a code, with runs as gzip cuts them: at most 138 zeros, or a length and at most 6 repetitions. */
function runsOf({ lengths, last }: PrefixCode): RunSymbol[] {
  const runs: RunSymbol[] = [];
  for (let start = 0; start <= last; ) {
    const length = lengths[start]!;
    let end = start;
    while (end <= last && lengths[end] === length) end += 1;
    if (length === 0) zeros(runs, end - start);
    else repetitions(runs, length, end - start);
    start = end;
  }
  return runs;
}

function zeros(runs: RunSymbol[], count: number): void {
  for (let left = count; left > 0; ) {
    const taken = Math.min(left, 138);
    if (taken > 10) runs.push({ symbol: 18, extra: taken - 11 });
    else if (taken > 2) runs.push({ symbol: 17, extra: taken - 3 });
    else for (let zero = 0; zero < taken; zero++) runs.push({ symbol: 0, extra: 0 });
    left -= taken;
  }
}

function repetitions(runs: RunSymbol[], length: number, count: number): void {
  runs.push({ symbol: length, extra: 0 });
  for (let left = count - 1; left > 0; ) {
    const taken = Math.min(left, 6);
    if (taken > 2) runs.push({ symbol: 16, extra: taken - 3 });
    else for (let again = 0; again < taken; again++) runs.push({ symbol: length, extra: 0 });
    left -= taken;
  }
}
