import { damaged } from './damaged.ts';

/**
 * Codes bits by how likely they were: an encoder takes each bit and returns it, a decoder ignores the bit that
 * it is given and returns the one that the encoder was given. So one model serves both.
 */
export type BitCoder = {
  /** `chance` is that of a 1, from 1 to 65 535 of 65 536. */
  code(bit: number, chance: number): number;
};

/** Where the interval from `low` to `high` is divided: up to there it means 1. All below 2^53, so exact. */
const middleOf = (low: number, high: number, chance: number) =>
  low + Math.floor(((high - low) * chance) / 65_536);

/** True while both ends of the interval begin with the same byte, which is then decided. */
const isDecided = (low: number, high: number) => ((low ^ high) & 0xff00_0000) === 0;

/** An arithmetic encoder (range coder without carries over 32 bits). */
export type BitEncoder = BitCoder & {
  /** Ends the code; returns all of it. */
  finish(): Uint8Array;
};

/** An encoder at the start of a code. */
export function createBitEncoder(): BitEncoder {
  let low = 0;
  let high = 0xffff_ffff;
  let bytes = new Uint8Array(1024);
  let length = 0;

  const write = (byte: number) => {
    if (length === bytes.length) {
      const grown = new Uint8Array(2 * length);
      grown.set(bytes);
      bytes = grown;
    }
    bytes[length++] = byte;
  };

  return {
    code(bit, chance) {
      const middle = middleOf(low, high, chance);
      if (bit === 1) high = middle;
      else low = middle + 1;
      while (isDecided(low, high)) {
        write(high >>> 24);
        low = (low << 8) >>> 0;
        high = ((high << 8) | 255) >>> 0;
      }
      return bit;
    },
    finish() {
      // With the zeroes that a decoder reads behind the end, this byte lies between low and high.
      write((low >>> 24) + 1);
      return bytes.slice(0, length);
    },
  };
}

/** The decoder of one code. Damaged code gives wrong bits, never an error before the end. */
export type BitDecoder = BitCoder & {
  /** Throws `delta-damaged` unless the code ends where an encoder of the same bits would have ended it. */
  finish(): void;
};

/** A decoder at the start of a code. */
export function createBitDecoder(code: Uint8Array): BitDecoder {
  let low = 0;
  let high = 0xffff_ffff;
  let position = 0;
  let window = 0;
  const shiftIn = () => {
    window = ((window << 8) | (position < code.length ? code[position]! : 0)) >>> 0;
    position += 1;
  };
  while (position < 4) shiftIn();

  return {
    code(_bit, chance) {
      const middle = middleOf(low, high, chance);
      const bit = window <= middle ? 1 : 0;
      if (bit === 1) high = middle;
      else low = middle + 1;
      while (isDecided(low, high)) {
        low = (low << 8) >>> 0;
        high = ((high << 8) | 255) >>> 0;
        shiftIn();
      }
      return bit;
    },
    finish() {
      // Of the four bytes in the window the encoder wrote one.
      if (position !== code.length + 3) throw damaged('the code of the differences has a wrong length');
    },
  };
}
