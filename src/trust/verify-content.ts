import { createHash } from 'node:crypto';

/** The hash algorithms that a signed description of a file may use. */
const algorithms = ['sha256', 'sha384', 'sha512'];

/** True when the bytes have the length and every hash that was signed for them; an unknown algorithm is false. */
export function hasContent(
  bytes: Uint8Array,
  expected: { readonly length: number | undefined; readonly hashes: ReadonlyMap<string, string> | undefined },
): boolean {
  if (expected.length !== undefined && expected.length !== bytes.length) return false;
  for (const [algorithm, digest] of expected.hashes ?? []) {
    if (!algorithms.includes(algorithm)) return false;
    if (createHash(algorithm).update(bytes).digest('hex') !== digest) return false;
  }
  return true;
}
