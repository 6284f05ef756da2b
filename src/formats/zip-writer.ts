import { pipeline } from 'node:stream/promises';
import { crc32, createDeflateRaw } from 'node:zlib';
import { type ByteString, bytesOf, textOf } from '../base/byte-string.ts';

/** One member of a zip that is written. */
export type ZipItem = {
  /** Any bytes; nobody looks whether it is there twice. */
  readonly path: ByteString;
  readonly type: 'file' | 'directory' | 'symlink';
  /** Permission bits. */
  readonly mode: number;
  /** Seconds since 1970; zip has no time zone, so that UTC is written, and none before 1980 or after 2107. */
  readonly mtime: number;
  /** Of a symlink its target; of a directory nothing. */
  readonly content: () => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
};

/** What the directory of the zip says of a member that was written. */
type Written = {
  /** As text: a small buffer would keep the large one that it was cut from until the end. */
  readonly name: ByteString;
  /** The fields that both headers have: flags, method, time. */
  readonly flags: number;
  readonly method: number;
  readonly time: number;
  readonly attributes: number;
  readonly offset: number;
  sum: number;
  packed: number;
  size: number;
};

const typeBits = { file: 0o100000, directory: 0o040000, symlink: 0o120000 } as const;
const [isUtf8, sizesFollow] = [1 << 11, 1 << 3];
const [stored, deflated] = [0, 8];
/** The writer is a Unix, and knows version 6.3 of the format; what a reader needs, without and with zip64. */
const [madeBy, needed, neededLarge] = [(3 << 8) | 63, 20, 45];
/** The largest number of 32 bits says that the real one stands elsewhere. */
const elsewhere = 0xffff_ffff;
const [firstTime, lastTime] = [Date.UTC(1980, 0, 1), Date.UTC(2107, 11, 31, 23, 59, 58)];

/**
 * The bytes of a zip, each piece when the one before is taken: the same wherever and whenever it is made with one version
 * of zlib. Names are written as they are; those that are no UTF-8 do not claim to be, and unzip on Linux leaves them so.
 */
export async function* writeZip(items: Iterable<ZipItem>): AsyncGenerator<Buffer, void> {
  const all: Written[] = [];
  let offset = 0;
  for (const item of items) {
    const written = begin(item, offset);
    all.push(written);
    for await (const bytes of memberBytes(item, written)) {
      offset += bytes.length;
      yield bytes;
    }
  }
  const start = offset;
  for (const written of all) {
    const bytes = directoryHeader(written);
    offset += bytes.length;
    yield bytes;
  }
  yield endOf({ count: all.length, start, length: offset - start });
}

function begin({ path, type, mode, mtime }: ZipItem, offset: number): Written {
  const isFile = type === 'file';
  return {
    name: (type === 'directory' ? `${path}/` : path) as ByteString,
    flags: (textOf(path) === undefined ? 0 : isUtf8) | (isFile ? sizesFollow : 0),
    method: isFile ? deflated : stored,
    time: dosTime(mtime),
    attributes: (typeBits[type] | mode) * 0x10000,
    ...{ offset, sum: 0, packed: 0, size: 0 },
  };
}

async function* memberBytes(item: ZipItem, written: Written): AsyncGenerator<Buffer, void> {
  if (item.type === 'file') {
    yield localHeader(written);
    yield* packed(item, written);
    yield sizesAfter(written);
    return;
  }
  const pieces: Uint8Array[] = [];
  for await (const piece of item.content()) pieces.push(piece);
  const content = Buffer.concat(pieces);
  Object.assign(written, { sum: crc32(content), packed: content.length, size: content.length });
  yield Buffer.concat([localHeader(written), content]);
}

async function* packed({ content }: ZipItem, written: Written): AsyncGenerator<Buffer, void> {
  const deflate = createDeflateRaw({ level: 6 });
  const feeding = pipeline(measured, deflate);
  // An error of the content comes out of the stream too.
  feeding.catch(() => undefined);
  for await (const bytes of deflate as AsyncIterable<Buffer>) {
    written.packed += bytes.length;
    yield bytes;
  }
  await feeding;

  async function* measured(): AsyncGenerator<Uint8Array, void> {
    for await (const bytes of content()) {
      written.sum = crc32(bytes, written.sum);
      written.size += bytes.length;
      yield bytes;
    }
  }
}

/** Date and time as DOS had them, in two seconds. */
function dosTime(mtime: number): number {
  const at = new Date(Math.min(Math.max(mtime * 1000, firstTime), lastTime));
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate();
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1);
  return date * 0x10000 + time;
}

function localHeader({ name: text, flags, method, time, sum, packed, size }: Written): Buffer {
  const name = bytesOf(text);
  return Buffer.concat([
    ...[four(0x04034b50), two(needed, flags, method), four(time, sum, packed, size)],
    ...[two(name.length, 0), name],
  ]);
}

function isLarge({ packed, size, offset }: Written): boolean {
  return packed >= elsewhere || size >= elsewhere || offset >= elsewhere;
}

function sizesAfter(written: Written): Buffer {
  const { sum, packed, size } = written;
  const sizes = isLarge(written) ? eight(packed, size) : four(packed, size);
  return Buffer.concat([four(0x08074b50, sum), sizes]);
}

function directoryHeader(written: Written): Buffer {
  const { flags, method, time, attributes, sum, packed, size, offset } = written;
  const name = bytesOf(written.name);
  const large = isLarge(written);
  const extra = large ? Buffer.concat([two(1, 24), eight(size, packed, offset)]) : Buffer.alloc(0);
  const [needs, lengths, place] = large
    ? [neededLarge, four(elsewhere, elsewhere), four(attributes, elsewhere)]
    : [needed, four(packed, size), four(attributes, offset)];
  return Buffer.concat([
    ...[four(0x02014b50), two(madeBy, needs, flags, method), four(time, sum), lengths],
    // No comment, one disk, nothing internal.
    ...[two(name.length, extra.length, 0, 0, 0), place, name, extra],
  ]);
}

/** Where the directory lies, and how many members it has. */
function endOf(directory: {
  readonly count: number;
  readonly start: number;
  readonly length: number;
}): Buffer {
  const { count, start, length } = directory;
  const few = Math.min(count, 0xffff);
  const end = Buffer.concat([
    ...[four(0x06054b50), two(0, 0, few, few)],
    ...[four(Math.min(length, elsewhere), Math.min(start, elsewhere)), two(0)],
  ]);
  if (count < 0xffff && length < elsewhere && start < elsewhere) return end;
  return Buffer.concat([
    ...[
      four(0x06064b50),
      eight(44),
      two(madeBy, neededLarge),
      four(0, 0),
      eight(count, count, length, start),
    ],
    ...[four(0x07064b50, 0), eight(start + length), four(1), end],
  ]);
}

function two(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [place, value] of values.entries()) bytes.writeUInt16LE(value, place * 2);
  return bytes;
}

function four(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [place, value] of values.entries()) bytes.writeUInt32LE(value, place * 4);
  return bytes;
}

function eight(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 8);
  for (const [place, value] of values.entries()) bytes.writeBigUInt64LE(BigInt(value), place * 8);
  return bytes;
}
