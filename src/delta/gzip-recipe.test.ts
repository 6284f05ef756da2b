import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constants, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { gzip as pakoGzip } from 'pako';
import { isSatchelError } from '../base/errors.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { anyContent, contentKinds, makeContent, runGzip } from './gzip.testkit.ts';
import { gunzip, packGzip, readRecipe, unpackGzip, writeRecipe } from './gzip-recipe.ts';

const limit = 1 << 24;
const text = makeContent('words', 100_000, 7);
const level = fc.integer({ min: 1, max: 9 });

/** The recipe for `packed` after it was written and read; fails unless it makes `packed` again. */
function requireRebuilt(packed: Uint8Array, raw: Uint8Array) {
  const unpacked = unpackGzip(packed, limit);
  assert.ok(unpacked, 'no recipe');
  assert.deepEqual(Buffer.from(unpacked.raw), Buffer.from(raw));
  const writer = createByteWriter();
  writeRecipe(writer, unpacked.recipe);
  const reader = createByteReader(writer.finish(), 'the recipe');
  const recipe = readRecipe(reader);
  assert.equal(reader.remaining, 0);
  assert.ok(Buffer.from(packGzip(unpacked.raw, recipe)).equals(packed));
  return recipe;
}

describe('a .gz file is made again bit for bit', () => {
  for (let number = 1; number <= 9; number++) {
    test(`when gzip -${number} made it, from every kind of content`, () => {
      for (const kind of contentKinds) {
        const raw = makeContent(kind, 150_000, number);
        assert.equal(requireRebuilt(runGzip(raw, `-${number}n`), raw).encoder, 'gzip');
      }
    });
  }

  test('when gzip made it from any content at any level', () => {
    fc.assert(
      fc.property(anyContent(), level, (raw, number) => {
        requireRebuilt(runGzip(raw, `-${number}n`), raw);
      }),
      { numRuns: 60 },
    );
  });

  test('when some symbols are so rare that their codes must be shortened', () => {
    for (const seed of [1, 11, 17, 21]) {
      const raw = makeContent('runs', 170_000, seed);
      requireRebuilt(runGzip(raw, '-1n'), raw);
    }
  });

  test('with the name and time that gzip puts into it', () => {
    const recipe = requireRebuilt(runGzip(text, '-6N'), text);
    assert.ok(Buffer.from(recipe.header).includes('changelog\0'));
  });

  test('when it is empty', () => {
    requireRebuilt(runGzip(Buffer.alloc(0), '-9n'), Buffer.alloc(0));
  });

  test('when zlib made it', () => {
    fc.assert(
      fc.property(anyContent(), level, fc.constantFrom<8 | 9>(8, 9), (raw, number, memLevel) => {
        requireRebuilt(Buffer.from(pakoGzip(raw, { level: number, memLevel, legacyHash: true })), raw);
      }),
      { numRuns: 20 },
    );
  });

  test('or left alone, when Node.js made it', () => {
    fc.assert(
      fc.property(anyContent(), level, (raw, number) => {
        const packed = gzipSync(raw, { level: number });
        if (unpackGzip(packed, limit) !== undefined) requireRebuilt(packed, raw);
        assert.deepEqual(gunzip(packed, limit), raw);
      }),
      { numRuns: 20 },
    );
  });

  test('with an extra field, a comment and a checksum in its header', () => {
    const packed = runGzip(text, '-9n');
    const header = Buffer.from(packed.subarray(0, 10));
    header[3] = 2 + 4 + 16;
    const extra = Buffer.from([3, 0, 1, 2, 3, ...Buffer.from('a comment\0'), 9, 9]);
    requireRebuilt(Buffer.concat([header, extra, packed.subarray(10)]), text);
  });
});

describe('there is no recipe', () => {
  const packed = runGzip(text, '-9n');
  const cases: [string, Uint8Array][] = [
    ['something else than gzip', text],
    ['nothing', Buffer.alloc(0)],
    ['a file of two members', Buffer.concat([packed, packed])],
    ['a file with garbage behind it', Buffer.concat([packed, Buffer.from('garbage')])],
    ['a file with zeros behind it', Buffer.concat([packed, Buffer.alloc(512)])],
    ['a file that is cut short', packed.subarray(0, -1)],
    ['a file with a wrong checksum', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)])],
    [
      'a file whose name does not end',
      Buffer.concat([Buffer.from('1f8b0808', 'hex'), Buffer.alloc(200, 'x')]),
    ],
    ['a file with a reserved flag', Buffer.from(packed).fill(0x20, 3, 4)],
  ];
  for (const [what, bytes] of cases) {
    test(`for ${what}`, () => {
      assert.equal(unpackGzip(bytes, limit), undefined);
      assert.equal(gunzip(bytes, limit), undefined);
    });
  }

  test('for a file with more content than the limit', () => {
    assert.equal(unpackGzip(packed, text.length - 1), undefined);
    assert.equal(gunzip(packed, text.length - 1), undefined);
    assert.equal(gunzip(packed, text.length)?.length, text.length);
  });

  test('for a file that an unknown encoder made', () => {
    const stored = gzipSync(text, { strategy: constants.Z_HUFFMAN_ONLY });
    assert.equal(unpackGzip(stored, limit), undefined);
    assert.deepEqual(gunzip(stored, limit), text);
  });
});

describe('hostile bytes', () => {
  test('as a recipe are refused or make some file', () => {
    const likely = fc.tuple(fc.nat(5), fc.nat(11), fc.nat(40), fc.uint8Array({ maxLength: 40 }));
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 64 }),
      likely.map(([encoder, number, length, header]) => Uint8Array.of(encoder, number, length, ...header)),
    );
    fc.assert(
      fc.property(bytes, fc.uint8Array({ maxLength: 500 }), (recipe, raw) => {
        try {
          const packed = packGzip(raw, readRecipe(createByteReader(recipe, 'the recipe')));
          assert.ok(packed.length <= (raw.length * 9) / 8 + recipe.length + 32);
        } catch (error) {
          if (!isSatchelError(error, 'delta-damaged')) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });

  test('as a .gz file are refused or understood', () => {
    const packed = runGzip(text.subarray(0, 3000), '-9n');
    fc.assert(
      fc.property(fc.nat(packed.length - 1), fc.nat(255), (place, value) => {
        const changed = Buffer.from(packed).fill(value, place, place + 1);
        const unpacked = unpackGzip(changed, limit);
        if (unpacked !== undefined) assert.ok(changed.equals(packGzip(unpacked.raw, unpacked.recipe)));
      }),
      { numRuns: 300 },
    );
  });
});
