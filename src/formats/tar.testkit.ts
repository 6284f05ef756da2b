/** For tests: headers of any dialect, right and wrong, block by block. */
import { blockSize, type NumberField, numberFields } from './tar-header.ts';
import { paxRecord } from './tar-pax.ts';

/** What a header says; strings are byte strings, everything absent is what a plain empty file has. */
export type RawHeader = {
  readonly name?: string;
  readonly type?: string;
  readonly link?: string;
  readonly format?: 'v7' | 'ustar' | 'gnu';
  readonly user?: string;
  readonly group?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  readonly size?: number;
  readonly mtime?: number;
  readonly major?: number;
  readonly minor?: number;
  /** Fields that are written in base 256. */
  readonly binary?: Partial<Record<NumberField, number>>;
  /** Fields that hold just these bytes. */
  readonly fields?: Partial<Record<NumberField, string>>;
};

const magic = { v7: '', ustar: 'ustar\x0000', gnu: 'ustar  \0' } as const;

/** A header block with a right checksum. */
export function rawHeader(header: RawHeader): Buffer {
  const block = Buffer.alloc(blockSize);
  const { format = 'ustar', name = '', link = '', type = '0' } = header;
  block.write(name, 0, 100, 'latin1');
  block.write(type, 156, 1, 'latin1');
  block.write(link, 157, 100, 'latin1');
  block.write(magic[format], 257, 'latin1');
  if (format !== 'v7') {
    block.write(header.user ?? '', 265, 32, 'latin1');
    block.write(header.group ?? '', 297, 32, 'latin1');
  }
  const values = { mode: 0o644, uid: 0, gid: 0, size: 0, mtime: 1000, major: 0, minor: 0, ...header };
  for (const field of ['mode', 'uid', 'gid', 'size', 'mtime', 'major', 'minor'] as const) {
    if (format === 'v7' && (field === 'major' || field === 'minor')) continue;
    writeNumber(block, field, header, values[field]);
  }
  block.fill(0x20, 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function writeNumber(block: Buffer, field: NumberField, { binary, fields }: RawHeader, value: number): void {
  const [start, length] = numberFields[field];
  const raw = fields?.[field];
  const binaryValue = binary?.[field];
  if (raw !== undefined) {
    block.write(raw, start, length, 'latin1');
  } else if (binaryValue !== undefined) {
    const bytes = Buffer.alloc(16, binaryValue < 0 ? 0xff : 0);
    bytes.writeBigInt64BE(BigInt(binaryValue), 8);
    bytes.copy(block, start, 16 - length);
    block[start] = binaryValue < 0 ? 0xff : 0x80;
  } else {
    const digits = value.toString(8).padStart(length - 1, '0');
    // A size that no octal field holds, for archives that are wrong on purpose.
    block.write(digits.length < length ? digits : '7'.repeat(length - 1), start, 'latin1');
  }
}

/** A header with the content that follows it, padded to whole blocks. */
export function withContent(header: Buffer, content: string): Buffer {
  const length = Math.ceil(content.length / blockSize) * blockSize;
  const body = Buffer.alloc(length);
  body.write(content, 'latin1');
  return Buffer.concat([header, body]);
}

/** A pax header for the next member (`x`) or for all that follow (`g`). */
export function paxHeader(records: Readonly<Record<string, string>>, type: 'x' | 'g' = 'x'): Buffer {
  const content = Buffer.concat(Object.entries(records).map(([keyword, value]) => paxRecord(keyword, value)));
  return withContent(
    rawHeader({ name: 'PaxHeader', type, size: content.length }),
    content.toString('latin1'),
  );
}
