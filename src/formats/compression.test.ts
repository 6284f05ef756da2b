import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { byteStringFromText } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { findProgram } from '../os/process.ts';
import { sourceOf } from './byte-reader.ts';
import { type CompressionFormat, type OpenCompressedOptions, openCompressed } from './compression.ts';
import { run, scratch } from './gnu-tar.testkit.ts';
import { readTar } from './tar.ts';
import { tarArchive } from './tar-writer.ts';

const withChecksum = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };

/** Every compressed format, and how to make it. */
const compressors: Readonly<Record<Exclude<CompressionFormat, 'none'>, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => gzipSync(bytes),
  zstd: (bytes) => zstdCompressSync(bytes, withChecksum),
  bzip2: (bytes) => run('bzip2', ['-c'], bytes),
  xz: (bytes) => run('xz', ['-c'], bytes),
  lzma: (bytes) => run('xz', ['-c', '--format=lzma'], bytes),
};
const formats = Object.keys(compressors) as Exclude<CompressionFormat, 'none'>[];

/** Cuts bytes into pieces, the first ones small, so that magic and trailers are split. */
function inPieces(bytes: Uint8Array, length = 1000): AsyncGenerator<Uint8Array> {
  const pieces: Uint8Array[] = [bytes.subarray(0, 1), bytes.subarray(1, 5)];
  for (let start = 5; start < bytes.length; start += length)
    pieces.push(bytes.subarray(start, start + length));
  return sourceOf(...pieces);
}

async function unpack(
  source: AsyncIterable<Uint8Array>,
  options: OpenCompressedOptions = {},
): Promise<{ format: CompressionFormat; bytes: Buffer }> {
  const { format, body } = await openCompressed(source, options);
  const parts: Uint8Array[] = [];
  for await (const part of body) parts.push(part);
  return { format, bytes: Buffer.concat(parts) };
}

const sample = Buffer.concat([Buffer.alloc(300_000, 'some text '), randomBytes(300_000)]);

for (const format of formats) {
  const compress = compressors[format];

  test(`${format} is recognised and unpacked, however it is cut into pieces`, async () => {
    const packed = compress(sample);
    for (const length of [7, 4096, 1_000_000]) {
      const { format: found, bytes } = await unpack(inPieces(packed, Math.max(length, packed.length / 5000)));
      assert.equal(found, format);
      assert.ok(bytes.equals(sample));
    }
  });

  test(`${format} data of nothing unpack to nothing`, async () => {
    assert.deepEqual(await unpack(sourceOf(compress(new Uint8Array(0)))), { format, bytes: Buffer.alloc(0) });
  });

  test(`${format} data that are cut short anywhere are refused`, async () => {
    const packed = compress(sample.subarray(299_000, 302_000));
    const lengths = [6, 13, 20, packed.length >> 1, packed.length - 9, packed.length - 2, packed.length - 1];
    for (const length of lengths) {
      // So little of an .lzma file is not recognised as one.
      if (format === 'lzma' && length < 13) continue;
      await assert.rejects(unpack(inPieces(packed.subarray(0, length))), isSatchelError, `${length} bytes`);
    }
  });

  test(`something after the end of ${format} data is refused`, async () => {
    const packed = compress(sample.subarray(0, 5000));
    for (const garbage of ['x', 'garbage that is longer than any header', '\0\0\0x']) {
      const joined = Buffer.concat([packed, Buffer.from(garbage)]);
      await assert.rejects(unpack(inPieces(joined)), isSatchelError, JSON.stringify(garbage));
    }
  });

  test(`a source of ${format} data that fails comes through as it failed, and is closed early`, async () => {
    const packed = compress(sample);
    const failing = (async function* () {
      yield packed.subarray(0, 10_000);
      throw new Error('the link broke');
    })();
    await assert.rejects(unpack(failing), /the link broke/);
    let isClosed = false;
    const watched = (async function* () {
      try {
        for (let start = 0; start < packed.length; start += 1000) yield packed.subarray(start, start + 1000);
      } finally {
        isClosed = true;
      }
    })();
    const { body } = await openCompressed(watched);
    for await (const _ of body) break;
    assert.equal(isClosed, true);
  });

  test(`an aborted signal ends the unpacking of ${format} data whose source hangs`, async () => {
    const packed = compress(sample);
    const abort = new AbortController();
    const hanging = (async function* () {
      yield packed.subarray(0, packed.length - 100);
      abort.abort();
      await new Promise(() => {});
    })();
    await assert.rejects(unpack(hanging, { signal: abort.signal }), { code: 'cancelled' });
  });

  test(`${format} data that expand beyond the limit are refused with the numbers`, async () => {
    const packed = compress(new Uint8Array(3_000_000));
    const { length } = packed;
    const ratio = { absolute: 2 ** 40, floor: 1_000_000, ratio: 10 };
    await assert.rejects(unpack(sourceOf(packed), { limit: ratio }), {
      code: 'compressed-expands-too-much',
    });
    await assert.rejects(unpack(sourceOf(packed), { limit: { ...ratio, absolute: 10, ratio: 1e9 } }), {
      code: 'compressed-expands-too-much',
    });
    const honest = await unpack(sourceOf(packed), { limit: { ...ratio, ratio: 4_000_000 / length } });
    assert.equal(honest.bytes.length, 3_000_000);
  });
}

for (const format of ['gzip', 'zstd', 'bzip2', 'xz'] as const) {
  test(`several ${format} streams one after another are one content`, async () => {
    const packed = [sample.subarray(0, 1000), sample.subarray(1000, 400_000), sample.subarray(400_000)].map(
      (part) => compressors[format](part),
    );
    const { bytes } = await unpack(inPieces(Buffer.concat(packed), 65_536));
    assert.ok(bytes.equals(sample));
    // Each stream in a piece of its own: the border of a stream is the border of a piece.
    assert.ok((await unpack(sourceOf(...packed))).bytes.equals(sample));
  });

  test(`a second ${format} stream that is damaged or cut is refused`, async () => {
    const packed = compressors[format](sample.subarray(0, 5000));
    for (let place = 0; place < 12; place += 1) {
      const second = Buffer.from(packed);
      second[place]! ^= 0x40;
      const joined = Buffer.concat([packed, second]);
      const result = await unpack(sourceOf(joined)).catch((error: unknown) => error);
      if (isSatchelError(result)) continue;
      // Some bits of a gzip header (time, operating system) and of a frame header mean nothing to the content.
      const { bytes } = result as { bytes: Buffer };
      assert.ok(
        bytes.equals(Buffer.concat([sample.subarray(0, 5000), sample.subarray(0, 5000)])),
        `byte ${place}`,
      );
    }
    for (const length of [1, 3, 8, packed.length - 1]) {
      const joined = Buffer.concat([packed, packed.subarray(0, length)]);
      await assert.rejects(unpack(sourceOf(joined)), isSatchelError, `${length} bytes of a second stream`);
    }
  });
}

test('zeros after gzip data are padding, but not with something behind them', async () => {
  const packed = gzipSync(sample);
  for (const split of [false, true]) {
    const zeros = Buffer.alloc(70_000);
    const source = split ? sourceOf(packed, zeros) : sourceOf(Buffer.concat([packed, zeros]));
    assert.ok((await unpack(source)).bytes.equals(sample));
    await assert.rejects(unpack(sourceOf(packed, zeros, Buffer.from('x'))), {
      code: 'compressed-garbage-after-end',
      parameters: { format: 'gzip', length: packed.length + zeros.length },
    });
  }
});

test('skippable zstd frames are passed over', async () => {
  const skippable = Buffer.concat([Buffer.from('5a2a4d1803000000', 'hex'), Buffer.from('abc')]);
  const packed = Buffer.concat([skippable, zstdCompressSync(sample), skippable]);
  const { format, bytes } = await unpack(inPieces(packed));
  assert.equal(format, 'zstd');
  assert.ok(bytes.equals(sample));
});

test('a zstd window above 128 MiB is refused: it would cost as much memory', async () => {
  const options = {
    params: { [constants.ZSTD_c_windowLog]: 28, [constants.ZSTD_c_enableLongDistanceMatching]: 1 },
  };
  const chunk = Buffer.alloc(2 ** 20, 'abc');
  const { createZstdCompress } = await import('node:zlib');
  const compressor = createZstdCompress(options);
  compressor.write(chunk);
  compressor.end();
  const packed: Uint8Array[] = [];
  for await (const part of compressor) packed.push(part);
  await assert.rejects(unpack(sourceOf(...packed)), { code: 'compressed-needs-memory' });
});

test('what is not compressed goes through as it is', async () => {
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from('a'),
    Buffer.from('BZh9 is no stream'),
    randomBytes(10_000),
  ]) {
    if (bytes[0] === 0x1f || bytes[0] === 0x5d) bytes[0] = 0;
    const result = await unpack(inPieces(bytes));
    assert.equal(result.format, 'none');
    assert.ok(result.bytes.equals(bytes));
  }
});

const archive = (name: string, body: string) =>
  tarArchive([
    {
      path: byteStringFromText(name),
      type: 'file',
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: [0, 0],
      size: body.length,
      xattrs: [],
      bytes: Buffer.from(body),
    },
  ]);

test('a plain tar whose first name begins like another format is a plain tar', async () => {
  for (const magic of ['\u001f\ufffd', 'BZh91AY&SY', '(µ', ']']) {
    const result = await unpack(sourceOf(archive(magic, 'x')));
    assert.equal(result.format, 'none');
  }
});

test('without lbzip2, bzip2 reads the same and refuses the same', async (t) => {
  const folder = scratch(t);
  symlinkSync(findProgram('bzip2')!, `${folder}/bzip2`);
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  const packed = compressors.bzip2(sample);
  process.env.PATH = folder;
  assert.ok((await unpack(inPieces(packed, 65_536))).bytes.equals(sample));
  const garbage = Buffer.concat([packed, Buffer.from('garbage')]);
  await assert.rejects(unpack(sourceOf(garbage)), {
    code: 'compressed-garbage-after-end',
    parameters: { format: 'bzip2', length: packed.length },
  });
  await assert.rejects(unpack(sourceOf(packed.subarray(0, -1))), { code: 'compressed-truncated' });
  process.env.PATH = '/nowhere';
  await assert.rejects(unpack(sourceOf(packed)), {
    code: 'decompressor-missing',
    parameters: { format: 'bzip2', program: 'lbzip2', package: 'lbzip2' },
  });
});

test('a decompressor that is killed, as for want of memory, is not taken for damaged data', async (t) => {
  const folder = scratch(t);
  writeFileSync(`${folder}/xz`, '#!/bin/sh\nkill -KILL $$\n');
  chmodSync(`${folder}/xz`, 0o755);
  const packed = compressors.xz(sample);
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = `${folder}:${path}`;
  await assert.rejects(unpack(sourceOf(packed)), { code: 'decompressor-failed' });
});

test('no child process is left behind', () => {
  const children = readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid) || !existsSync(`/proc/${pid}/stat`)) return false;
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
  });
  assert.deepEqual(children, []);
});

/** A small archive as text, or the code of the sentence that refused it. */
async function contentOf(bytes: Uint8Array): Promise<string> {
  try {
    const { body } = await openCompressed(sourceOf(bytes));
    let text = '';
    for await (const member of readTar(body)) {
      const { content: _content, readWhole: _readWhole, ...description } = member;
      text += `${JSON.stringify(description)} ${Buffer.from(await member.readWhole(1000)).toString('latin1')}\n`;
    }
    return text;
  } catch (error) {
    if (isSatchelError(error)) return error.code;
    throw error;
  }
}

const small = archive('etc/hostname', 'satchel\n');

/** One flipped bit after another, several at a time: most formats start a process for each. */
async function flipEveryBit(
  packed: Uint8Array,
  check: (result: string, bit: number) => void,
  step = 1,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < packed.length * 8) {
      const bit = next;
      next += step;
      const flipped = Buffer.from(packed);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      check(await contentOf(flipped), bit);
    }
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

for (const format of ['gzip', 'zstd', 'bzip2', 'xz'] as const) {
  test(`no flipped bit of a ${format} archive changes the content in silence`, async (t) => {
    const packed = compressors[format](small);
    const right = await contentOf(packed);
    assert.match(right, /satchel\n/);
    let harmless = 0;
    await flipEveryBit(packed, (result, bit) => {
      if (result === right) harmless += 1;
      else assert.match(result, /^[a-z0-9-]+$/, `bit ${bit & 7} of byte ${bit >> 3}: ${result}`);
    });
    t.diagnostic(`${packed.length * 8} bits, ${harmless} of them without meaning for the content`);
  });
}

test('flipped bits of an .lzma archive, which has no check, end in content or a sentence', async () => {
  await flipEveryBit(compressors.lzma(small), (result) => assert.equal(typeof result, 'string'), 7);
});
