import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { type MapContent, type ObjectMap, parseMap, serialiseMap } from './map-format.ts';

const index = 'cd'.repeat(32) as Sha256;
const packName = (number: number) => number.toString(16).padStart(64, '0') as Sha256;

type Sample = { readonly content: MapContent; readonly sizes: number[] };

/** Maps with everything that a map may have: gaps between frames, foreign objects, several packs in any order. */
const samples: fc.Arbitrary<Sample> = fc
  .record({
    /** Per pack, per frame: gap before it, stored length, and per object: gap before it and size. */
    packs: fc.array(
      fc.record({
        rest: fc.nat(50),
        frames: fc.array(
          fc.record({
            gap: fc.nat(3),
            objects: fc.array(fc.record({ gap: fc.nat(2), size: fc.integer({ min: 1, max: 500 }) }), {
              minLength: 1,
              maxLength: 5,
            }),
          }),
          { minLength: 1, maxLength: 5 },
        ),
      }),
      { maxLength: 4 },
    ),
    seed: fc.integer(),
  })
  .map(({ packs, seed }) => makeSample(packs, seed));

function makeSample(
  packs: readonly {
    rest: number;
    frames: readonly { gap: number; objects: readonly { gap: number; size: number }[] }[];
  }[],
  seed: number,
): Sample {
  const count = packs.reduce(
    (sum, { frames }) => sum + frames.reduce((inner, { objects }) => inner + objects.length, 0),
    0,
  );
  const ordinals = shuffled(count, seed);
  const sizes = new Array<number>(count).fill(0);
  const frames: MapContent['frames'][number][] = [];
  const content = {
    index,
    objectCount: count,
    frames,
    packs: packs.map((pack, number) => {
      let offset = 0;
      for (const { gap, objects } of pack.frames) {
        offset += gap * 100;
        let rawOffset = 0;
        const placed = objects.map((object) => {
          const ordinal = ordinals.pop() as number;
          rawOffset += object.gap;
          const place = { ordinal, rawOffset };
          sizes[ordinal] = object.size;
          rawOffset += object.size;
          return place;
        });
        const length = 1 + (rawOffset % 97);
        frames.push({ pack: number, offset, length, rawLength: rawOffset, objects: placed });
        offset += length;
      }
      return { sha256: packName(number + 1), length: offset + pack.rest };
    }),
  };
  return { content, sizes };
}

function shuffled(count: number, seed: number): number[] {
  const numbers = Array.from({ length: count }, (_, number) => number);
  let state = seed >>> 0;
  for (let i = count - 1; i > 0; i -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const j = state % (i + 1);
    [numbers[i], numbers[j]] = [numbers[j] as number, numbers[i] as number];
  }
  return numbers;
}

function contentOf(map: ObjectMap): MapContent {
  const frames = map.frames.map((frame, number) => ({ ...frame, objects: map.objectsIn(number) }));
  return { index: map.index, objectCount: map.objectCount, packs: map.packs, frames };
}

const small: Sample = {
  content: {
    index,
    objectCount: 4,
    packs: [
      { sha256: packName(1), length: 100 },
      { sha256: packName(2), length: 50 },
    ],
    frames: [
      { pack: 1, offset: 0, length: 20, rawLength: 40, objects: [{ ordinal: 0, rawOffset: 0 }] },
      {
        pack: 0,
        offset: 30,
        length: 20,
        rawLength: 30,
        objects: [
          { ordinal: 3, rawOffset: 10 },
          { ordinal: 2, rawOffset: 0 },
        ],
      },
      { pack: 0, offset: 10, length: 20, rawLength: 20, objects: [{ ordinal: 1, rawOffset: 0 }] },
    ],
  },
  sizes: [40, 20, 10, 20],
};
const smallText = [
  `{"satchel":"map","format":1,"index":"${index}","objects":4}`,
  `["pack","${packName(2)}",50]`,
  `["pack","${packName(1)}",100]`,
  '["frame",0,0,20,40,[[0,0]]]',
  '["frame",1,10,20,20,[[1,0]]]',
  '["frame",1,30,20,30,[[2,0],[3,10]]]',
  '',
].join('\n');

function reasonFor(text: string, sizes: readonly number[] = small.sizes): string {
  try {
    parseMap(Buffer.from(text), sizes);
  } catch (error) {
    if (!isSatchelError(error, 'map-damaged')) throw error;
    return error.cause instanceof Error ? error.cause.message : '';
  }
  return 'accepted';
}

describe('a map', () => {
  test('is written in one way, whatever order its content is given in', () => {
    assert.equal(String(serialiseMap(small.content)), smallText);
    const backwards = { ...small.content, frames: small.content.frames.toReversed() };
    assert.equal(String(serialiseMap(backwards)), smallText);
  });

  test('tells where every object lies', () => {
    const map = parseMap(Buffer.from(smallText), small.sizes);
    assert.deepEqual(map.locate(3), { frame: 2, rawOffset: 10 });
    assert.deepEqual(map.frame(2), { pack: 1, offset: 30, length: 20, rawLength: 30 });
    assert.deepEqual(map.pack(1), { sha256: packName(1), length: 100 });
    assert.deepEqual(map.objectsIn(2), [
      { ordinal: 2, rawOffset: 0 },
      { ordinal: 3, rawOffset: 10 },
    ]);
    assert.deepEqual([...map.frameOf], [0, 1, 2, 2]);
  });

  test('comes back from its bytes', () => {
    fc.assert(
      fc.property(samples, ({ content, sizes }) => {
        const bytes = serialiseMap(content);
        const map = parseMap(bytes, sizes);
        assert.deepEqual(serialiseMap(contentOf(map)), bytes);
        for (const frame of content.frames)
          for (const { ordinal, rawOffset } of frame.objects) {
            const found = map.locate(ordinal);
            assert.equal(found.rawOffset, rawOffset);
            const { pack, ...place } = map.frame(found.frame);
            assert.deepEqual(place, {
              offset: frame.offset,
              length: frame.length,
              rawLength: frame.rawLength,
            });
            assert.equal(map.pack(pack).sha256, content.packs[frame.pack]?.sha256);
          }
      }),
    );
  });

  test('of a build without objects is its header alone', () => {
    const bytes = serialiseMap({ index, objectCount: 0, packs: [], frames: [] });
    assert.equal(parseMap(bytes, []).frames.length, 0);
  });

  test('of a newer format says that the program must be updated', () => {
    const text = smallText.replace('"format":1', '"format":2,"more":true');
    assert.throws(
      () => parseMap(Buffer.from(text), small.sizes),
      (error) => isSatchelError(error, 'map-newer'),
    );
  });

  test('is refused for everything that is wrong with it', () => {
    const replace = (from: string, to: string) => reasonFor(smallText.replace(from, to));
    const reasons: [string, string][] = [
      [reasonFor(''), 'the last line has no end'],
      [reasonFor(smallText.trimEnd()), 'the last line has no end'],
      [reasonFor('\n'), 'not JSON'],
      [reasonFor('null\n'), 'not a map'],
      [reasonFor(`{"satchel":"index","format":1}\n`), 'not a map'],
      [replace('"objects":4', '"objects":5'), 'not the header of a map of 4 objects'],
      [replace('{"satchel"', '{ "satchel"'), 'not the header of a map of 4 objects'],
      [replace(index, 'x'), 'no index'],
      [replace('["frame",0', '["frames",0'), 'unknown line'],
      [replace('["frame",0,0,20,40,[[0,0]]]\n', ''), 'frames out of order'],
      [replace('["frame",1,30,20,30,[[2,0],[3,10]]]\n', ''), 'objects are missing'],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",2,0,20,40,[[0,0]]]'), 'a frame of an unknown pack'],
      [
        replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,31,20,40,[[0,0]]]'),
        'a frame beyond the end of its pack',
      ],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,0,40,[[0,0]]]'), 'an empty frame'],
      [
        replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,20,39,[[0,0]]]'),
        'an object beyond the end of its frame',
      ],
      [
        replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,20,5000000,[[0,0]]]'),
        'a frame that is too long',
      ],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,20,40,[]]'), 'a frame without objects'],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,-1,20,40,[[0,0]]]'), 'not a frame'],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,2e1,40,[[0,0]]]'), 'not canonical'],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,20,40,[[0,0]],1]'), 'not canonical'],
      [replace('["frame",0,0,20,40,[[0,0]]]', '["frame",0,0,20,40,[[0,0,1]]]'), 'not canonical'],
      [replace('[[0,0]]', '[[4,0]]'), 'an object that the build does not have'],
      [replace('[[0,0]]', '[0]'), 'not an object'],
      [replace('[[0,0]]', '[["0",0]]'), 'not an object'],
      [replace('[[1,0]]', '[[0,0]]'), 'an object twice'],
      [replace('[[2,0],[3,10]]', '[[3,10],[2,0]]'), 'objects that overlap'],
      [replace('[[2,0],[3,10]]', '[[2,1],[3,10]]'), 'objects that overlap'],
      [replace('["frame",1,30', '["frame",1,29'), 'frames that overlap'],
      [replace(packName(2), packName(1)), 'a pack twice'],
      [replace(',50]', ',50.0]'), 'not canonical'],
      [replace(',50]', ',"50"]'), 'not a pack'],
      [replace('["frame"', `["pack","${packName(3)}",1]\n["frame"`), 'a pack without frames'],
      [reasonFor(`${smallText}["pack","${packName(3)}",1]\n`), 'a pack after a frame'],
    ];
    for (const [outcome, reason] of reasons) assert.equal(outcome, reason);
    assert.equal(reasonFor(smallText, [40, 20, 10]), 'not the header of a map of 3 objects');
    assert.equal(reasonFor(smallText, [40, 20, 11, 20]), 'objects that overlap');
    assert.equal(reasonFor(smallText, [40, 20, 10, 21]), 'an object beyond the end of its frame');
  });

  test('with its packs in another order is refused', () => {
    const lines = smallText.split('\n');
    const swapped = [
      lines[0],
      lines[2],
      lines[1],
      lines[4]?.replace('1,', '0,'),
      lines[5]?.replace('1,', '0,'),
      lines[3]?.replace('0,', '1,'),
      '',
    ];
    assert.equal(reasonFor(swapped.join('\n')), 'packs out of order');
  });

  test('that stores a frame longer than can be is refused', () => {
    const text = smallText.replace(',50]', ',50000]').replace('["frame",0,0,20,40', '["frame",0,0,20000,40');
    assert.equal(reasonFor(text), 'a frame stored longer than can be');
  });

  test('that was changed anywhere is refused or says the same', () => {
    const change = fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      value: fc.nat(255),
      kind: fc.constantFrom('set', 'insert', 'remove', 'cut', 'digit'),
    });
    fc.assert(
      fc.property(
        samples,
        fc.array(change, { minLength: 1, maxLength: 3 }),
        ({ content, sizes }, changes) => {
          let bytes = serialiseMap(content);
          for (const one of changes) bytes = mutate(bytes, one);
          let map: ObjectMap;
          try {
            map = parseMap(bytes, sizes);
          } catch (error) {
            assert.ok(isSatchelError(error, 'map-damaged', 'map-newer'), String(error));
            return;
          }
          assert.deepEqual(serialiseMap(contentOf(map)), bytes);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

function mutate(bytes: Buffer, { at, value, kind }: { at: number; value: number; kind: string }): Buffer {
  const position = Math.floor(at * bytes.length);
  const [before, after] = [bytes.subarray(0, position), bytes.subarray(position)];
  switch (kind) {
    case 'insert':
      return Buffer.concat([before, Buffer.from([value]), after]);
    case 'remove':
      return Buffer.concat([before, after.subarray(1)]);
    case 'cut':
      return Buffer.from(before);
    case 'digit':
      return Buffer.concat([before, Buffer.from(String(value % 10)), after.subarray(1)]);
    default:
      return Buffer.concat([before, Buffer.from([value]), after.subarray(1)]);
  }
}
