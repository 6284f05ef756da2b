import { hash } from 'node:crypto';
import { chunkingLimit } from './entry.ts';

/** No chunk is shorter, except the last of a file. */
export const minimumChunk = 64 * 1024;
/** No chunk is longer; a chunk is never larger than the largest file that is not chunked. */
export const maximumChunk = chunkingLimit;

/** The hash looks back this many bytes: each step shifts its 32 bits by one. */
const window = 32;
/** A position is a cut when its hash is below this: one in 196 611, so that chunks average 256 KiB. */
const threshold = 21_845;

/**
 * A number for each byte value: the first four bytes, most significant first, of SHA-256 of
 * `satchel gear <value in decimal>`. Part of the format: other numbers would cut files elsewhere, and devices
 * would fetch again what they have.
 */
const gear = Uint32Array.from({ length: 256 }, (_, value) =>
  hash('sha256', `satchel gear ${value}`, 'buffer').readUInt32BE(0),
);

/** Cuts one stream of bytes into chunks. */
export interface Chunker {
  /** Takes the next bytes (the caller may reuse them) and gives the chunks that they complete, each a copy. */
  push(bytes: Uint8Array): Uint8Array[];
  /** The rest of the stream as the last chunk, or undefined when nothing is left. */
  finish(): Uint8Array | undefined;
}

/**
 * Content-defined chunking: a cut stands after the first byte at which the chunk has at least 64 KiB and the
 * hash of the last 32 bytes is below 21 845, or where the chunk reaches 1 MiB. The hash of bytes
 * b0 … b31 is the sum of gear[b_i] · 2^(31 − i) modulo 2^32. Cuts depend on the content only, never on how it
 * was split into pushes, so an insertion moves the cuts near it and no others.
 */
export function createChunker(): Chunker {
  const chunk = Buffer.allocUnsafeSlow(maximumChunk);
  let filled = 0;
  let rolling = 0;

  /** Appends bytes from `start` up to the next cut; gives the position behind what was taken. */
  const take = (bytes: Uint8Array, start: number): number => {
    const end = Math.min(bytes.length, start + maximumChunk - filled);
    // Bytes that no possible cut looks back at need no hashing.
    let position = Math.min(end, start + Math.max(0, minimumChunk - window - filled));
    const firstCut = Math.min(end, start + Math.max(0, minimumChunk - 1 - filled));
    let state = rolling;
    for (; position < firstCut; position += 1) state = ((state << 1) + gear[bytes[position]!]!) | 0;
    let cut = end;
    for (; position < end; position += 1) {
      state = ((state << 1) + gear[bytes[position]!]!) | 0;
      if (state >>> 0 < threshold) {
        cut = position + 1;
        break;
      }
    }
    rolling = state;
    chunk.set(bytes.subarray(start, cut), filled);
    filled += cut - start;
    return cut;
  };

  /** True when what has been taken ends in a cut. */
  const atCut = () => filled === maximumChunk || (filled >= minimumChunk && rolling >>> 0 < threshold);

  const release = (): Uint8Array => {
    const complete = Buffer.allocUnsafeSlow(filled);
    chunk.copy(complete, 0, 0, filled);
    filled = 0;
    rolling = 0;
    return complete;
  };

  return {
    push(bytes) {
      const complete: Uint8Array[] = [];
      for (let position = 0; position < bytes.length; ) {
        position = take(bytes, position);
        if (atCut()) complete.push(release());
      }
      return complete;
    },
    finish: () => (filled === 0 ? undefined : release()),
  };
}
