import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { endOfRuns, ordinalsOf, readRuns, runsOf, unzigzag, writeRuns, zigzag } from './ordinal-runs.ts';

test('ordinals come out of their runs in their order', () => {
  const ordinals = fc.array(fc.nat(40), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(ordinals, fc.integer({ min: -50, max: 50 }), (list, expected) => {
      const writer = createByteWriter();
      writeRuns(writer, runsOf(list), expected);
      const reader = createByteReader(writer.finish(), 'runs');
      const runs = readRuns(reader, expected, 41);
      assert.deepEqual([...ordinalsOf(runs)], list);
      assert.equal(endOfRuns(runs), list.at(-1)! + 1);
      assert.equal(reader.remaining, 0);
    }),
  );
});

test('runs outside the build are refused', () => {
  for (const bytes of [
    [0, 80, 0],
    [0, 0, 40],
    [0, 1, 0],
    [100, 0, 0],
    [0, 0],
  ])
    assert.throws(
      () => readRuns(createByteReader(Uint8Array.from(bytes), 'runs'), 0, 40),
      (error) => isSatchelError(error, 'delta-damaged'),
    );
});

test('signed numbers survive', () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const half = Math.trunc(value / 4);
      assert.equal(unzigzag(zigzag(half)), half);
    }),
  );
});
