import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createSparseWriter, type SparseStreams } from './sparse-difference.ts';
import { createSparseReader } from './sparse-difference-reader.ts';

const damaged = (error: unknown) => isSatchelError(error, 'delta-damaged');

function written(...parts: readonly Uint8Array[]): SparseStreams {
  const writer = createSparseWriter();
  for (const part of parts) writer.add(part);
  return writer.finish();
}

/** Differences with short and long runs of zeroes and others; without carries when added to zeroes. */
const differences = fc
  .array(
    fc.tuple(
      fc.oneof(fc.nat(3), fc.nat(70), fc.nat(500)),
      fc.array(fc.integer({ min: 1, max: 127 }), { maxLength: 7 }),
    ),
    { maxLength: 30 },
  )
  .map((runs) => Uint8Array.from(runs.flatMap(([gap, run]) => [...Array<number>(gap).fill(0), ...run])));

describe('sparse differences', () => {
  test('come out as they went in, whatever the portions', () => {
    fc.assert(
      fc.property(
        fc.array(differences, { maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(90), fc.boolean())),
        (parts, portions) => {
          const whole = Buffer.concat(parts);
          const reader = createSparseReader(written(...parts));
          const expected = Buffer.from(whole);
          const target = new Uint8Array(whole.length);
          let at = 0;
          for (const [wanted, isSkipped] of [...portions, [whole.length, false] as const]) {
            const count = Math.min(wanted, whole.length - at);
            if (isSkipped) {
              reader.skip(count);
              expected.fill(0, at, at + count);
            } else reader.addTo(target, at, count);
            at += count;
          }
          assert.ok(expected.equals(target));
          assert.equal(reader.remaining, 0);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('are written as they are described', () => {
    const first = Uint8Array.of(0, 0, 7, 0, 1, 2);
    const second = Uint8Array.of(3, ...new Uint8Array(66), 9, 8, 7, 6, 5, 0);
    const streams = written(first, second);
    assert.deepEqual(
      Object.entries(streams).map(([name, bytes]) => [name, ...bytes]),
      [
        ['runs', 2, 64 + 1, 1, 192 + 63],
        ['distances', 3],
        ['lengths', 1],
        ['ones', 7, 3],
        ['twos', 1, 2],
        ['threes'],
        ['longer', 9, 8, 7, 6, 5],
      ],
    );
  });

  test('that are all zero take nothing', () => {
    for (const bytes of Object.values(written(new Uint8Array(5000)))) assert.equal(bytes.length, 0);
  });

  test('in streams that contradict each other are damage', () => {
    const sound = written(Uint8Array.of(0, 1, 0, 1, 2, 3, 4, 5), new Uint8Array(99), Uint8Array.of(1));
    const bad: Partial<SparseStreams>[] = [
      { ones: new Uint8Array() },
      { longer: sound.longer.subarray(1) },
      { lengths: new Uint8Array() },
      { distances: new Uint8Array() },
      // The second run begins within the first.
      { runs: Uint8Array.of(64, 0), twos: Uint8Array.of(1, 2) },
    ];
    for (const changes of bad) {
      const apply = () => createSparseReader({ ...sound, ...changes }).addTo(new Uint8Array(200), 0, 200);
      assert.throws(apply, damaged);
      assert.throws(() => createSparseReader({ ...sound, ...changes }).skip(200), damaged);
    }
  });

  test('never leave the bytes that they are added to', () => {
    const stream = fc.uint8Array({ maxLength: 20 });
    const streams = fc.record({
      runs: stream,
      distances: stream,
      lengths: stream,
      ones: stream,
      twos: stream,
      threes: stream,
      longer: stream,
    });
    fc.assert(
      fc.property(streams, fc.nat(300), (some, count) => {
        const target = new Uint8Array(400).fill(255);
        try {
          createSparseReader(some).addTo(target, 50, count);
        } catch (error) {
          assert.ok(damaged(error), String(error));
        }
        assert.ok(target.subarray(0, 50).every((byte) => byte === 255));
        assert.ok(target.subarray(50 + count).every((byte) => byte === 255));
      }),
      { numRuns: 2000 },
    );
  });
});
