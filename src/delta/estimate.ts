import { constants, zstdCompressSync } from 'node:zlib';
import type { BinaryPatch } from './binary-patch.ts';

/** About what the streams of a patch will take in those of its segment. */
export function patchLength({ control, difference, extra }: BinaryPatch): number {
  return compressedLength(control) + compressedLength(difference) + compressedLength(extra);
}

/** Among much that is alike, a stream loses what zstd writes around it. */
const frameHeader = 9;

const estimateLevel = 3;

/** About what bytes take among others that are like them. */
export function compressedLength(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const params = { [constants.ZSTD_c_compressionLevel]: estimateLevel };
  return Math.max(1, zstdCompressSync(bytes, { params }).length - frameHeader);
}
