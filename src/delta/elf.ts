/** What is needed of an ELF file (64 bits, little endian, x86-64) to tell where it holds addresses. */
export type ElfFile = {
  /** True for a program that is always loaded at the addresses in its file. */
  readonly isFixed: boolean;
  /** What is loaded into memory, in the order of addresses. */
  readonly segments: readonly ElfSegment[];
  /** In the order of places in the file; only those that are loaded and stand in the file. Empty when cut off. */
  readonly sections: readonly ElfSection[];
};

export type ElfSegment = {
  /** Place of the first byte in the file. */
  readonly offset: number;
  readonly address: number;
  /** Bytes in the file, and in memory. */
  readonly fileLength: number;
  readonly memoryLength: number;
};

export type ElfSection = {
  readonly name: string;
  /** SHT_ numbers of the ELF specification. */
  readonly type: number;
  readonly isWritable: boolean;
  readonly isCode: boolean;
  readonly offset: number;
  readonly address: number;
  readonly length: number;
};

const headerLength = 64;
const programHeaderLength = 56;
const sectionHeaderLength = 64;
const x86_64 = 62;
const fixedProgram = 2;
const loadedSegment = 1;
const emptySection = 8;
const flagWritable = 1;
const flagLoaded = 2;
const flagCode = 4;

/** Reads the headers of a file that may go on after `bytes`; undefined when it is not such a file. */
export function readElf(bytes: Uint8Array): ElfFile | undefined {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isElf = file.length >= headerLength && file.readUInt32BE(0) === 0x7f454c46;
  // Class 2 is 64 bits, data 1 little endian.
  if (!isElf || file[4] !== 2 || file[5] !== 1 || file.readUInt16LE(18) !== x86_64) return undefined;
  const segments = tableOf(file, 32, 54, programHeaderLength).flatMap((at) => readSegment(file, at));
  if (segments.length === 0) return undefined;
  segments.sort((a, b) => a.address - b.address);
  return { isFixed: file.readUInt16LE(16) === fixedProgram, segments, sections: readSections(file) };
}

/** Places of the entries of a table whose offset stands at `offsetAt`, and the size and number of entries at `sizeAt`. */
function tableOf(file: Buffer, offsetAt: number, sizeAt: number, entryLength: number): number[] {
  const offset = numberAt(file, offsetAt);
  const count = file.readUInt16LE(sizeAt + 2);
  if (file.readUInt16LE(sizeAt) !== entryLength || offset + count * entryLength > file.length) return [];
  return Array.from({ length: count }, (_, number) => offset + number * entryLength);
}

function readSegment(file: Buffer, at: number): ElfSegment[] {
  if (file.readUInt32LE(at) !== loadedSegment) return [];
  const [offset, address] = [numberAt(file, at + 8), numberAt(file, at + 16)];
  const [fileLength, memoryLength] = [numberAt(file, at + 32), numberAt(file, at + 40)];
  return [{ offset, address, fileLength, memoryLength }];
}

function readSections(file: Buffer): ElfSection[] {
  const headers = tableOf(file, 40, 58, sectionHeaderLength);
  const names = headers[file.readUInt16LE(62)];
  if (names === undefined) return [];
  const namesOffset = numberAt(file, names + 24);
  const sections = headers.map((at): ElfSection & { readonly flags: number } => {
    const flags = file.readUInt32LE(at + 8);
    return {
      name: nameAt(file, namesOffset + file.readUInt32LE(at)),
      type: file.readUInt32LE(at + 4),
      flags,
      isWritable: (flags & flagWritable) !== 0,
      isCode: (flags & flagCode) !== 0,
      offset: numberAt(file, at + 24),
      address: numberAt(file, at + 16),
      length: numberAt(file, at + 32),
    };
  });
  return sections
    .filter(({ flags, type, offset, length }) => {
      const isThere = length > 0 && offset + length <= file.length;
      return (flags & flagLoaded) !== 0 && type !== emptySection && isThere;
    })
    .sort((a, b) => a.offset - b.offset);
}

function nameAt(file: Buffer, start: number): string {
  const end = file.indexOf(0, start);
  return end === -1 ? '' : file.toString('latin1', start, end);
}

/** A number of 64 bits; beyond 2^53 it is not exact, and beyond every file as well. */
function numberAt(file: Buffer, at: number): number {
  return file.readUInt32LE(at) + file.readUInt32LE(at + 4) * 2 ** 32;
}
