/** A part of a file: first byte, from 0, and number of bytes (at least 1). */
export type ByteRange = { readonly start: number; readonly length: number };

/**
 * What a `Range` header asks of a file of `size` bytes (RFC 9110, section 14). A header that is malformed, of
 * another unit, or that names several ranges is ignored, as the RFC allows: the answer is the `whole` file.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const match = header === undefined ? null : /^bytes=[ \t]*([0-9]{0,15})-([0-9]{0,15})[ \t]*$/i.exec(header);
  if (!match) return 'whole';
  const [, first = '', last = ''] = match;
  if (first === '') {
    if (last === '') return 'whole';
    const length = Math.min(Number(last), size);
    return length === 0 ? 'unsatisfiable' : { start: size - length, length };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'whole';
  if (start >= size) return 'unsatisfiable';
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return { start, length: end - start + 1 };
}
