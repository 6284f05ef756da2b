import { crc32, inflateRawSync } from 'node:zlib';

/** The three parts of a .gz file with one member (RFC 1952), as views. */
export type GzipMember = {
  readonly header: Uint8Array;
  /** The deflate stream. */
  readonly deflated: Uint8Array;
  /** CRC-32 and length modulo 2^32 of the content. */
  readonly trailer: Uint8Array;
};

/** The longest header taken for one: names and comments are short. */
export const longestGzipHeader = 4096;
/** CRC-32 and length of the content at the end of a .gz file. */
export const gzipTrailerLength = 8;
const flags = { checksum: 2, extra: 4, name: 8, comment: 16, reserved: 0xe0 };

/** Divides a file into its parts, or undefined when it does not begin like a .gz file. The content is not looked at. */
export function splitGzip(packed: Uint8Array): GzipMember | undefined {
  const length = gzipHeaderLength(packed.subarray(0, longestGzipHeader));
  if (length === undefined || packed.length < length + gzipTrailerLength) return undefined;
  const end = packed.length - gzipTrailerLength;
  return {
    header: packed.subarray(0, length),
    deflated: packed.subarray(length, end),
    trailer: packed.subarray(end),
  };
}

/** The length of the header that these bytes begin with; undefined when it is none of a .gz file, or is cut short. */
export function gzipHeaderLength(bytes: Uint8Array): number | undefined {
  const [first, second, method, flag] = bytes;
  if (first !== 0x1f || second !== 0x8b || method !== 8 || flag === undefined) return undefined;
  if ((flag & flags.reserved) !== 0) return undefined;
  let length = 10;
  if (flag & flags.extra) length += 2 + (bytes[length] ?? 0) + (bytes[length + 1] ?? 0) * 256;
  for (const text of [flags.name, flags.comment]) {
    if ((flag & text) === 0) continue;
    const end = bytes.indexOf(0, length);
    if (end < 0) return undefined;
    length = end + 1;
  }
  if (flag & flags.checksum) length += 2;
  return length <= bytes.length ? length : undefined;
}

/**
 * The content of a member, or undefined when it is longer than `limit` bytes, damaged, or when something follows the
 * deflate stream before the trailer, as it does when the file has several members.
 */
export function inflateMember(member: GzipMember, limit: number): Uint8Array | undefined {
  const { deflated, trailer } = member;
  const length = Buffer.from(trailer.buffer, trailer.byteOffset, trailer.length).readUInt32LE(4);
  const raw = length <= limit ? inflateWhole(deflated, length) : undefined;
  return raw !== undefined && Buffer.compare(gzipTrailer(raw), trailer) === 0 ? raw : undefined;
}

function inflateWhole(deflated: Uint8Array, length: number): Uint8Array | undefined {
  try {
    // With `info` there is an object instead of the bytes alone, which the type declarations leave out. One byte
    // more than is expected: a full piece would make Node allocate another, and join them.
    const options = { maxOutputLength: Math.max(1, length), chunkSize: Math.max(64, length + 1), info: true };
    const result: unknown = inflateRawSync(deflated, options);
    const { buffer, engine } = result as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return engine.bytesWritten === deflated.length ? buffer : undefined;
  } catch {
    // Damaged, or longer than its trailer says: either way nothing that can be looked into.
    return undefined;
  }
}

/** The trailer of a .gz file with this content. */
export function gzipTrailer(raw: Uint8Array): Uint8Array {
  return gzipTrailerOf(crc32(raw), raw.length);
}

/** The trailer of a .gz file whose content has this CRC-32 and this length in bytes. */
export function gzipTrailerOf(checksum: number, length: number): Uint8Array {
  const trailer = Buffer.alloc(gzipTrailerLength);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  return trailer;
}
