import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createBzip2Watch } from './bzip2-streams.ts';
import { run } from './gnu-tar.testkit.ts';

/** Incompressible bytes that are the same in every run. */
function noise(length: number): Buffer {
  const parts: Buffer[] = [];
  for (let index = 0; index * 32 < length; index += 1)
    parts.push(createHash('sha256').update(`${index}`).digest());
  return Buffer.concat(parts).subarray(0, length);
}

const compress = (bytes: Uint8Array, level = '-9') => run('bzip2', ['-c', level], bytes);

function watch(bytes: Buffer, pieceLength = bytes.length): number | undefined {
  const watching = createBzip2Watch();
  for (let start = 0; start < bytes.length; start += pieceLength) {
    watching.feed(bytes.subarray(start, start + pieceLength));
  }
  return watching.finish();
}

const manyBlocks = compress(noise(450_000), '-1');
const short = compress(Buffer.from('short'));
const nothing = compress(new Uint8Array(0));

test('whole streams, one or several, hold nothing foreign', () => {
  for (const streams of [
    [manyBlocks],
    [short],
    [nothing],
    [manyBlocks, short, nothing, nothing, manyBlocks],
  ]) {
    assert.equal(watch(Buffer.concat(streams)), undefined);
  }
});

test('what follows the last stream is found, also after many blocks', () => {
  for (const tail of ['x', '\0', 'BZh9', 'BZh9 and more than a header']) {
    for (const streams of [[manyBlocks], [short, nothing], [nothing, manyBlocks]]) {
      const joined = Buffer.concat(streams);
      assert.equal(watch(Buffer.concat([joined, Buffer.from(tail)])), joined.length, tail);
    }
  }
});

test('a damaged header of a later stream is found, though its own end follows', () => {
  const damaged = Buffer.from(manyBlocks);
  damaged[1] = 0x5b;
  assert.equal(watch(Buffer.concat([short, damaged, short])), short.length);
});

test('an end of stream that occurs in content by chance is not believed', () => {
  const inside = Buffer.concat([
    manyBlocks.subarray(0, 1000),
    Buffer.from('17724538509012345678', 'hex'),
    manyBlocks,
  ]);
  assert.equal(watch(inside), undefined);
});

test('the pieces that bytes come in do not matter', () => {
  const clean = Buffer.concat([short, nothing, short]);
  const foreign = Buffer.concat([short, nothing, Buffer.from('BZ')]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 60 }), (length) => {
      assert.equal(watch(clean, length), undefined);
      assert.equal(watch(foreign, length), foreign.length - 2);
    }),
  );
});
