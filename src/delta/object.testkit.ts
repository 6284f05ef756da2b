import type { TestFunction } from './elf.testkit.ts';

/** Small files that are still to be linked, for tests: ELF of x86-64 with code, its relocations and symbols. */

type Section = {
  readonly type: number;
  readonly link: number;
  readonly info: number;
  readonly bytes: Buffer;
};

const align = (value: number, to: number) => Math.ceil(value / to) * to;
const relativeTo32Bits = 2;

/** A file of these functions; every call is a relocation that counts from the start of the code. */
export function testObject(functions: readonly TestFunction[]): Buffer {
  const places = new Map<string, number>();
  let length = 0;
  for (const { name, bytes, calls } of functions) {
    places.set(name, length);
    length = align(length + bytes + 5 * calls.length, 16);
  }
  const text = Buffer.alloc(length, 0x90);
  const relocations: Buffer[] = [];
  for (const { name, bytes, calls } of functions) {
    const start = places.get(name)!;
    for (let number = 0; number < bytes; number += 1)
      text[start + number] = (name.charCodeAt(1) * 7 + number * number) & 0x7f;
    calls.forEach((called, number) => {
      const at = start + bytes + 5 * number;
      text.fill(Buffer.from([0xe8, 0, 0, 0, 0]), at, at + 5);
      relocations.push(record([at + 1, 8], [relativeTo32Bits, 4], [1, 4], [places.get(called)! - 4, 8]));
    });
  }
  let names = '\0';
  const symbols = [Buffer.alloc(24), record([0, 4], [3, 2], [1, 2], [0, 8], [0, 8])];
  for (const { name, bytes, calls } of functions) {
    symbols.push(
      record([names.length, 4], [0x12, 2], [1, 2], [places.get(name)!, 8], [bytes + 5 * calls.length, 8]),
    );
    names += `${name}\0`;
  }
  return file([
    { type: 0, link: 0, info: 0, bytes: Buffer.alloc(0) },
    { type: 1, link: 0, info: 0, bytes: text },
    { type: 4, link: 3, info: 1, bytes: Buffer.concat(relocations) },
    { type: 2, link: 4, info: 2, bytes: Buffer.concat(symbols) },
    { type: 3, link: 0, info: 0, bytes: Buffer.from(names, 'latin1') },
  ]);
}

/** Numbers one after the other, each with its bytes. */
function record(...fields: readonly (readonly [value: number, bytes: number])[]): Buffer {
  return Buffer.concat(
    fields.map(([value, bytes]) => {
      const field = Buffer.alloc(8);
      field.writeBigInt64LE(BigInt(value));
      return field.subarray(0, bytes);
    }),
  );
}

function file(sections: readonly Section[]): Buffer {
  let end = 64;
  const placed = sections.map((section) => {
    const offset = align(end, 8);
    end = offset + section.bytes.length;
    return { ...section, offset };
  });
  const table = align(end, 8);
  const bytes = Buffer.alloc(table + 64 * sections.length);
  Buffer.from('7f454c46020101', 'hex').copy(bytes);
  bytes.writeUInt16LE(1, 16);
  bytes.writeUInt16LE(62, 18);
  bytes.writeUInt32LE(table, 40);
  bytes.writeUInt16LE(64, 58);
  bytes.writeUInt16LE(sections.length, 60);
  placed.forEach(({ type, offset, link, info, bytes: content }, number) => {
    const at = table + 64 * number;
    content.copy(bytes, offset);
    bytes.writeUInt32LE(type, at + 4);
    bytes.writeUInt32LE(offset, at + 24);
    bytes.writeUInt32LE(content.length, at + 32);
    bytes.writeUInt32LE(link, at + 40);
    bytes.writeUInt32LE(info, at + 44);
  });
  return bytes;
}
