import { throwIfCancelled, untilAborted } from '../base/cancel.ts';

/**
 * Reads a stream of byte chunks in pieces of chosen length, without copying where a piece lies inside one chunk.
 * Everything except `fill` and `close` is synchronous, so that many small pieces cost no promises.
 */
export type ByteReader = {
  /** How many bytes were taken or skipped so far. */
  readonly position: number;
  /** How many bytes can be taken at once. */
  readonly available: number;
  /** Exactly `count` bytes (a view while they lie in one chunk), or undefined if fewer are available. */
  take(count: number): Buffer | undefined;
  /** The same bytes without taking them. */
  peek(count: number): Buffer | undefined;
  /** At least one byte and at most `count`, always a view. Needs `available > 0`. */
  takePiece(count: number): Buffer;
  /** The same piece without taking it. Needs `available > 0`. */
  peekPiece(count: number): Buffer;
  /** Drops up to `count` of the available bytes; returns how many. */
  skip(count: number): number;
  /** Waits for more; false at the end of the stream. Throws `cancelled`, and what the source throws. */
  fill(): Promise<boolean>;
  /** Tells the source that no more is wanted. */
  close(): Promise<void>;
};

/** A reader over a source of chunks; empty chunks are fine. The source must not reuse its chunks. */
export function createByteReader(source: AsyncIterable<Uint8Array>, signal?: AbortSignal): ByteReader {
  const iterator = source[Symbol.asyncIterator]();
  const queue: Buffer[] = [];
  let head: Buffer = Buffer.alloc(0);
  let offset = 0;
  let available = 0;
  let position = 0;
  let ended = false;
  let isWaiting = false;

  const nextChunk = () => {
    head = queue.shift() ?? Buffer.alloc(0);
    offset = 0;
  };
  const advance = (count: number) => {
    offset += count;
    available -= count;
    position += count;
    if (offset === head.length) nextChunk();
  };
  const skip = (count: number) => {
    const wanted = Math.min(count, available);
    for (let left = wanted; left > 0; ) {
      const step = Math.min(left, head.length - offset);
      advance(step);
      left -= step;
    }
    return wanted;
  };
  const peek = (count: number): Buffer | undefined => {
    if (available < count) return undefined;
    if (head.length - offset >= count) return head.subarray(offset, offset + count);
    const joined = Buffer.allocUnsafe(count);
    let filled = head.copy(joined, 0, offset);
    for (const chunk of queue) {
      if (filled === count) break;
      filled += chunk.copy(joined, filled, 0, count - filled);
    }
    return joined;
  };
  const peekPiece = (count: number) => head.subarray(offset, Math.min(head.length, offset + count));

  return {
    get position() {
      return position;
    },
    get available() {
      return available;
    },
    peek,
    take(count) {
      const bytes = peek(count);
      if (bytes !== undefined) skip(count);
      return bytes;
    },
    peekPiece,
    takePiece(count) {
      const piece = peekPiece(count);
      advance(piece.length);
      return piece;
    },
    skip,
    async fill() {
      throwIfCancelled(signal);
      while (!ended) {
        isWaiting = true;
        const next = await untilAborted(iterator.next(), signal);
        isWaiting = false;
        if (next.done) {
          ended = true;
        } else if (next.value.length > 0) {
          const { buffer, byteOffset, length } = next.value;
          queue.push(Buffer.from(buffer, byteOffset, length));
          available += length;
          if (offset === head.length) nextChunk();
          return true;
        }
      }
      return false;
    },
    async close() {
      if (ended) return;
      ended = true;
      const closing = Promise.resolve(iterator.return?.()).catch(() => {});
      // A source that hangs must not keep a cancelled reader from ending.
      if (!isWaiting) await closing;
    },
  };
}

/** Bytes that are already there, as a source. */
export async function* sourceOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}
