import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { createChunker, maximumChunk, minimumChunk } from './chunker.ts';

/** Bytes that look random and are the same on every machine and in every run. */
function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let position = 0; position < length; position += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[position] = state >>> 24;
  }
  return bytes;
}

function chunksOf(bytes: Uint8Array, pieces: readonly number[] = [bytes.length]): Uint8Array[] {
  const chunker = createChunker();
  const chunks: Uint8Array[] = [];
  let position = 0;
  for (const piece of [...pieces, bytes.length]) {
    chunks.push(...chunker.push(bytes.subarray(position, position + piece)));
    position = Math.min(bytes.length, position + piece);
  }
  const last = chunker.finish();
  if (last !== undefined) chunks.push(last);
  return chunks;
}

const lengths = (chunks: readonly Uint8Array[]) => chunks.map((chunk) => chunk.length);
const sample = noise(4 * 1024 * 1024);

test('the cuts are these for ever, because devices hold objects that were cut so', () => {
  const cuts = lengths(chunksOf(sample));
  assert.deepEqual(
    cuts,
    [
      279089, 72449, 250868, 68678, 344301, 141175, 781194, 261808, 104733, 70944, 146779, 97853, 89172,
      373721, 117947, 285625, 485998, 128796, 93174,
    ],
  );
});

test('cuts do not depend on how the bytes arrive', () => {
  const expected = lengths(chunksOf(sample));
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 40 }), (pieces) => {
      assert.deepEqual(lengths(chunksOf(sample, pieces)), expected);
    }),
    { numRuns: 20 },
  );
  assert.deepEqual(
    lengths(chunksOf(sample.subarray(0, 300_000), Array(300_000).fill(1))),
    lengths(chunksOf(sample.subarray(0, 300_000))),
  );
});

test('a cut is where the specification says, computed the slow way', () => {
  const gear = (value: number) => BigInt(`0x${hash('sha256', `satchel gear ${value}`).slice(0, 8)}`);
  const isCut = (bytes: Uint8Array) =>
    bytes.subarray(-32).reduce((sum, byte, place) => sum + gear(byte) * 2n ** BigInt(31 - place), 0n) %
      2n ** 32n <
    21_845n;
  for (const chunk of chunksOf(sample).slice(0, -1)) {
    assert.ok(chunk.length === maximumChunk || isCut(chunk));
    const step = 997;
    for (let length = minimumChunk; length < chunk.length; length += step)
      assert.ok(!isCut(chunk.subarray(0, length)));
  }
});

test('chunks put together are the stream, none is empty or too long, only the last is short', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 3_000_000 }), fc.integer(), (length, seed) => {
      const bytes = noise(length, seed);
      const chunks = chunksOf(bytes);
      assert.ok(Buffer.concat(chunks).equals(bytes));
      assert.ok(lengths(chunks).every((size) => size > 0 && size <= maximumChunk));
      assert.ok(lengths(chunks.slice(0, -1)).every((size) => size >= minimumChunk));
    }),
    { numRuns: 20 },
  );
});

test('an insertion changes only the chunks near it', () => {
  const changed = Buffer.concat([
    sample.subarray(0, 1_500_000),
    Buffer.from('inserted'),
    sample.subarray(1_500_000),
  ]);
  const before = new Set(chunksOf(sample).map((chunk) => hash('sha256', chunk)));
  const after = chunksOf(changed).map((chunk) => hash('sha256', chunk));
  assert.ok(after.filter((name) => !before.has(name)).length <= 3);
});

test('bytes that are all the same are cut at the longest', () => {
  assert.deepEqual(lengths(chunksOf(Buffer.alloc(2_500_000))), [
    maximumChunk,
    maximumChunk,
    2_500_000 - 2 * maximumChunk,
  ]);
});

test('chunks are copies, so the caller may reuse its buffer', () => {
  const chunker = createChunker();
  const buffer = Buffer.from(sample.subarray(0, 2 * maximumChunk));
  const [first] = chunker.push(buffer);
  buffer.fill(0);
  assert.ok(Buffer.from(first!).equals(sample.subarray(0, first!.length)));
});

test('a chunker can be used for the next stream after it has finished one', () => {
  const chunker = createChunker();
  chunker.push(sample.subarray(0, 100_000));
  chunker.finish();
  const chunks = chunker.push(sample);
  assert.deepEqual(lengths(chunks), lengths(chunksOf(sample)).slice(0, chunks.length));
});
