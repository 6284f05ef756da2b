import { blockSize, isHeader } from './tar-header.ts';

/** How a stream is compressed; `lzma` is the old `.lzma` file without checks of its own. */
export type CompressionFormat = 'none' | 'gzip' | 'bzip2' | 'xz' | 'lzma' | 'zstd';

/** So many first bytes are enough to recognise a format, and to see that a stream is a plain tar archive. */
export const magicLength = blockSize;

const startsWith = (bytes: Buffer, ...magic: number[]) => magic.every((byte, index) => bytes[index] === byte);

/**
 * Recognises the format by the first bytes of a stream (all of it if it is shorter than {@link magicLength}).
 * A tar header counts as plain, however the name in it begins.
 */
export function recogniseCompression(start: Buffer): CompressionFormat {
  if (start.length >= blockSize && isHeader(start.subarray(0, blockSize))) return 'none';
  if (startsWith(start, 0x1f, 0x8b)) return 'gzip';
  if (startsWith(start, 0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return 'xz';
  if (isZstdFrame(start)) return 'zstd';
  if (isBzip2Stream(start)) return 'bzip2';
  return isLzma(start) ? 'lzma' : 'none';
}

/** A zstd frame, or one of the skippable frames that may stand before it (RFC 8878, section 3.1). */
export function isZstdFrame(start: Buffer): boolean {
  if (startsWith(start, 0x28, 0xb5, 0x2f, 0xfd)) return true;
  return (start[0]! & 0xf0) === 0x50 && start[1] === 0x2a && start[2] === 0x4d && start[3] === 0x18;
}

/** The header of a bzip2 stream: `BZh1` to `BZh9`, then the magic of a block or of the stream's end. */
export function isBzip2Stream(start: Buffer): boolean {
  if (!startsWith(start, 0x42, 0x5a, 0x68) || !(start[3]! >= 0x31 && start[3]! <= 0x39)) return false;
  const next = start.toString('hex', 4, 10);
  return '314159265359'.startsWith(next) || '177245385090'.startsWith(next);
}

/**
 * The header of an `.lzma` file has no magic. What the xz tools take for one (doc/lzma-file-format.txt, section 1.2):
 * properties that any encoder of the time wrote (0x5d), a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that
 * is unknown or below 256 GiB.
 */
function isLzma(start: Buffer): boolean {
  if (start.length < 13 || start[0] !== 0x5d) return false;
  const dictionary = start.readUInt32LE(1);
  const size = start.readBigUInt64LE(5);
  const isRound = dictionary === 0xffffffff || /^1?10*$/.test(dictionary.toString(2));
  return dictionary >= 4096 && isRound && (size === 0xffffffffffffffffn || size < 1n << 38n);
}
