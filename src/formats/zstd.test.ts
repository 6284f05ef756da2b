import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import fc from 'fast-check';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { compressZstd, decompressBounded, decompressExact } from './zstd.ts';
import { readZstdFrame } from './zstd-frame.ts';

const text = Buffer.from('the quick brown fox jumps over the lazy dog. '.repeat(4000));

function code(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    return error.code;
  }
}

/** A frame of zeros as a stream makes it: with a window of 2 to the 27, and its length only if it is given. */
function streamedFrame({ length }: { length?: number }): Buffer {
  const program = `
    const zlib = require('node:zlib');
    const params = { [zlib.constants.ZSTD_c_windowLog]: 27 };
    const stream = zlib.createZstdCompress({ params, ...${JSON.stringify(length ? { pledgedSrcSize: length } : {})} });
    stream.pipe(process.stdout);
    for (let i = 0; i < 50; i += 1) stream.write(Buffer.alloc(1_000_000));
    stream.end();`;
  const made = execFileSync(process.execPath, ['-e', program]);
  // Node's stream may end with an empty frame of its own.
  return made.subarray(0, readZstdFrame(made)?.length);
}

/** The same frame with a window descriptor instead of the promise to be one segment (RFC 8878, 3.1.1.1). */
function withWindow(frame: Buffer, windowLog: number): Buffer {
  const header = Buffer.from([...frame.subarray(0, 4), (frame[4] as number) & ~0x20, (windowLog - 10) << 3]);
  return Buffer.concat([header, frame.subarray(5)]);
}

describe('compressing', () => {
  test('what was compressed comes back, whatever it is', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5000 }), fc.boolean(), async (bytes, checksum) => {
        const compressed = await compressZstd(bytes, { checksum });
        assert.deepEqual(decompressExact(compressed, bytes.length), Buffer.from(bytes));
        assert.deepEqual(decompressBounded(compressed, 5000), Buffer.from(bytes));
      }),
      { numRuns: 100 },
    );
  });

  test('several blocks, incompressible bytes and runs of zeros come back', async () => {
    for (const bytes of [text, randomBytes(700_000), Buffer.alloc(3_000_000)]) {
      const compressed = await compressZstd(bytes);
      assert.ok(compressed.length < bytes.length + 200);
      assert.deepEqual(decompressExact(compressed, bytes.length), bytes);
    }
  });

  test('the same bytes always give the same frame', async () => {
    assert.deepEqual(await compressZstd(text), await compressZstd(text));
  });

  test('a frame states the length of its content', async () => {
    assert.equal(readZstdFrame(await compressZstd(text))?.contentLength, text.length);
  });
});

describe('the outside of a frame', () => {
  test('its end is found whatever the content', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 3000 }), fc.uint8Array({ maxLength: 20 }), (bytes, tail) => {
        const frame = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
        assert.equal(readZstdFrame(Buffer.concat([frame, tail]))?.length, frame.length);
      }),
      { numRuns: 100 },
    );
  });

  test('every truncation is noticed', () => {
    const frame = zstdCompressSync(randomBytes(300));
    for (let end = 0; end < frame.length; end += 1)
      assert.equal(readZstdFrame(frame.subarray(0, end)), undefined);
  });

  test('a frame that does not state the length of its content is none of ours', () => {
    assert.equal(readZstdFrame(streamedFrame({})), undefined);
  });
});

describe('refusing', () => {
  test('bytes after the frame', async () => {
    const frame = await compressZstd(text);
    for (const tail of [Buffer.from([0]), Buffer.from('garbage'), frame, Buffer.alloc(100_000)]) {
      assert.equal(
        code(() => decompressExact(Buffer.concat([frame, tail]), text.length)),
        'zstd-damaged',
      );
      assert.equal(
        code(() => decompressBounded(Buffer.concat([frame, tail]), 1e6)),
        'zstd-damaged',
      );
    }
  });

  test('skippable frames', async () => {
    const skippable = Buffer.from('502a4d1804000000abcdabcd', 'hex');
    const frame = await compressZstd(text);
    assert.equal(
      code(() => decompressBounded(skippable, 100)),
      'zstd-damaged',
    );
    assert.equal(
      code(() => decompressBounded(Buffer.concat([skippable, frame]), 1e6)),
      'zstd-damaged',
    );
  });

  test('a truncated frame, wherever it is cut', async () => {
    const frame = await compressZstd(randomBytes(100));
    for (let end = 0; end < frame.length; end += 1)
      assert.equal(
        code(() => decompressBounded(frame.subarray(0, end), 1000)),
        'zstd-damaged',
      );
  });

  test('another length than expected', async () => {
    const frame = await compressZstd(text);
    assert.equal(
      code(() => decompressExact(frame, text.length - 1)),
      'zstd-damaged',
    );
    assert.equal(
      code(() => decompressExact(frame, text.length + 1)),
      'zstd-damaged',
    );
  });

  test('more content than the limit, and exactly the limit is fine', async () => {
    const frame = await compressZstd(text);
    assert.equal(
      code(() => decompressBounded(frame, text.length - 1)),
      'zstd-too-large',
    );
    assert.equal(decompressBounded(frame, text.length).length, text.length);
  });

  test('a bomb, without making room for it', () => {
    const bomb = zstdCompressSync(Buffer.alloc(200_000_000));
    const before = process.memoryUsage().arrayBuffers;
    assert.equal(
      code(() => decompressBounded(bomb, 1_000_000)),
      'zstd-too-large',
    );
    assert.ok(process.memoryUsage().arrayBuffers - before < 10_000_000);
  });

  test('a bomb whose header lies about its length', () => {
    const bomb = streamedFrame({ length: 50_000_000 });
    const honest = readZstdFrame(bomb);
    assert.equal(honest?.contentLength, 50_000_000);
    bomb.writeUInt32LE(1000, 5);
    assert.equal(readZstdFrame(bomb)?.contentLength, 1000);
    assert.equal(
      code(() => decompressBounded(bomb, 1_000_000)),
      'zstd-damaged',
    );
  });

  test('a window above the limit', () => {
    const frame = withWindow(streamedFrame({ length: 50_000_000 }), 27);
    assert.equal(readZstdFrame(frame)?.windowLength, 2 ** 27);
    assert.equal(
      code(() => decompressBounded(frame, 1e8, { windowLogLimit: 26 })),
      'zstd-too-large',
    );
    assert.equal(decompressBounded(frame, 1e8, { windowLogLimit: 27 }).length, 50_000_000);
  });

  test('a flipped bit under a checksum', async () => {
    const frame = await compressZstd(text, { checksum: true });
    for (let position = 0; position < frame.length; position += 1) {
      const damaged = Buffer.from(frame);
      damaged[position] = (damaged[position] as number) ^ 0x10;
      const outcome = code(() => decompressExact(damaged, text.length));
      // A bit of the header may change the window alone, which changes nothing that is produced.
      if (outcome === undefined) assert.deepEqual(decompressExact(damaged, text.length), text);
    }
  });

  test('whatever is damaged is refused with a sentence or gives the expected length', async () => {
    const frame = await compressZstd(text);
    fc.assert(
      fc.property(fc.nat(frame.length - 1), fc.nat(255), fc.nat(frame.length), (position, value, end) => {
        const damaged = Buffer.from(frame).subarray(0, Math.max(end, position + 1));
        damaged[position] = value;
        try {
          assert.equal(decompressExact(damaged, text.length).length, text.length);
        } catch (error) {
          assert.ok(isSatchelError(error, 'zstd-damaged', 'zstd-too-large'), String(error));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

test('the zstd program reads what we write', {
  skip: hasZstd() ? false : 'zstd is not installed',
}, async () => {
  const compressed = await compressZstd(text, { checksum: true });
  assert.deepEqual(execFileSync('zstd', ['-dc'], { input: compressed }), text);
  assert.deepEqual(zstdDecompressSync(compressed), text);
});

function hasZstd(): boolean {
  try {
    execFileSync('zstd', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
