import { isBzip2Stream } from './compression-magic.ts';

/**
 * Follows bzip2 data on its way to the decompressor and notices what lbzip2 and bzip2 pass over in silence: anything
 * that follows the end of a stream and is no further stream, so also a second stream whose header is damaged.
 *
 * A stream ends with the 48-bit magic 0x177245385090 and the CRC of its blocks' CRCs, at any bit; the next stream
 * begins at the next whole byte. Only an end whose CRC fits the blocks seen before is believed, so that
 * compressed data which look like an end by chance are not taken for one.
 */
export type Bzip2Watch = {
  /** Looks at the next bytes. */
  feed(chunk: Uint8Array): void;
  /** After the last byte: where something foreign follows a stream's end, as a byte offset, or undefined. */
  finish(): number | undefined;
};

const blockMagic = '314159265359';
const endMagic = '177245385090';
/** Magic, CRC and up to 7 bits of shift, in bytes. */
const reach = 11;
/** A stream of nothing: header, end magic, CRC. */
const shortestStream = 14;

type Candidate = { readonly shift: number; readonly isEnd: boolean };

/** Third whole byte of each magic at each shift, to find candidates with one look-up a byte. */
const candidates: readonly (readonly Candidate[])[] = (() => {
  const table: Candidate[][] = Array.from({ length: 256 }, () => []);
  for (const magic of [blockMagic, endMagic]) {
    for (let shift = 0; shift < 8; shift += 1) {
      const byte = Number((BigInt(`0x${magic}`) << BigInt(8 - shift)) >> 24n) & 0xff;
      table[byte]!.push({ shift, isEnd: magic === endMagic });
    }
  }
  return table;
})();
const isCandidate = Uint8Array.from(candidates, (list) => (list.length > 0 ? 1 : 0));

/** `count` bits (up to 48) from a bit offset on. */
function bitsAt(bytes: Buffer, bit: number, count: number): bigint {
  const first = bit >> 3;
  const last = (bit + count + 7) >> 3;
  let value = 0n;
  for (let index = first; index < last; index += 1) value = (value << 8n) | BigInt(bytes[index] ?? 0);
  return (value >> BigInt(last * 8 - bit - count)) & ((1n << BigInt(count)) - 1n);
}

/** Begins to follow bzip2 data from its first byte. */
export function createBzip2Watch(): Bzip2Watch {
  /** Bytes kept from before: those before `looked` may still belong to a magic that is looked for. */
  let kept = Buffer.alloc(0);
  let keptFrom = 0;
  let looked = 0;
  let combined = 0;
  let streamEnd: number | undefined;
  let foreign: number | undefined;

  const examine = (bytes: Buffer, at: number) => {
    for (const { shift, isEnd } of candidates[bytes[at]!]!) {
      // `at` is the byte that holds bits 24-shift to 31-shift of the magic.
      const bit = (at - 3) * 8 + shift;
      if (bit < 0) continue;
      const magic = bitsAt(bytes, bit, 48);
      if (magic !== BigInt(`0x${isEnd ? endMagic : blockMagic}`)) continue;
      const crc = Number(bitsAt(bytes, bit + 48, 32));
      if (!isEnd) {
        combined = ((combined << 1) | (combined >>> 31)) ^ crc;
      } else if (combined >>> 0 === crc) {
        streamEnd = keptFrom + ((bit + 80 + 7) >> 3);
        combined = 0;
      }
    }
  };
  /** Looks at all bytes whose whole reach is there; `isLast` when no more will come. */
  const look = (bytes: Buffer, isLast: boolean) => {
    const limit = isLast ? bytes.length : bytes.length - reach;
    let at = looked - keptFrom;
    for (; at < limit; at += 1) {
      if (isCandidate[bytes[at]!] === 1) examine(bytes, at);
      if (streamEnd !== undefined) checkNext(bytes, isLast);
    }
    looked = keptFrom + Math.max(at, looked - keptFrom);
    if (streamEnd !== undefined) checkNext(bytes, isLast);
  };
  const checkNext = (bytes: Buffer, isLast: boolean) => {
    const next = streamEnd! - keptFrom;
    if (bytes.length < next + shortestStream && !isLast) return;
    const rest = bytes.subarray(next, next + shortestStream);
    const isStream = rest.length === shortestStream && isBzip2Stream(rest.subarray(0, 10));
    if (rest.length > 0 && !isStream) foreign ??= streamEnd;
    streamEnd = undefined;
  };

  return {
    feed(chunk) {
      const bytes = kept.length === 0 ? Buffer.from(chunk) : Buffer.concat([kept, chunk]);
      look(bytes, false);
      const from = Math.max(0, Math.min(looked - keptFrom - 3, (streamEnd ?? Infinity) - keptFrom));
      kept = bytes.subarray(from);
      keptFrom += from;
    },
    finish() {
      look(kept, true);
      return foreign;
    },
  };
}
