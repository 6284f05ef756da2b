import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import { brotliCompressSync, constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import {
  type Codec,
  codecs,
  packStream,
  readStreamHeader,
  streamWindow,
  unpackStream,
  writeStreamHeader,
} from './streams.ts';

const text = Buffer.from(
  Array.from({ length: 600 }, (_, n) => `${n % 17} word${n % 91} ${hash('sha256', `${n % 120}`)}\n`).join(''),
);
const noise = Buffer.concat(Array.from({ length: 64 }, (_, n) => hash('sha256', `${n}`, 'buffer')));

const refuses = (attempt: () => unknown) =>
  assert.throws(attempt, (error) => isSatchelError(error, 'delta-damaged'));

/** Unpacks bytes that claim to be a stream. */
function unpacked(codec: Codec, rawLength: number, stored: Uint8Array): Uint8Array {
  const header = { codec, rawLength, storedLength: stored.length };
  streamWindow(header, stored);
  return unpackStream(header, stored);
}

describe('a stream', () => {
  test('comes out as it went in, with its header', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(50), (bytes, repeats) => {
        const raw = Buffer.concat(Array.from({ length: repeats }, () => bytes));
        const packed = packStream(raw);
        const writer = createByteWriter();
        writeStreamHeader(writer, packed);
        const header = readStreamHeader(createByteReader(writer.finish(), 'header'));
        assert.deepEqual(header, {
          codec: packed.codec,
          rawLength: raw.length,
          storedLength: packed.stored.length,
        });
        assert.ok(streamWindow(header, packed.stored) >= 0);
        assert.ok(raw.equals(unpackStream(header, packed.stored)));
      }),
    );
  });

  test('is stored by the codec that makes it smallest', () => {
    assert.equal(packStream(noise).codec, codecs.plain);
    assert.equal(packStream(text).codec, codecs.brotli);
    assert.equal(packStream(Buffer.concat([noise, noise])).codec, codecs.zstd);
  });

  test('that is large is stored by zstd unless brotli saves a twentieth', () => {
    const large = Buffer.concat(Array.from({ length: 1 + Math.ceil(2 ** 20 / noise.length) }, () => noise));
    assert.equal(packStream(large).codec, codecs.zstd);
    const words = Buffer.concat(
      Array.from({ length: 40_000 }, (_, n) => Buffer.from(`${hash('sha256', `${n}`)}`.slice(0, 30))),
    );
    assert.ok(words.length > 2 ** 20);
    assert.equal(packStream(words).codec, codecs.zstd);
  });

  test('with bytes behind its end, cut short or of another length is refused', () => {
    const stored = { [codecs.zstd]: sized(text), [codecs.brotli]: brotliCompressSync(text) };
    for (const codec of [codecs.zstd, codecs.brotli]) {
      const bytes = stored[codec];
      assert.ok(text.equals(unpacked(codec, text.length, bytes)));
      refuses(() => unpacked(codec, text.length, Buffer.concat([bytes, Buffer.of(0)])));
      refuses(() => unpacked(codec, text.length, bytes.subarray(0, -1)));
      refuses(() => unpacked(codec, text.length - 1, bytes));
      refuses(() => unpacked(codec, text.length + 1, bytes));
    }
  });

  test('never becomes longer than it says it is', () => {
    const bomb = brotliCompressSync(Buffer.alloc(50_000_000), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
    });
    const before = process.memoryUsage().arrayBuffers;
    refuses(() => unpacked(codecs.brotli, 1000, bomb));
    assert.ok(process.memoryUsage().arrayBuffers - before < 1_000_000);
  });

  test('that wants too large a window is refused', () => {
    const frame = Buffer.from('28b52ffd80880100000009000000', 'hex');
    refuses(() => streamWindow({ codec: codecs.zstd, rawLength: 1, storedLength: frame.length }, frame));
    frame[5] = 0x80;
    assert.equal(streamWindow({ codec: codecs.zstd, rawLength: 1, storedLength: frame.length }, frame), 1);
    const largeWindow = Buffer.of(0x11, 0x1a, 0);
    refuses(() => streamWindow({ codec: codecs.brotli, rawLength: 9, storedLength: 3 }, largeWindow));
  });

  test('says what window its decoder needs', () => {
    for (let log = 10; log <= 24; log += 1) {
      const params = { [constants.BROTLI_PARAM_LGWIN]: log, [constants.BROTLI_PARAM_QUALITY]: 5 };
      const stored = brotliCompressSync(noise, { params });
      const header = { codec: codecs.brotli, rawLength: 2 ** 30, storedLength: stored.length };
      assert.equal(streamWindow(header, stored), 2 ** log);
    }
  });

  test('with a header that cannot be is refused', () => {
    for (const header of [[3, 1, 1], [0, 1, 2], [1, 0, 9], [1]])
      refuses(() => readStreamHeader(createByteReader(Uint8Array.from(header), 'header')));
  });
});

/** A frame that states its content's length. */
function sized(raw: Uint8Array): Buffer {
  const options = { pledgedSrcSize: raw.length };
  return zstdCompressSync(raw, options);
}
