/** Collects the numbers and runs of bytes of a delta; `ByteReader` reads them back. */
export type ByteWriter = {
  /** How many bytes were written so far. */
  readonly length: number;
  /** Appends a whole number from 0 to 2^53 − 1 as unsigned LEB128. Throws a RangeError for any other. */
  varint(value: number): void;
  /** Appends a copy of `bytes`. */
  bytes(bytes: Uint8Array): void;
  /** Everything written, as an array of its own; the writer may be used further. */
  finish(): Uint8Array;
};

/** The longest varint, of 2^53 − 1. */
const longestVarint = 8;

/** An empty writer, which grows as it needs. */
export function createByteWriter(): ByteWriter {
  let buffer = new Uint8Array(256);
  let length = 0;

  const reserve = (count: number) => {
    if (length + count <= buffer.length) return;
    const grown = new Uint8Array(Math.max(buffer.length * 2, length + count));
    grown.set(buffer.subarray(0, length));
    buffer = grown;
  };

  return {
    get length() {
      return length;
    },
    varint(value) {
      if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a varint: ${value}`);
      reserve(longestVarint);
      let rest = value;
      for (; rest > 127; rest = Math.floor(rest / 128)) buffer[length++] = (rest % 128) | 128;
      buffer[length++] = rest;
    },
    bytes(bytes) {
      reserve(bytes.length);
      buffer.set(bytes, length);
      length += bytes.length;
    },
    finish() {
      return buffer.slice(0, length);
    },
  };
}
