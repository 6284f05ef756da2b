import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';

const number = fc.oneof(fc.maxSafeNat(), fc.nat(300), fc.nat(70_000));
const damaged = (error: unknown) => isSatchelError(error, 'delta-damaged');
const reading = (...bytes: number[]) => createByteReader(Uint8Array.from(bytes), 'the test');

test('what a writer wrote, a reader reads', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(number, fc.uint8Array({ maxLength: 700 }))), (items) => {
      const writer = createByteWriter();
      for (const item of items) typeof item === 'number' ? writer.varint(item) : writer.bytes(item);
      const written = writer.finish();
      assert.equal(written.length, writer.length);
      const reader = createByteReader(written, 'the test');
      for (const item of items)
        assert.deepEqual(typeof item === 'number' ? reader.varint() : reader.take(item.length), item);
      assert.equal(reader.remaining, 0);
      assert.equal(reader.position, written.length);
    }),
  );
});

test('numbers are unsigned LEB128', () => {
  const writer = createByteWriter();
  for (const value of [0, 127, 128, 300, Number.MAX_SAFE_INTEGER]) writer.varint(value);
  const expected = '007f8001ac02ffffffffffffff0f';
  assert.equal(Buffer.from(writer.finish()).toString('hex'), expected);
});

test('a number that is no whole number up to 2^53 − 1 is not written', () => {
  for (const value of [-1, 0.5, 2 ** 53, Number.NaN])
    assert.throws(() => createByteWriter().varint(value), RangeError);
});

test('a padded number, one above 2^53 − 1 and one without end are damage', () => {
  assert.throws(() => reading(0x80, 0).varint(), damaged);
  assert.throws(() => reading(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x10).varint(), damaged);
  assert.throws(() => reading(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x8f, 1).varint(), damaged);
  assert.throws(() => reading(0x80).varint(), damaged);
  assert.throws(() => reading().varint(), damaged);
});

test('nothing is read past the end, nor a number of bytes that is none', () => {
  for (const count of [3, -1, 0.5 + 2, Number.NaN, Number.MAX_SAFE_INTEGER])
    assert.throws(() => reading(1, 2).take(count), damaged);
});

test('any bytes give numbers that would be written the same, or are damage', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const reader = createByteReader(bytes, 'the test');
      try {
        const value = reader.varint();
        const writer = createByteWriter();
        writer.varint(value);
        assert.deepEqual(writer.finish(), bytes.slice(0, reader.position));
      } catch (error) {
        assert.ok(damaged(error), String(error));
      }
    }),
    { numRuns: 2000 },
  );
});
