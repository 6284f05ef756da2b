import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import {
  type Archive,
  type DeltaHead,
  deltaFormat,
  memoryToApply,
  parseHead,
  type SegmentEntry,
  scratchToApply,
  segmentLimits,
  segmentMemoryLimit,
  segmentOffsets,
  serialiseHead,
} from './delta-format.ts';

const hashes = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => Buffer.from(bytes).toString('hex') as Sha256);
const segments: fc.Arbitrary<SegmentEntry> = fc
  .record({
    length: fc.nat(1e6),
    sha256: hashes,
    output: fc.integer({ min: 1, max: segmentLimits.output }),
    base: fc.nat(segmentLimits.base),
    memory: fc.integer({ min: 1e6, max: segmentMemoryLimit }),
    objects: fc.nat(100),
  })
  .map((entry) => ({ ...entry, objects: 1 + (entry.objects % entry.output) }));
const archives: fc.Arbitrary<Archive> = fc
  .record({
    objects: fc.array(
      fc.tuple(fc.nat(1000), fc.nat(98)).map(([first, more]) => ({ first, count: 1 + more })),
      { minLength: 1, maxLength: 3 },
    ),
    length: fc.nat(2 ** 31),
  })
  .map(({ objects, length }) => ({ objects, length }));
const heads: fc.Arbitrary<DeltaHead> = fc
  .record({
    from: hashes,
    to: hashes,
    indexPatch: fc.uint8Array({ maxLength: 40 }),
    segments: fc.array(segments, { maxLength: 4 }),
    archives: fc.array(archives, { maxLength: 3 }),
  })
  .map(({ archives: some, ...rest }) => (some.length === 0 ? rest : { ...rest, archives: some }));

const one = 'a'.repeat(64) as Sha256;
const entry: SegmentEntry = { length: 10, sha256: one, output: 5, base: 7, memory: 99, objects: 2 };
const head: DeltaHead = { from: one, to: one, indexPatch: Buffer.of(1, 2, 3), segments: [entry] };

const refuses = (bytes: Uint8Array) =>
  assert.throws(
    () => parseHead(bytes),
    (error) => isSatchelError(error, 'delta-damaged'),
  );

describe('the head of a delta', () => {
  test('is read as it was written', () => {
    fc.assert(
      fc.property(heads, (some) => {
        const { indexPatch, ...rest } = parseHead(serialiseHead(some));
        assert.deepEqual({ ...rest, indexPatch: new Uint8Array(indexPatch) }, { ...some });
      }),
    );
  });

  test('is written to these bytes', () => {
    const directory = `{"satchel":"delta","format":1,"from":"${one}","to":"${one}","segments":[{"length":10,"sha256":"${one}","output":5,"base":7,"memory":99,"objects":2}]}`;
    const expected = Buffer.concat([
      Buffer.from('SATDELTA'),
      Buffer.of(1, 0, 0, 0, directory.length & 255, directory.length >> 8, 0, 0, 3, 0, 0, 0),
      Buffer.from(directory),
      Buffer.of(1, 2, 3),
    ]);
    assert.equal(serialiseHead(head).toString('latin1'), expected.toString('latin1'));
  });

  test('of a later format is refused by its number', () => {
    const bytes = serialiseHead(head);
    bytes[8] = deltaFormat + 1;
    assert.throws(
      () => parseHead(bytes),
      (error) => isSatchelError(error, 'delta-newer'),
    );
  });

  test('has format 2 only when there are archives, so that earlier programs read the others', () => {
    const archive: Archive = { objects: [{ first: 3, count: 2 }], length: 99 };
    const bytes = serialiseHead({ ...head, archives: [archive] });
    assert.equal(bytes[8], 2);
    assert.match(bytes.toString('latin1'), /"archives":\[\{"objects":\[\[3,2\]\],"length":99\}\],"segments"/);
    assert.equal(scratchToApply(parseHead(bytes)), 99);
    assert.equal(serialiseHead({ ...head, archives: [] })[8], 1);
    const asFirst = Buffer.from(bytes);
    asFirst[8] = 1;
    refuses(asFirst);
    const withNone = Buffer.from(serialiseHead(head));
    withNone[8] = 2;
    refuses(withNone);
  });

  test('is refused when an archive cannot be', () => {
    const sound: Archive = { objects: [{ first: 3, count: 2 }], length: 99 };
    for (const wrong of [
      { ...sound, length: 2 ** 32 },
      { ...sound, objects: [] },
      { ...sound, objects: [{ first: 3, count: 0 }] },
      { ...sound, objects: [{ first: 2 ** 32, count: 1 }] },
    ])
      refuses(serialiseHead({ ...head, archives: [sound, wrong] }));
    refuses(serialiseHead({ ...head, archives: Array.from({ length: 65 }, () => sound) }));
  });

  test('is refused when it is cut, has bytes behind, or begins differently', () => {
    const bytes = serialiseHead(head);
    for (let length = 0; length < bytes.length; length += 1) refuses(bytes.subarray(0, length));
    refuses(Buffer.concat([bytes, Buffer.of(0)]));
    refuses(Buffer.concat([Buffer.from('X'), bytes.subarray(1)]));
  });

  test('is refused when its directory could be written in another way', () => {
    const bytes = serialiseHead(head).toString('latin1');
    refuses(Buffer.from(bytes.replace('"base":7', '"base":07'), 'latin1'));
    refuses(Buffer.from(bytes.replace('"memory":99', '"memory":9 '), 'latin1'));
    refuses(Buffer.from(bytes.replace('"satchel":"delta"', '"satchel":"other"'), 'latin1'));
  });

  test('is refused when a segment would be beyond the limits', () => {
    for (const change of [
      { output: segmentLimits.output + 1 },
      { base: segmentLimits.base + 1 },
      { memory: segmentMemoryLimit + 1 },
      { length: 100 },
      { objects: 0 },
      { objects: 6 },
    ])
      refuses(serialiseHead({ ...head, segments: [{ ...entry, ...change }] }));
  });

  test('mutated, is read as what it says or refused by a sentence', () => {
    const bytes = serialiseHead({ ...head, segments: [entry, { ...entry, length: 3 }] });
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const mutated = Buffer.from(bytes);
        mutated[place] = mutated[place]! ^ change;
        try {
          assert.deepEqual(serialiseHead(parseHead(mutated)), mutated);
        } catch (error) {
          if (!isSatchelError(error, 'delta-damaged', 'delta-newer')) throw error;
        }
      }),
      { numRuns: 300 },
    );
  });
});

test('segments follow the head and each other', () => {
  assert.deepEqual(segmentOffsets(50, [entry, { ...entry, length: 3 }, entry]), [50, 60, 63]);
});

test('a delta takes the memory of its greediest segment', () => {
  assert.equal(memoryToApply({ segments: [entry, { ...entry, memory: 120 }, entry] }), 120);
  assert.equal(memoryToApply({ segments: [] }), 0);
});
