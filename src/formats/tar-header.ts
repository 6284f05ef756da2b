/**
 * One 512-byte header block of a tar archive: POSIX.1-1988 `ustar`, Unix version 7, GNU tar's old format and
 * the `xustar` of star. Fields are read only when asked for: an extended header may replace one whose
 * number did not fit and therefore holds nothing of use.
 */

/** Length of every block of a tar archive. */
export const blockSize = 512;

/** Offsets and lengths of the fields that hold numbers. */
export const numberFields = {
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  major: [329, 8],
  minor: [337, 8],
} as const;

/** A field of the header that holds a number. */
export type NumberField = keyof typeof numberFields;

const space = 0x20;
const digitZero = 0x30;
const digitSeven = 0x37;

/** True when every byte of the block is zero: half of an end marker. */
export function isZeroBlock(block: Buffer): boolean {
  for (let index = 0; index < block.length; index += 1) if (block[index] !== 0) return false;
  return true;
}

/** True when the stored checksum is that of the block, counted as POSIX says or with signed bytes as old tars did. */
export function isHeader(block: Buffer): boolean {
  const [start, length] = numberFields.checksum;
  const stored = numberAt(block, start, length);
  let sum = 8 * space;
  for (let index = 0; index < start; index += 1) sum += block[index]!;
  for (let index = start + length; index < blockSize; index += 1) sum += block[index]!;
  if (sum === stored) return sum !== 8 * space;
  for (let index = 0; index < blockSize; index += 1) {
    if (block[index]! >= 0x80 && (index < start || index >= start + length)) sum -= 256;
  }
  return sum === stored;
}

/**
 * A number as tar writes it: octal digits between optional spaces, ended by a space, a zero byte or the field,
 * or GNU's base-256 two's complement with the first bit set. A blank field is 0. Undefined when it is neither.
 */
export function numberAt(block: Buffer, start: number, length: number): number | undefined {
  const first = block[start]!;
  if (first === 0x80 || first === 0xff) return binaryNumberAt(block, start, length);
  const end = start + length;
  let index = start;
  while (index < end && block[index] === space) index += 1;
  let value = 0;
  while (index < end) {
    const byte = block[index]!;
    if (byte < digitZero || byte > digitSeven) break;
    value = value * 8 + (byte - digitZero);
    index += 1;
  }
  for (; index < end; index += 1) {
    const byte = block[index]!;
    // What follows the closing zero byte means nothing, but digits behind a leading one are a damaged number.
    if (byte === 0) return index === start && !isBlank(block, start, end) ? undefined : value;
    if (byte !== space) return undefined;
  }
  return value;
}

function isBlank(block: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index += 1) {
    if (block[index] !== 0 && block[index] !== space) return false;
  }
  return true;
}

/** GNU tar fills the whole field: 0x80 then a positive number, or 0xff then the rest of a negative one. */
function binaryNumberAt(block: Buffer, start: number, length: number): number | undefined {
  const negative = block[start] === 0xff;
  let value = 0n;
  for (let index = start + 1; index < start + length; index += 1)
    value = value * 256n + BigInt(block[index]!);
  if (negative) value -= 1n << BigInt(8 * (length - 1));
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/** The number of a field, or undefined when the field holds none. */
export function headerNumber(block: Buffer, field: NumberField): number | undefined {
  const [start, length] = numberFields[field];
  return numberAt(block, start, length);
}

/** What a field holds, for messages. */
export function headerText(block: Buffer, field: NumberField): string {
  const [start, length] = numberFields[field];
  return textAt(block, start, length);
}

/** The bytes of a field up to its first zero byte, one character a byte. */
export function textAt(block: Buffer, start: number, length: number): string {
  const end = start + length;
  let stop = start;
  while (stop < end && block[stop] !== 0) stop += 1;
  return block.toString('latin1', start, stop);
}

/** The type flag as a character; the zero byte of version 7 is '0', a regular file. */
export function headerType(block: Buffer): string {
  const flag = block[156]!;
  return flag === 0 ? '0' : String.fromCharCode(flag);
}

/** Which layout the bytes from 257 on have. */
export type HeaderFormat = 'v7' | 'ustar' | 'gnu';

/** The layout by its magic: `ustar`, zero byte for POSIX; `ustar`, two spaces for old GNU; anything else is version 7. */
export function headerFormat(block: Buffer): HeaderFormat {
  const isUstar =
    block[257] === 0x75 &&
    block[258] === 0x73 &&
    block[259] === 0x74 &&
    block[260] === 0x61 &&
    block[261] === 0x72;
  if (!isUstar) return 'v7';
  return block[262] === space && block[263] === space ? 'gnu' : 'ustar';
}

/** The member's name, prefix included. */
export function headerName(block: Buffer, format: HeaderFormat): string {
  const name = textAt(block, 0, 100);
  if (format !== 'ustar' || block[345] === 0) return name;
  // star keeps times in the last 24 bytes of the prefix and says so at the end of the block.
  const isStar = block.toString('latin1', 508, 512) === 'tar\0';
  return `${textAt(block, 345, isStar ? 131 : 155)}/${name}`;
}

/** The link target of the header. */
export function headerLink(block: Buffer): string {
  return textAt(block, 157, 100);
}

/** User and group names; version 7 has none. */
export function headerUser(block: Buffer, format: HeaderFormat): string {
  return format === 'v7' ? '' : textAt(block, 265, 32);
}

/** See {@link headerUser}. */
export function headerGroup(block: Buffer, format: HeaderFormat): string {
  return format === 'v7' ? '' : textAt(block, 297, 32);
}
