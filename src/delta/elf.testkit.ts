/** Small programs for tests: ELF files of x86-64 with calls, tables, pointers and unwinding records. */

/** A function: its name and how many bytes of its own it has besides its calls. */
export type TestFunction = {
  readonly name: string;
  readonly bytes: number;
  readonly calls: readonly string[];
};

type Section = {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
  readonly bytes: Buffer;
};
type Placed = Section & { readonly offset: number; readonly address: number };

const textOffset = 0x1000;
const dataDistance = 0x1000;
const align = (value: number, to: number) => Math.ceil(value / to) * to;

/** The file of a program; every function is pointed to by a table of jumps, a pointer, and an unwinding record. */
export function testProgram(functions: readonly TestFunction[]): Buffer {
  const places = new Map<string, number>();
  let address = textOffset;
  for (const { name, bytes, calls } of functions) {
    places.set(name, address);
    address = align(address + bytes + 5 * calls.length, 16);
  }
  const text = Buffer.alloc(address - textOffset, 0x90);
  for (const { name, bytes, calls } of functions) writeFunction(text, places, { name, bytes, calls });
  const all = [...places.values()];
  const rodata = { offset: address, table: all };
  const jumpTable = numbers(all.map((target) => target - rodata.offset));
  const headerOffset = address + jumpTable.length;
  const frames = headerOffset + 4 * 2 * all.length;
  const { bytes: frameBytes, records } = frameRecords(all, frames);
  const header = numbers(
    all.flatMap((target, number) => [target - headerOffset, frames + records[number]! - headerOffset]),
  );
  const dataOffset = align(frames + frameBytes.length, 8);
  const data = Buffer.concat(all.map(wide));
  const relocations = Buffer.concat(
    all.flatMap((target, number) => [wide(dataOffset + dataDistance + 8 * number), wide(8), wide(target)]),
  );
  const sections: Section[] = [
    { name: '.text', type: 1, flags: 6, bytes: text },
    { name: '.rodata', type: 1, flags: 2, bytes: jumpTable },
    { name: '.eh_frame_hdr', type: 1, flags: 2, bytes: header },
    { name: '.eh_frame', type: 1, flags: 2, bytes: frameBytes },
    { name: '.data', type: 1, flags: 3, bytes: data },
    { name: '.rela.dyn', type: 4, flags: 2, bytes: relocations },
  ];
  const offsets = [textOffset, address, headerOffset, frames, dataOffset, dataOffset + data.length];
  return file(
    sections.map((section, number) => {
      const offset = offsets[number]!;
      return { ...section, offset, address: number < 4 ? offset : offset + dataDistance };
    }),
  );
}

function writeFunction(
  text: Buffer,
  places: ReadonlyMap<string, number>,
  { name, bytes, calls }: TestFunction,
): void {
  let at = places.get(name)! - textOffset;
  for (let number = 0; number < bytes; number += 1)
    text[at + number] = (name.charCodeAt(0) * 7 + number * number) & 0x7f;
  at += bytes;
  for (const target of calls) {
    text[at] = 0xe8;
    text.writeInt32LE(places.get(target)! - (textOffset + at + 5), at + 1);
    at += 5;
  }
}

/** A common record, then one for each function; the places of the latter. */
function frameRecords(targets: readonly number[], start: number): { bytes: Buffer; records: number[] } {
  const parts: Buffer[] = [Buffer.concat([numbers([12, 0]), Buffer.alloc(8, 1)])];
  const records: number[] = [];
  let at = parts[0]!.length;
  for (const target of targets) {
    records.push(at);
    parts.push(numbers([16, at + 4, target - (start + at + 8), 32, 0]));
    at += 20;
  }
  return { bytes: Buffer.concat(parts), records };
}

function numbers(values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, number) => void bytes.writeInt32LE(value, 4 * number));
  return bytes;
}

function wide(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function file(sections: readonly Placed[]): Buffer {
  const last = sections.at(-1)!;
  const contentEnd = last.offset + last.bytes.length;
  const names = Buffer.from(`\0${sections.map(({ name }) => name).join('\0')}\0.shstrtab\0`, 'latin1');
  const tableOffset = align(contentEnd + names.length, 8);
  const count = sections.length + 2;
  const bytes = Buffer.alloc(tableOffset + 64 * count);
  Buffer.from('7f454c46020101', 'hex').copy(bytes);
  bytes.writeUInt16LE(3, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeUInt32LE(64, 32);
  bytes.writeUInt32LE(tableOffset, 40);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(2, 56);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(count, 60);
  bytes.writeUInt16LE(count - 1, 62);
  const data = sections.find(({ name }) => name === '.data')!;
  writeSegment(bytes, 64, 0, 0, data.offset);
  writeSegment(bytes, 64 + 56, data.offset, data.address, contentEnd - data.offset);
  for (const { bytes: content, offset } of sections) content.copy(bytes, offset);
  names.copy(bytes, contentEnd);
  const headers = [
    ...sections,
    { name: '.shstrtab', type: 3, flags: 0, bytes: names, offset: contentEnd, address: 0 },
  ];
  headers.forEach((section, number) => {
    const at = tableOffset + 64 * (number + 1);
    bytes.writeUInt32LE(names.indexOf(`\0${section.name}\0`) + 1, at);
    bytes.writeUInt32LE(section.type, at + 4);
    bytes.writeUInt32LE(section.flags, at + 8);
    bytes.writeUInt32LE(section.address, at + 16);
    bytes.writeUInt32LE(section.offset, at + 24);
    bytes.writeUInt32LE(section.bytes.length, at + 32);
  });
  return bytes;
}

function writeSegment(bytes: Buffer, at: number, offset: number, address: number, length: number): void {
  bytes.writeUInt32LE(1, at);
  bytes.writeUInt32LE(offset, at + 8);
  bytes.writeUInt32LE(address, at + 16);
  bytes.writeUInt32LE(length, at + 32);
  bytes.writeUInt32LE(length, at + 40);
}
