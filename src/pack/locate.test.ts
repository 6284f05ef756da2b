import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Sha256 } from '../base/identifiers.ts';
import { coalesceFrames, framesHolding } from './locate.ts';
import { type ObjectMap, parseMap, serialiseMap } from './map-format.ts';

const index = 'cd'.repeat(32) as Sha256;
const packName = (number: number) => number.toString(16).padStart(64, '0') as Sha256;

/** A map with one object a frame: frame and ordinal have the same number. */
function mapOf(packs: readonly (readonly [offset: number, length: number][])[]): ObjectMap {
  const flat = packs.flatMap((frames, pack) => frames.map(([offset, length]) => ({ pack, offset, length })));
  const sizes = flat.map(({ length }) => length);
  const content = {
    index,
    objectCount: flat.length,
    packs: packs.map((_, number) => ({ sha256: packName(number), length: 1_000_000 })),
    frames: flat.map((frame, ordinal) => ({
      ...frame,
      rawLength: frame.length,
      objects: [{ ordinal, rawOffset: 0 }],
    })),
  };
  return parseMap(serialiseMap(content), sizes);
}

const map = mapOf([
  [
    [0, 100],
    [100, 100],
    [1000, 100],
    [1200, 100],
  ],
  [
    [0, 50],
    [50, 50],
  ],
]);

describe('reading frames in few requests', () => {
  test('each frame that holds a wanted object is found once', () => {
    assert.deepEqual(framesHolding(map, [5, 0, 5, 2]), [0, 2, 5]);
  });

  test('frames that touch or lie near each other are one range, packs are not mixed', () => {
    assert.deepEqual(coalesceFrames(map, [0, 1, 2, 3, 4, 5], { maximumGap: 100 }), [
      { pack: 0, offset: 0, length: 200, frames: [0, 1] },
      { pack: 0, offset: 1000, length: 300, frames: [2, 3] },
      { pack: 1, offset: 0, length: 100, frames: [4, 5] },
    ]);
    assert.equal(coalesceFrames(map, [0, 3], { maximumGap: 1100 }).length, 1);
    assert.equal(coalesceFrames(map, [0, 3], { maximumGap: 1099 }).length, 2);
    assert.equal(coalesceFrames(map, [0, 3]).length, 1);
  });

  test('a range grows no longer than allowed, save for a single frame', () => {
    assert.deepEqual(
      coalesceFrames(map, [0, 1, 4], { maximumRange: 99 }).map(({ frames }) => frames),
      [[0], [1], [4]],
    );
    assert.deepEqual(
      coalesceFrames(map, [0, 1, 4], { maximumRange: 200 }).map(({ frames }) => frames),
      [[0, 1], [4]],
    );
  });

  test('whatever is asked for comes exactly once, whatever the order', () => {
    const layout = fc.array(
      fc.array(fc.tuple(fc.nat(200), fc.integer({ min: 1, max: 200 })), { minLength: 1, maxLength: 12 }),
      { minLength: 1, maxLength: 3 },
    );
    fc.assert(
      fc.property(
        layout,
        fc.array(fc.nat(40)),
        fc.nat(300),
        fc.integer({ min: 1, max: 800 }),
        (packs, picks, maximumGap, maximumRange) => {
          const placed = packs.map((frames) => {
            let end = 0;
            return frames.map(([gap, length]): [number, number] => {
              const offset = end + gap;
              end = offset + length;
              return [offset, length];
            });
          });
          const any = mapOf(placed);
          const wanted = [...new Set(picks.map((pick) => pick % any.frames.length))];
          const ranges = coalesceFrames(any, wanted, { maximumGap, maximumRange });
          assert.deepEqual(
            coalesceFrames(any, [...wanted, ...wanted].reverse(), { maximumGap, maximumRange }),
            ranges,
          );
          assert.deepEqual(
            ranges.flatMap(({ frames }) => frames),
            wanted.sort((a, b) => a - b),
          );
          for (const { pack, offset, length, frames } of ranges) {
            assert.ok(length <= maximumRange || frames.length === 1);
            for (const number of frames) {
              const frame = any.frame(number);
              assert.equal(frame.pack, pack);
              assert.ok(frame.offset >= offset && frame.offset + frame.length <= offset + length);
            }
          }
        },
      ),
    );
  });
});
