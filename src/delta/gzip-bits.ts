/** Collects bits as deflate packs them: the first into the lowest place of a byte. */
export class BitWriter {
  /** Whole bytes written so far. */
  length = 0;
  private buffer: Uint8Array;
  private held = 0;
  private heldCount = 0;

  /** A writer that begins with room for `expected` bytes and grows as it needs. */
  constructor(expected: number) {
    this.buffer = new Uint8Array(Math.max(64, expected));
  }

  /** Appends the lowest `count` bits of `value` (at most 16), lowest first; the others must be 0. */
  bits(value: number, count: number): void {
    this.held |= value << this.heldCount;
    this.heldCount += count;
    if (this.heldCount < 16) return;
    this.reserve(2);
    this.buffer[this.length++] = this.held;
    this.buffer[this.length++] = this.held >>> 8;
    this.held >>>= 16;
    this.heldCount -= 16;
  }

  /** Bytes all of whose bits are known, held ones included. */
  whole(): number {
    return this.length + (this.heldCount >> 3);
  }

  /** Fills the last byte up with zeros. */
  align(): void {
    this.reserve(2);
    for (; this.heldCount > 0; this.heldCount -= 8) {
      this.buffer[this.length++] = this.held;
      this.held >>>= 8;
    }
    this.heldCount = 0;
  }

  /** Appends bytes; only after `align`. */
  bytes(bytes: Uint8Array): void {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
  }

  /** The whole bytes from `start` on, as a view that the next writing may make stale. */
  written(start = 0): Uint8Array {
    return this.buffer.subarray(start, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.buffer.length) return;
    const grown = new Uint8Array(Math.max(this.buffer.length * 2, this.length + count));
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
  }
}
