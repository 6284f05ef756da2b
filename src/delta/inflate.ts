import { damaged } from './damaged.ts';
import { prefixCode } from './gzip-huffman.ts';

/** What an {@link inflate} reads from and writes to. */
export type InflateOptions = {
  /** The next packed bytes, never none; undefined at their end. */
  readonly source: () => Uint8Array | undefined;
  /** Takes the next bytes of the content, which are only lent. */
  readonly sink: (content: Uint8Array) => void;
  /** The most that the content may have, in bytes. */
  readonly limit: number;
  /** Told of the end of each block: the bits of the stream and the bytes of content before it. */
  readonly onBlock?: ((bits: number, length: number) => void) | undefined;
};

const longestCode = 15;
const endOfBlock = 256;
/** How far back a copy may reach. */
const reach = 0x8000;
const longestCopy = 258;
/** Content is handed on in pieces of about this length. */
const pieceLength = 256 * 1024;

const lengthBits = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5];
const lengthExtra = Uint8Array.of(...lengthBits, 0);
const lengthBase = Uint16Array.of(...basesOf(lengthBits, 3), longestCopy);
const distanceBits = Array.from({ length: 30 }, (_, code) => Math.max(0, (code >> 1) - 1));
const distanceExtra = Uint8Array.from(distanceBits);
const distanceBase = Uint16Array.from(basesOf(distanceBits, 1));
/** The order in which the lengths of the codes for code lengths come (RFC 1951, section 3.2.7). */
const runCodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

function basesOf(extraBits: readonly number[], first: number): number[] {
  let base = first;
  return extraBits.map((bits) => {
    base += 1 << bits;
    return base - (1 << bits);
  });
}

/**
 * Unpacks a deflate stream (RFC 1951) piece by piece, synchronously, in 0.5 MiB whatever its length. The inflater
 * that Node.js has built in tells nothing of blocks, and works piece by piece only in callbacks. Returns what is left
 * of the last bytes from the source, those behind the stream. Throws `delta-damaged` for anything that is no such
 * stream, or has more content than `limit`.
 */
export function inflate(options: InflateOptions): Uint8Array {
  return new Inflater(options).run();
}

class Inflater {
  private readonly options: InflateOptions;
  private input: Uint8Array = new Uint8Array(0);
  private at = 0;
  private readBefore = 0;
  /** Bits read and not used yet, the next one lowest; never more than 23, a small number. */
  private held = 0;
  private heldCount = 0;
  /** What copies may reach, and behind it what has not been handed on. */
  private readonly output = new Uint8Array(reach + pieceLength + longestCopy);
  private place = 0;
  private handedOn = 0;
  /** Bytes of content before the first of `output`. */
  private before = 0;
  /** For each way in which the next bits may stand: symbol × 16 + length of its code; 0 is none. */
  private readonly literals = new Uint16Array(1 << longestCode);
  private readonly distances = new Uint16Array(1 << longestCode);

  constructor(options: InflateOptions) {
    this.options = options;
  }

  run(): Uint8Array {
    for (let isLast = false; !isLast; ) {
      isLast = this.bits(1) === 1;
      const kind = this.bits(2);
      if (kind === 0) this.copyStored();
      else {
        if (kind === 1) this.useFixedCodes();
        else if (kind === 2) this.readCodes();
        else throw wrong();
        this.decode();
      }
      this.options.onBlock?.((this.readBefore + this.at) * 8 - this.heldCount, this.before + this.place);
    }
    this.handOn();
    this.giveBack();
    return this.input.subarray(this.at);
  }

  /** The next bits as a number, at most 16. */
  private bits(count: number): number {
    while (this.heldCount < count) {
      if (!this.fetch()) throw damaged('a deflate stream ends too early');
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.heldCount -= count;
    return value;
  }

  /** Holds eight bits more; false at the end of the input. */
  private fetch(): boolean {
    if (this.at === this.input.length) {
      this.readBefore += this.at;
      this.at = 0;
      const next = this.options.source();
      this.input = next ?? new Uint8Array(0);
      if (next === undefined) return false;
    }
    this.held |= this.input[this.at++]! << this.heldCount;
    this.heldCount += 8;
    return true;
  }

  /** Forgets the bits up to the next whole byte, and gives whole bytes back to the input. */
  private giveBack(): void {
    const bytes = this.heldCount >> 3;
    // They may be those of a piece of input before, of which nothing else is known any more.
    const pending = Uint8Array.from({ length: bytes }, (_, place) => {
      return this.held >>> ((this.heldCount & 7) + 8 * place);
    });
    if (bytes <= this.at) this.at -= bytes;
    else {
      this.readBefore += this.at - bytes;
      this.input = Buffer.concat([pending, this.input.subarray(this.at)]);
      this.at = 0;
    }
    this.held = 0;
    this.heldCount = 0;
  }

  private copyStored(): void {
    this.giveBack();
    const length = this.bits(16);
    if ((this.bits(16) ^ 0xffff) !== length) throw wrong();
    for (let left = length; left > 0; ) {
      if (this.at === this.input.length) {
        if (!this.fetch()) throw damaged('a deflate stream ends too early');
        this.giveBack();
      }
      const count = Math.min(left, this.input.length - this.at, pieceLength);
      this.makeRoom(count);
      this.output.set(this.input.subarray(this.at, this.at + count), this.place);
      this.at += count;
      this.place += count;
      left -= count;
    }
  }

  /** Sees to it that so many bytes fit behind the last. */
  private makeRoom(count: number): void {
    if (this.place + count > this.output.length) {
      this.handOn();
      const kept = Math.min(reach, this.place);
      this.output.copyWithin(0, this.place - kept, this.place);
      this.before += this.place - kept;
      this.place = kept;
      this.handedOn = kept;
    }
  }

  private handOn(): void {
    if (this.before + this.place > this.options.limit)
      throw damaged('a gzip file has more content than stated');
    if (this.place > this.handedOn) this.options.sink(this.output.subarray(this.handedOn, this.place));
    this.handedOn = this.place;
  }

  private useFixedCodes(): void {
    fillTable(
      this.literals,
      Uint8Array.from({ length: 288 }, (_, symbol) =>
        symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
      ),
    );
    fillTable(this.distances, new Uint8Array(30).fill(5));
  }

  private readCodes(): void {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const sent = this.bits(4) + 4;
    const runLengths = new Uint8Array(19);
    for (const symbol of runCodeOrder.slice(0, sent)) runLengths[symbol] = this.bits(3);
    fillTable(this.literals, runLengths);
    const lengths = new Uint8Array(literals + distances);
    for (let place = 0; place < lengths.length; ) {
      const symbol = this.symbol(this.literals);
      if (symbol < 16) {
        lengths[place++] = symbol;
        continue;
      }
      if (symbol === 16 && place === 0) throw wrong();
      const value = symbol === 16 ? lengths[place - 1]! : 0;
      const count = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      if (count > lengths.length - place) throw wrong();
      lengths.fill(value, place, place + count);
      place += count;
    }
    fillTable(this.literals, lengths.subarray(0, literals));
    fillTable(this.distances, lengths.subarray(literals));
  }

  private symbol(table: Uint16Array): number {
    while (this.heldCount < longestCode && this.fetch());
    const entry = table[this.held & 0x7fff]!;
    const length = entry & 15;
    if (length === 0) throw wrong();
    if (length > this.heldCount) throw damaged('a deflate stream ends too early');
    this.held >>>= length;
    this.heldCount -= length;
    return entry >> 4;
  }

  private decode(): void {
    const { literals, distances, output } = this;
    for (;;) {
      const symbol = this.symbol(literals);
      if (symbol < endOfBlock) {
        if (this.place === output.length) this.makeRoom(1);
        output[this.place++] = symbol;
        continue;
      }
      if (symbol === endOfBlock) return;
      this.copy(symbol - endOfBlock - 1, distances);
    }
  }

  private copy(lengthCode: number, distances: Uint16Array): void {
    if (lengthCode >= lengthBase.length) throw wrong();
    const length = lengthBase[lengthCode]! + this.bits(lengthExtra[lengthCode]!);
    const code = this.symbol(distances);
    if (code >= distanceBase.length) throw wrong();
    const distance = distanceBase[code]! + this.bits(distanceExtra[code]!);
    if (this.place + length > this.output.length) this.makeRoom(length);
    const { output, place } = this;
    if (distance > place) throw wrong();
    for (let from = place - distance, to = place; to < place + length; ) output[to++] = output[from++]!;
    this.place = place + length;
  }
}

/** Throws for lengths that claim more codes than there are. Too few are let pass: what has no code is found when met. */
function fillTable(table: Uint16Array, lengths: Uint8Array): void {
  let claimed = 0;
  for (const length of lengths) if (length > 0) claimed += 1 << (longestCode - length);
  if (claimed > 1 << longestCode) throw wrong();
  table.fill(0);
  const { codes } = prefixCode(lengths);
  lengths.forEach((length, symbol) => {
    if (length === 0) return;
    for (let bits = codes[symbol]!; bits < table.length; bits += 1 << length)
      table[bits] = symbol * 16 + length;
  });
}

function wrong() {
  return damaged('a gzip file does not hold what it should');
}
