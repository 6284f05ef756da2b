import { visitObject } from './object-references.ts';
import type { Form, ReferenceVisitor } from './reference-visitor.ts';

/** A part of old content that holds addresses. */
export type Area = {
  readonly kind: AreaKind;
  /** Place of its first byte in the content. */
  readonly start: number;
  /** In bytes. */
  readonly length: number;
  /** Address of its first byte in the program. */
  readonly address: number;
};

/** How the addresses in an area are written; deltas name kinds by place in this list, so new ones go to the end. */
export const areaKinds = [
  /** Instructions of x86-64: 32 bits, relative to the byte after them. */
  'code',
  /** The same, and addresses of 32 bits as they are, anywhere. */
  'absolute-code',
  /** Addresses of 64 bits at multiples of 8. */
  'pointers',
  /** Records of 24 bytes, with an address of 64 bits at their byte 8. */
  'symbols',
  /** Unwinding records (`.eh_frame`): 32 bits back to their common record, 32 bits to the code that they describe. */
  'frames',
  /** 32 bits at multiples of 4, relative to the start of the area. */
  'relative-to-area',
  /** Tables of negative numbers of 32 bits, relative to the start of the table, that lead into code. */
  'jump-tables',
  /** A whole file that is still to be linked, see `visitObject`; addresses in it are places. */
  'object',
] as const;

export type AreaKind = (typeof areaKinds)[number];

/** What may be taken for an address. */
export type KnownAddresses = {
  has(address: number): boolean;
  isCode(address: number): boolean;
};

const narrow: Form = { length: 4, unit: 1 };
const wide: Form = { length: 8, unit: 1 };
const backwards: Form = { length: 4, unit: -1 };

/** No jump of a table leads back so far. */
const longestTableJump = 2 ** 25;

/** Finds what looks like references in an area, in the order of places. The area must lie within the content. */
export function visitReferences(
  content: Buffer,
  area: Area,
  known: KnownAddresses,
  visit: ReferenceVisitor,
): void {
  switch (area.kind) {
    case 'code':
    case 'absolute-code':
      visitCode(content, area, known, visit);
      return;
    case 'pointers':
      visitPointers(content, area, known, visit, { first: 0, step: 8 });
      return;
    case 'symbols':
      visitPointers(content, area, known, visit, { first: 8, step: 24 });
      return;
    case 'frames':
      visitFrames(content, area, known, visit);
      return;
    case 'relative-to-area':
      visitRelativeToArea(content, area, known, visit);
      return;
    case 'jump-tables':
      visitTables(content, area, known, visit);
      return;
    default:
      visitObject(content.subarray(area.start, area.start + area.length), visit);
  }
}

/**
 * Takes for an operand what stands after the usual instructions that have one and leads to a known address: calls
 * (E8), jumps (E9, 0F 80 to 0F 8F), and whatever addresses memory relative to itself (a second byte of 00…101).
 */
function visitCode(content: Buffer, area: Area, known: KnownAddresses, visit: ReferenceVisitor): void {
  const { start, length, address } = area;
  const isAbsolute = area.kind === 'absolute-code';
  const last = start + length - 4;
  for (let at = start + 2; at <= last; at += 1) {
    const before = content[at - 1]!;
    const isOperand =
      before === 0xe8 ||
      before === 0xe9 ||
      (before & 0xc7) === 0x05 ||
      ((before & 0xf0) === 0x80 && content[at - 2] === 0x0f);
    if (!isOperand && !isAbsolute) continue;
    const value = content.readInt32LE(at);
    const after = address + at - start + 4;
    if (isOperand && known.has(after + value)) visit(at, after + value, after, narrow);
    else if (isAbsolute && known.has(value >>> 0)) visit(at, value >>> 0, undefined, narrow);
    else continue;
    at += 3;
  }
}

function visitPointers(
  content: Buffer,
  { start, length, address }: Area,
  known: KnownAddresses,
  visit: ReferenceVisitor,
  { first, step }: { readonly first: number; readonly step: number },
): void {
  const last = start + length - 8;
  for (let at = start + first + padding(address, 8); at <= last; at += step) {
    const target = content.readUInt32LE(at) + content.readUInt32LE(at + 4) * 2 ** 32;
    if (known.has(target)) visit(at, target, undefined, wide);
  }
}

/** A record is its length without these four bytes, the way back to its common record (0: is one itself), and more. */
function visitFrames(
  content: Buffer,
  { start, length, address }: Area,
  known: KnownAddresses,
  visit: ReferenceVisitor,
): void {
  const end = start + length;
  for (let record = start; record + 12 <= end; ) {
    const recordLength = content.readUInt32LE(record);
    if (recordLength < 4 || recordLength > end - record - 4) return;
    const back = content.readUInt32LE(record + 4);
    const here = address + record - start + 4;
    if (back !== 0) {
      if (back <= record + 4 - start) visit(record + 4, here - back, here, backwards);
      const target = here + 4 + content.readInt32LE(record + 8);
      if (known.isCode(target)) visit(record + 8, target, here + 4, narrow);
    }
    record += 4 + recordLength;
  }
}

function visitRelativeToArea(
  content: Buffer,
  { start, length, address }: Area,
  known: KnownAddresses,
  visit: ReferenceVisitor,
): void {
  const last = start + length - 4;
  for (let at = start + padding(address, 4); at <= last; at += 4) {
    const target = address + content.readInt32LE(at);
    if (known.has(target)) visit(at, target, address, narrow);
  }
}

function visitTables(
  content: Buffer,
  { start, length, address }: Area,
  known: KnownAddresses,
  visit: ReferenceVisitor,
): void {
  const last = start + length - 4;
  let table: number | undefined;
  for (let at = start + padding(address, 4); at <= last; at += 4) {
    const value = content.readInt32LE(at);
    if (value >= 0 || value < -longestTableJump) {
      table = undefined;
      continue;
    }
    table ??= address + at - start;
    if (known.isCode(table + value)) visit(at, table + value, table, narrow);
  }
}

/** Bytes up to the next multiple. */
function padding(address: number, multiple: number): number {
  return (multiple - (address % multiple)) % multiple;
}
