import { crc32 } from 'node:zlib';
import { damaged } from './damaged.ts';
import { gzipHeaderLength, gzipTrailerLength, gzipTrailerOf, longestGzipHeader } from './gzip-member.ts';
import { type InflateOptions, inflate } from './inflate.ts';

/** What was found beside the content of a .gz file. */
export type UnpackedGzip = {
  /** Everything before the deflate stream. */
  readonly header: Uint8Array;
  /** CRC-32 and length modulo 2^32, as they stand at its end. */
  readonly trailer: Uint8Array;
  /** Bytes of content. */
  readonly length: number;
};

/**
 * Unpacks a .gz file with one member piece by piece, synchronously, in 1 MiB whatever its length. Throws
 * `delta-damaged` when it is none, does not agree with its checksum, or has more content than `limit`; content that
 * has been handed on by then never goes beyond the limit.
 */
export function inflateGzip({ source, sink, ...options }: InflateOptions): UnpackedGzip {
  const first = joined(source, longestGzipHeader);
  const headerLength = gzipHeaderLength(first.subarray(0, longestGzipHeader));
  if (headerLength === undefined) throw damaged('what should be a gzip file does not begin like one');
  let unread: Uint8Array | undefined = first.subarray(headerLength);
  let checksum = 0;
  let length = 0;
  const rest = inflate({
    ...options,
    source() {
      const next = unread?.length === 0 ? source() : (unread ?? source());
      unread = undefined;
      return next;
    },
    sink(content) {
      checksum = crc32(content, checksum);
      length += content.length;
      sink(content);
    },
  });
  // A copy: what the source lends is gone when it is asked again.
  const end = joined(source, gzipTrailerLength + 1, Uint8Array.from(rest));
  if (Buffer.compare(end, gzipTrailerOf(checksum, length)) !== 0)
    throw damaged('a gzip file that does not agree with its checksum');
  return { header: Uint8Array.from(first.subarray(0, headerLength)), trailer: Uint8Array.from(end), length };
}

/** At least so many bytes, or all that there are. */
function joined(
  source: () => Uint8Array | undefined,
  length: number,
  before: Uint8Array = new Uint8Array(0),
): Uint8Array {
  let bytes = before;
  while (bytes.length < length) {
    const next = source();
    if (next === undefined) break;
    bytes = Buffer.concat([bytes, next]);
  }
  return bytes;
}
