import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { anyContent, makeContent, runGzip } from './gzip.testkit.ts';
import { inflateGzip } from './gzip-stream.ts';
import { inflate } from './inflate.ts';

const { Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE } = constants;

/** Gives bytes in pieces of a length, each in memory that is another's as soon as the next is asked for. */
function lending(bytes: Uint8Array, length: number): () => Uint8Array | undefined {
  let at = 0;
  let lent: Buffer | undefined;
  return () => {
    lent?.fill(0xaa);
    if (at === bytes.length) return undefined;
    lent = Buffer.from(bytes.subarray(at, at + length));
    at += lent.length;
    return lent;
  };
}

/** What comes out of a stream, what is left behind it, and the ends of its blocks. */
function unpacked(stream: Uint8Array, { limit = 1e6, pieceLength = 1000 } = {}) {
  const parts: Buffer[] = [];
  const blocks: [number, number][] = [];
  const rest = Buffer.from(
    inflate({
      limit,
      source: lending(stream, pieceLength),
      sink: (content) => void parts.push(Buffer.from(content)),
      onBlock: (bits, length) => void blocks.push([bits, length]),
    }),
  );
  return { content: Buffer.concat(parts), rest, blocks };
}

const refuses = (attempt: () => unknown, reason: RegExp) =>
  assert.throws(attempt, (error) => isSatchelError(error, 'delta-damaged') && reason.test(error.message));

describe('a deflate stream', () => {
  const level = fc.integer({ min: 0, max: 9 });
  const strategy = fc.constantFrom(Z_DEFAULT_STRATEGY, Z_FIXED, Z_HUFFMAN_ONLY, Z_RLE);

  test('is unpacked whatever is in it and in whatever pieces it comes', () => {
    fc.assert(
      fc.property(
        anyContent(),
        level,
        strategy,
        fc.integer({ min: 1, max: 5000 }),
        (raw, number, way, piece) => {
          const stream = deflateRawSync(raw, { level: number, strategy: way });
          const { content, blocks } = unpacked(stream, { pieceLength: piece });
          assert.ok(content.equals(raw));
          assert.equal(Math.ceil(blocks.at(-1)![0] / 8), stream.length);
          assert.equal(blocks.at(-1)![1], raw.length);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('ends where it says, whatever is behind it', () => {
    const raw = makeContent('words', 5000, 1);
    for (const behind of ['', 'x', 'something else, and more'])
      for (const pieceLength of [1, 2, 7, 4000]) {
        const stream = Buffer.concat([deflateRawSync(raw), Buffer.from(behind)]);
        const { content, rest } = unpacked(stream, { pieceLength });
        assert.ok(content.equals(raw));
        assert.equal(rest.toString(), behind.slice(0, rest.length));
      }
  });

  test('that is longer than the buffers is unpacked', () => {
    const raw = Buffer.concat([makeContent('noise', 700_000, 1), makeContent('archive', 3_000_000, 2)]);
    assert.ok(unpacked(deflateRawSync(raw), { limit: raw.length, pieceLength: 100_000 }).content.equals(raw));
  });

  test('that is cut short is refused', () => {
    const stream = deflateRawSync(makeContent('words', 3000, 3));
    for (let length = 0; length < stream.length; length += 1)
      refuses(() => unpacked(stream.subarray(0, length)), /too early|hold/);
  });

  test('of more content than the limit is refused, and not handed on beyond it', () => {
    const stream = deflateRawSync(Buffer.alloc(50_000_000));
    let handedOn = 0;
    const sink = (content: Uint8Array) => {
      handedOn += content.length;
    };
    refuses(() => inflate({ limit: 700_000, source: lending(stream, 1000), sink }), /more content/);
    assert.ok(handedOn <= 700_000, `${handedOn} bytes`);
    refuses(() => inflate({ limit: 49_999_999, source: lending(stream, 1000), sink() {} }), /more content/);
  });

  test('of other bytes is refused or means something', () => {
    const streams = [Z_DEFAULT_STRATEGY, Z_FIXED].map((way) =>
      deflateRawSync(makeContent('words', 2000, 4), { strategy: way }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...streams), fc.nat(), fc.nat(255), (stream, place, value) => {
        const changed = Buffer.from(stream);
        changed[place % changed.length] = value;
        try {
          unpacked(changed);
        } catch (error) {
          if (!isSatchelError(error, 'delta-damaged')) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('a .gz file', () => {
  const raw = makeContent('words', 20_000, 5);
  const packed = runGzip(raw, '-9');
  const read = (bytes: Uint8Array, pieceLength: number) => {
    const parts: Buffer[] = [];
    const sink = (content: Uint8Array) => void parts.push(Buffer.from(content));
    return { ...inflateGzip({ limit: 1e6, source: lending(bytes, pieceLength), sink }), parts };
  };

  test('is taken apart, in whatever pieces it comes', () => {
    for (const pieceLength of [1, 3, 100, 1e6]) {
      const { header, trailer, length, parts } = read(packed, pieceLength);
      assert.ok(Buffer.concat(parts).equals(raw));
      assert.equal(length, raw.length);
      assert.ok(Buffer.from(header).includes('changelog\0'));
      assert.ok(packed.subarray(-8).equals(trailer));
    }
  });

  const wrong: [string, Uint8Array, RegExp][] = [
    ['that is none', raw, /begin/],
    ['that is empty', Buffer.alloc(0), /begin/],
    ['with a wrong checksum', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)]), /checksum/],
    ['whose end is missing', packed.subarray(0, -1), /checksum/],
    ['with something behind it', Buffer.concat([packed, Buffer.of(0)]), /checksum/],
    ['of two members', Buffer.concat([packed, packed]), /checksum/],
  ];
  for (const [what, bytes, reason] of wrong)
    test(`${what} is refused`, () => {
      refuses(() => read(bytes, 1000), reason);
    });
});
