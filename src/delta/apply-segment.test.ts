import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createByteWriter } from './byte-writer.ts';
import type { SegmentEntry } from './delta-format.ts';
import type { Piece } from './piece.ts';
import {
  applied,
  type PieceSpec,
  partSample,
  pieceSpec,
  readsArchives,
  relocatedSample,
  sampleOf,
  segmentOf,
} from './segment.testkit.ts';
import { encodeSegment } from './segment-format.ts';

const spec: PieceSpec = {
  kind: 'patch',
  outputs: 1,
  bases: 1,
  unpacksBase: false,
  packsOutput: false,
  isReversed: false,
  seed: 7,
  length: 600,
};

/** One piece of each kind, each making one object. */
const plain: PieceSpec = { ...spec, kind: 'plain', seed: 1 };
const dictionary: PieceSpec = { ...spec, kind: 'dictionary', seed: 2 };
const sample = sampleOf([plain, spec, dictionary]);
const segment = segmentOf(sample);

const refusesBecause = (reason: RegExp, attempt: () => unknown) =>
  assert.throws(attempt, (error) => isSatchelError(error, 'delta-damaged') && reason.test(error.message));

describe('applying a segment', () => {
  test('makes every object again, whatever the pieces are', () => {
    fc.assert(
      fc.property(fc.array(pieceSpec, { minLength: 1, maxLength: 8 }), (specs) => {
        const some = sampleOf(specs);
        const { made, failed } = applied(some, segmentOf(some));
        assert.deepEqual(failed, []);
        assert.equal(made.size, some.newObjects.length);
        for (const [ordinal, content] of made) assert.ok(content.equals(some.newObjects[ordinal]!));
      }),
      { numRuns: 60 },
    );
  });

  for (const [what, some] of [
    ['parts of a gzip file', partSample()],
    ['a program that was laid out anew', relocatedSample()],
  ] as const)
    test(`makes ${what}`, () => {
      const { made, failed } = applied(some, segmentOf(some));
      assert.deepEqual(failed, []);
      assert.equal(made.size, some.newObjects.length);
      for (const [ordinal, content] of made) assert.ok(content.equals(some.newObjects[ordinal]!));
    });

  test('makes no part of a gzip file whose archive is missing', () => {
    const some = partSample();
    const { archive } = readsArchives(some);
    const { made, failed } = applied(some, segmentOf(some), {
      archive: (number, position, into) => number === 0 && archive!(number, position, into),
    });
    assert.deepEqual([[...made.keys()], failed], [[0], [1]]);
  });

  test('refuses parts of gzip files when the head names no archives', () => {
    const some = partSample();
    refusesBecause(/archive that the delta does not have/, () =>
      applied(some, segmentOf(some), { archiveSizes: [] }),
    );
    refusesBecause(/outside of its archive/, () =>
      applied(some, segmentOf(some), { archiveSizes: [1000, 1000] }),
    );
  });

  test('makes all but what needs a missing base', () => {
    fc.assert(
      fc.property(fc.array(pieceSpec, { minLength: 1, maxLength: 8 }), fc.nat(23), (specs, missing) => {
        const some = sampleOf(specs);
        const base = (ordinal: number) => (ordinal === missing ? undefined : some.oldObjects[ordinal]);
        const { made, failed } = applied(some, segmentOf(some), { base });
        const needing = some.pieces.filter(
          (piece) => piece.kind !== 'plain' && piece.bases.includes(missing),
        );
        const lost = needing.flatMap(({ outputs }) => outputs);
        assert.deepEqual([...failed].sort(), [...lost].sort());
        assert.equal(made.size, some.newObjects.length - lost.length);
      }),
      { numRuns: 40 },
    );
  });

  test('makes only what is wanted, and reads bases only for that', () => {
    fc.assert(
      fc.property(fc.array(pieceSpec, { minLength: 1, maxLength: 8 }), fc.nat(23), (specs, wanted) => {
        const some = sampleOf(specs);
        const read = new Set<number>();
        const base = (ordinal: number) => {
          read.add(ordinal);
          return some.oldObjects[ordinal];
        };
        const { made, failed } = applied(some, segmentOf(some), { base, wanted: (one) => one === wanted });
        const piece = some.pieces.find(({ outputs }) => outputs.includes(wanted));
        assert.deepEqual([...made.keys()], piece === undefined ? [] : [wanted]);
        assert.deepEqual(failed, []);
        assert.deepEqual([...read], piece === undefined || piece.kind === 'plain' ? [] : piece.bases);
      }),
      { numRuns: 40 },
    );
  });

  test('reports an object that comes out with another hash', () => {
    const hashes = Buffer.from(sample.targets.hashes);
    hashes[40] = hashes[40]! ^ 1;
    const { made, failed } = applied(sample, segment, { targets: { ...sample.targets, hashes } });
    assert.deepEqual([[...made.keys()], failed], [[0, 2], [1]]);
  });

  test('equal pieces give equal bytes', () => {
    assert.deepEqual(segmentOf(sampleOf([plain, spec, dictionary])), segment);
  });
});

describe('a segment that is not what the head says', () => {
  const withEntry = (changes: Partial<SegmentEntry>) => () =>
    applied(sample, { bytes: segment.bytes, entry: { ...segment.entry, ...changes } });

  test('is refused for another output, base or number of objects', () => {
    for (const name of ['output', 'base', 'objects'] as const)
      refusesBecause(/head/, withEntry({ [name]: segment.entry[name] + 1 }));
  });

  test('is refused when it needs one byte more than stated, before a base is read', () => {
    const entry = { ...segment.entry, memory: segment.entry.memory - 1 };
    const base = () => assert.fail('a base was read');
    refusesBecause(/memory/, () => applied(sample, { bytes: segment.bytes, entry }, { base }));
  });

  test('is refused before anything is allocated when a stream would be huge', () => {
    for (const codec of [1, 2]) {
      const bomb = Buffer.from([
        codec,
        ...varint(200e6),
        4,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0x21,
        1,
        2,
        3,
      ]);
      const before = process.memoryUsage().arrayBuffers;
      refusesBecause(/./, () => applied(sample, { bytes: bomb, entry: { ...segment.entry, memory: 1e6 } }));
      assert.ok(process.memoryUsage().arrayBuffers - before < 1e6);
    }
  });

  test('is refused when it ends early, or has bytes behind', () => {
    for (let length = 0; length < segment.bytes.length; length += 7)
      refusesBecause(/./, () =>
        applied(sample, { bytes: segment.bytes.subarray(0, length), entry: segment.entry }),
      );
    const longer = Buffer.concat([segment.bytes, Buffer.of(0)]);
    refusesBecause(/frame|memory/, () => applied(sample, { bytes: longer, entry: segment.entry }));
  });
});

describe('pieces that are not sound', () => {
  /** The same pieces with one changed, sealed anew. */
  const sealed = (changed: readonly Piece[]) => encodeSegment(changed, sample.sizes);
  const [first, second, third] = sample.pieces as [Piece, Piece, Piece];

  test('an object made twice is refused', () => {
    assert.throws(() => sealed([first, first]), /twice/);
  });

  test('a base that the build does not have is refused', () => {
    const sizes = { ...sample.sizes, bases: [...Array.from(sample.sizes.bases), 5] };
    const wrong = encodeSegment([{ ...second, bases: [2] } as Piece], sizes);
    refusesBecause(/does not have/, () => applied(sample, wrong));
  });

  test('a base that does not unpack is refused', () => {
    const wrong = sealed([{ ...second, unpackedBase: 100 } as Piece]);
    refusesBecause(/unpack/, () => applied(sample, wrong));
  });

  test('a dictionary that zstd would take for a trained one is refused', () => {
    const old = Buffer.from([0x37, 0xa4, 0x30, 0xec, ...sample.oldObjects[1]!.subarray(4)]);
    refusesBecause(/dictionary/, () => applied(sample, sealed([third]), { base: () => old }));
  });

  test('a patch for another base gives a failed object, never a wrong one', () => {
    const { made, failed } = applied(sample, sealed([second]), { base: () => sample.oldObjects[1] });
    assert.deepEqual([made.size, failed], [0, [1]]);
  });

  test('packing that gives another length is refused', () => {
    const gz = sampleOf([{ ...spec, packsOutput: true }]);
    const { packing, ...piece } = gz.pieces[0] as Extract<Piece, { kind: 'patch' }>;
    const recipe = { ...packing!.recipe, header: Buffer.from('1f8b08080000000000034100', 'hex') };
    const wrong = encodeSegment([{ ...piece, packing: { ...packing!, recipe } }], gz.sizes);
    refusesBecause(/length/, () => applied(gz, wrong));
  });

  test('the encoder refuses pieces beyond the limits, and pieces of another length than their objects', () => {
    const huge = { bases: [40e6], targets: [20e6] };
    assert.throws(() => encodeSegment([{ ...second, outputs: [0] } as Piece], huge), RangeError);
    const longer = { ...first, content: Buffer.alloc(9) } as Piece;
    assert.throws(() => sealed([longer]), RangeError);
    assert.throws(() => sealed([{ ...second, bases: [] } as Piece]), RangeError);
  });
});

test('mutated segments behind a right hash give right objects or a sentence', () => {
  const rich = sampleOf([
    plain,
    spec,
    dictionary,
    { ...spec, unpacksBase: true, packsOutput: true, outputs: 2, bases: 2, seed: 9 },
    { ...dictionary, unpacksBase: true, isReversed: true, outputs: 3, seed: 11 },
  ]);
  const sound = segmentOf(rich);
  const place = fc.nat(sound.bytes.length - 1);
  const mutation = fc.record({
    flips: fc.array(fc.tuple(place, fc.integer({ min: 1, max: 255 })), { maxLength: 3 }),
    cut: fc.option(place, { freq: 4 }),
    repeat: fc.option(place, { freq: 4 }),
  });
  fc.assert(
    fc.property(mutation, ({ flips, cut, repeat }) => {
      let bytes = Buffer.from(sound.bytes);
      for (const [at, change] of flips) bytes[at] = bytes[at]! ^ change;
      if (repeat !== null) bytes = Buffer.concat([bytes.subarray(0, repeat), bytes.subarray(repeat >> 1)]);
      if (cut !== null) bytes = bytes.subarray(0, cut);
      try {
        const { made } = applied(rich, { bytes, entry: sound.entry });
        for (const [ordinal, content] of made) assert.ok(content.equals(rich.newObjects[ordinal]!));
      } catch (error) {
        if (!isSatchelError(error, 'delta-damaged')) throw error;
      }
    }),
    { numRuns: 400 },
  );
});

/** What inflating and such take whatever they work on, in bytes; `memory` does not count it. */
const ownMemory = 256 * 1024;

test('no more memory is alive at any moment than the head states', () => {
  setFlagsFromString('--expose-gc');
  const collectOnce: () => void = runInNewContext('gc');
  const collect = () => {
    collectOnce();
    // What the first finds is only counted as free when the second begins.
    collectOnce();
  };
  const mebibyte = 1024 * 1024;
  const changes = [
    { kind: 'patch' },
    { kind: 'dictionary' },
    { kind: 'dictionary', unpacksBase: true },
    { kind: 'patch', unpacksBase: true, packsOutput: true },
  ] as const;
  const large = changes.map((change) =>
    sampleOf([
      { ...spec, ...change, bases: 3, length: mebibyte },
      { ...spec, ...change, outputs: 2, seed: 3, length: mebibyte },
    ]),
  );
  for (const [number, one] of [...large, partSample(mebibyte)].entries()) {
    const encoded = segmentOf(one);
    collect();
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const look = () => {
      collect();
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    };
    const { archive } = readsArchives(one);
    applied(one, encoded, {
      base(ordinal) {
        look();
        return one.oldObjects[ordinal];
      },
      archive(...asked) {
        look();
        return archive!(...asked);
      },
      produce: look,
    });
    const { memory } = encoded.entry;
    assert.ok(most <= memory + ownMemory, `sample ${number}: ${most} of ${memory}`);
  }
});

test('what was unpacked, read and made is given back at once, not when it is collected', () => {
  const mebibyte = 1024 * 1024;
  const pieces = Array.from({ length: 8 }, (_, seed) => ({
    ...spec,
    kind: 'patch' as const,
    seed,
    length: mebibyte,
  }));
  const many = sampleOf(pieces);
  const encoded = segmentOf(many);
  const before = process.memoryUsage().arrayBuffers;
  const taken: number[] = [];
  const look = () => void taken.push(process.memoryUsage().arrayBuffers - before);
  applied(many, encoded, { produce: look });
  look();
  assert.ok(Math.max(...taken) <= encoded.entry.memory + ownMemory, `${taken} of ${encoded.entry.memory}`);
  assert.ok(taken.at(-1)! <= ownMemory, `${taken.at(-1)} bytes are left`);
});

function varint(value: number): Uint8Array {
  const writer = createByteWriter();
  writer.varint(value);
  return writer.finish();
}
