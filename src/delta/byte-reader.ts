import { damaged } from './damaged.ts';

/** Reads the numbers and runs of bytes of a delta, one after another, and never beyond the end. */
export type ByteReader = {
  /** How many bytes were read so far. */
  readonly position: number;
  /** How many bytes are left. */
  readonly remaining: number;
  /** The next number: unsigned LEB128 below 2^53, without padding. Throws `delta-damaged`. */
  varint(): number;
  /** The next `count` bytes as a view, not a copy. Throws `delta-damaged` when fewer are left. */
  take(count: number): Uint8Array;
};

/** Past this value of its factor a further byte of a varint could lead beyond 2^53 − 1. */
const lastFactor = 2 ** 49;

/** A reader over `bytes`; `name` says in errors which stream it is, for example `the patch control`. */
export function createByteReader(bytes: Uint8Array, name: string): ByteReader {
  let position = 0;
  const fail = (reason: string) => damaged(`${name} ${reason}`);

  const nextByte = () => {
    if (position >= bytes.length) throw fail('ends too early');
    return bytes[position++]!;
  };

  /** The rest of a number whose first byte was not its last; arithmetic, because shifts end at 32 bits. */
  const longVarint = (first: number) => {
    let value = first & 0x7f;
    for (let factor = 128; ; factor *= 128) {
      const byte = nextByte();
      const digit = byte & 0x7f;
      if (factor === lastFactor && (digit > 15 || byte > 127)) throw fail('holds a number above 2^53');
      value += digit * factor;
      if (byte > 127) continue;
      if (digit === 0) throw fail('holds a padded number');
      return value;
    }
  };

  return {
    get position() {
      return position;
    },
    get remaining() {
      return bytes.length - position;
    },
    varint() {
      const first = nextByte();
      return first < 128 ? first : longVarint(first);
    },
    take(count) {
      if (!(count >= 0 && count <= bytes.length - position)) throw fail('ends too early');
      const taken = bytes.subarray(position, position + count);
      position += count;
      return taken;
    },
  };
}
