import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createBitDecoder, createBitEncoder } from './bit-coder.ts';
import { createDifferenceModel } from './difference-model.ts';

const damaged = (error: unknown) => isSatchelError(error, 'delta-damaged');

function encoded(base: Uint8Array, changes: Uint8Array): Uint8Array {
  const encoder = createBitEncoder();
  createDifferenceModel(base, changes.length, encoder).code(changes.slice(), 0);
  return encoder.finish();
}

function decoded(base: Uint8Array, code: Uint8Array, length: number): Uint8Array {
  const decoder = createBitDecoder(code);
  const changes = new Uint8Array(length);
  createDifferenceModel(base, length, decoder).code(changes, 0);
  decoder.finish();
  return changes;
}

/** Changes as they are in programs: few, and often alike. */
const changed = fc
  .array(fc.tuple(fc.nat(90), fc.oneof(fc.constantFrom(16, 240, 1), fc.nat(255))), { maxLength: 100 })
  .map((gaps) => Uint8Array.from(gaps.flatMap(([gap, value]) => [...Array<number>(gap).fill(0), value])));

test('what was encoded is decoded', () => {
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 400 })), fc.integer(), (changes, seed) => {
      const base = changes.map((_, at) => Math.imul(at + seed, 0x9e37_79b1) >>> 24);
      assert.deepEqual(decoded(base, encoded(base, changes), changes.length), changes);
    }),
    { numRuns: 300 },
  );
});

test('bits of any chance, likely and unlikely ones, come back', () => {
  const bit = fc.tuple(fc.nat(1), fc.oneof(fc.integer({ min: 1, max: 65_535 }), fc.constantFrom(1, 65_535)));
  fc.assert(
    fc.property(fc.array(bit, { maxLength: 3000 }), (bits) => {
      const encoder = createBitEncoder();
      for (const [value, chance] of bits) encoder.code(value, chance);
      const decoder = createBitDecoder(encoder.finish());
      for (const [value, chance] of bits) assert.equal(decoder.code(0, chance), value);
      decoder.finish();
    }),
  );
});

test('any code gives differences or is damage', () => {
  const base = new Uint8Array(300);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (code) => {
      try {
        assert.equal(decoded(base, code, base.length).length, base.length);
      } catch (error) {
        assert.ok(damaged(error), String(error));
      }
    }),
    { numRuns: 500 },
  );
});

test('no changes cost nearly nothing', () => {
  assert.ok(encoded(new Uint8Array(1_000_000), new Uint8Array(1_000_000)).length < 16);
});

test('changes that the base foretells cost far less than they would alone', () => {
  const base = new Uint8Array(100_000);
  const changes = new Uint8Array(100_000);
  let state = 1;
  // Instructions of five bytes; one of the sixteen holds an address, and every address grew.
  for (let at = 0; at < base.length; at += 5) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    const instruction = state >>> 28;
    for (let offset = 0; offset < 5; offset += 1) base[at + offset] = 16 * instruction + offset;
    if (instruction === 14) changes[at + 1] = 16;
  }
  const foretold = encoded(base, changes).length;
  const unforetold = encoded(new Uint8Array(100_000), changes).length;
  assert.ok(2 * foretold < unforetold, `${foretold} and ${unforetold} bytes`);
});

test('the code is this for ever, because devices decode what was encoded elsewhere', () => {
  const base = Uint8Array.from({ length: 20_000 }, (_, at) => Math.imul(at, at) >>> 3);
  const changes = base.map((byte, at) => (byte % 11 === 3 ? at >> 9 : 0));
  const code = encoded(base, changes);
  assert.equal(
    createHash('sha256').update(code).digest('hex'),
    '59f0e2337a86c183007b5261474646de3f8b70a5cb153e78f574115f19468c8f',
  );
});
