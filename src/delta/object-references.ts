import type { Form, ReferenceVisitor } from './reference-visitor.ts';

const narrow: Form = { length: 4, unit: 1 };
const wide: Form = { length: 8, unit: 1 };
/** Symbols are counted; each takes 24 bytes. */
const counted: Form = { length: 4, unit: 24 };

const headerLength = 64;
const sectionHeaderLength = 64;
const recordLength = 24;
const types = { symbols: 2, relocations: 4, zeroes: 8 } as const;
const sectionSymbol = 3;
/** Relocations that are relative to the end of their four bytes, so that they hold four less. */
const relativeToEnd = new Set([2, 4]);

type Section = {
  readonly type: number;
  readonly offset: number;
  readonly length: number;
  readonly link: number;
  readonly info: number;
};

/**
 * Finds the references of an ELF file of 64 bits that is still to be linked, as kernel modules are: in its
 * relocations (the place, the symbol, and of symbols of sections how far into them) and in its symbols (name, value,
 * length). All are relative to the start of a section, and addresses are places in the file. Finds nothing in what
 * is no such file.
 */
export function visitObject(content: Buffer, visit: ReferenceVisitor): void {
  const sections = readSections(content);
  const symbols = sections.find(({ type }) => type === types.symbols);
  if (symbols === undefined) return;
  for (const section of sections) {
    if (section.type === types.relocations) visitRelocations(content, section, { sections, symbols }, visit);
    else if (section === symbols) visitSymbols(content, symbols, sections, visit);
  }
}

/** Where sections begin, in order; the votes of one have nothing to do with those of the next. */
export function sectionStarts(content: Buffer): number[] {
  const starts = readSections(content).map(({ offset }) => offset);
  return [...new Set(starts)].sort((a, b) => a - b);
}

/** True for what {@link visitObject} understands. */
export function isObject(content: Buffer): boolean {
  return readSections(content).some(({ type }) => type === types.symbols);
}

/** Sections that lie within the file; none of a file of another kind. Their numbers stay, so others are empty. */
function readSections(content: Buffer): Section[] {
  const isElf = content.length >= headerLength && content.readUInt32BE(0) === 0x7f454c46;
  // Class 2 is 64 bits, data 1 little endian, type 1 not linked yet, machine 62 x86-64.
  if (!isElf || content[4] !== 2 || content[5] !== 1) return [];
  if (content.readUInt16LE(16) !== 1 || content.readUInt16LE(18) !== 62) return [];
  const table = numberAt(content, 40);
  const count = content.readUInt16LE(60);
  if (
    content.readUInt16LE(58) !== sectionHeaderLength ||
    table + count * sectionHeaderLength > content.length
  )
    return [];
  const sections = Array.from({ length: count }, (_, number) =>
    readSection(content, table + number * sectionHeaderLength),
  );
  // Sections that overlap could make the work endless.
  return sections.reduce((sum, { length }) => sum + length, 0) > content.length ? [] : sections;
}

function readSection(content: Buffer, at: number): Section {
  const type = content.readUInt32LE(at + 4);
  const [offset, length] = [numberAt(content, at + 24), numberAt(content, at + 32)];
  if (type === types.zeroes || offset + length > content.length)
    return { type: 0, offset: 0, length: 0, link: 0, info: 0 };
  return { type, offset, length, link: content.readUInt32LE(at + 40), info: content.readUInt32LE(at + 44) };
}

type Tables = { readonly sections: readonly Section[]; readonly symbols: Section };

/** Each is a place (8 bytes), a type and the number of a symbol (4 bytes each), and a number to add (8 bytes). */
function visitRelocations(
  content: Buffer,
  { offset, length, info }: Section,
  { sections, symbols }: Tables,
  visit: ReferenceVisitor,
): void {
  const patched = sections[info];
  for (let at = offset; at + recordLength <= offset + length; at += recordLength) {
    const type = content.readUInt32LE(at + 8);
    const symbol = symbols.offset + recordLength * content.readUInt32LE(at + 12);
    const section = sectionOfSymbol(content, symbol, { sections, symbols });
    if (patched !== undefined) visit(at, patched.offset + numberAt(content, at), patched.offset, wide);
    visit(at + 12, symbol, symbols.offset, counted);
    if (section === undefined) continue;
    const ahead = relativeToEnd.has(type) ? 4 : 0;
    visit(at + 16, section.offset + signedAt(content, at + 16) + ahead, section.offset, wide);
  }
}

/** The section that a symbol stands for; undefined when it stands for something else. */
function sectionOfSymbol(content: Buffer, at: number, { sections, symbols }: Tables): Section | undefined {
  if (at + recordLength > symbols.offset + symbols.length) return undefined;
  return (content[at + 4]! & 15) === sectionSymbol ? sections[content.readUInt16LE(at + 6)] : undefined;
}

/** Each is a name (4 bytes), kind, visibility, section (2 bytes), value and length (8 bytes each). */
function visitSymbols(
  content: Buffer,
  { offset, length, link }: Section,
  sections: readonly Section[],
  visit: ReferenceVisitor,
): void {
  const names = sections[link];
  for (let at = offset; at + recordLength <= offset + length; at += recordLength) {
    const name = content.readUInt32LE(at);
    if (names !== undefined && name > 0) visit(at, names.offset + name, names.offset, narrow);
    const section = sections[content.readUInt16LE(at + 6)];
    if (section === undefined || section.length === 0 || (content[at + 4]! & 15) === sectionSymbol) continue;
    const start = section.offset + numberAt(content, at + 8);
    const size = numberAt(content, at + 16);
    visit(at + 8, start, section.offset, wide);
    if (size > 0) visit(at + 16, start + size - 1, start, wide);
  }
}

/** A number of 64 bits; beyond 2^53 it is not exact, and beyond every file as well. */
function numberAt(content: Buffer, at: number): number {
  return content.readUInt32LE(at) + content.readUInt32LE(at + 4) * 2 ** 32;
}

function signedAt(content: Buffer, at: number): number {
  return content.readUInt32LE(at) + content.readInt32LE(at + 4) * 2 ** 32;
}
