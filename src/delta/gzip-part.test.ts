import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import { createByteReader } from './byte-reader.ts';
import { createByteWriter } from './byte-writer.ts';
import { anyContent, makeContent, runGzip } from './gzip.testkit.ts';
import { partLookAhead, partUnit } from './gzip-deflate.ts';
import { type GzipPart, packPart, readPart, writePart } from './gzip-part.ts';
import { inflateGzip } from './gzip-stream.ts';
import { type BlockEnd, contextStart } from './part-target.ts';

/** The ends of all blocks of a file, the beginning first, and what stands around them. */
function takeApart(packed: Uint8Array) {
  const blocks: BlockEnd[] = [{ bits: 0, length: 0 }];
  let rest: Uint8Array | undefined = packed;
  const source = () => {
    const next = rest;
    rest = undefined;
    return next;
  };
  const onBlock = (bits: number, length: number) => void blocks.push({ bits, length });
  return { blocks, ...inflateGzip({ source, sink() {}, limit: 1e9, onBlock }) };
}

/** Makes what lies between two blocks of a file again; it begins with the first whole byte. */
function remade(raw: Buffer, packed: Buffer, level: number, from: number, to: number) {
  const { blocks, header, trailer } = takeApart(packed);
  const first = blocks[from]!;
  const last = blocks[to]!;
  const start = contextStart(first);
  const isLast = to === blocks.length - 1;
  const content = raw.subarray(start, isLast ? raw.length : last.length + partLookAhead);
  const [begin, end] = [header.length + Math.ceil(first.bits / 8), header.length + Math.floor(last.bits / 8)];
  const part: GzipPart = {
    recipe: { encoder: 'gzip', level, header: header.subarray(0, 0) },
    context: first.length - start,
    pendingBits: first.bits % 8,
    skip: first.bits % 8 === 0 ? 0 : 1,
    trailer: isLast ? trailer : trailer.subarray(0, 0),
  };
  const wanted = packed.subarray(begin, isLast ? packed.length : end);
  return { part, content, wanted, made: packPart(content, part, wanted.length) };
}

const manyBlocks = Buffer.concat([
  ...['words', 'archive', 'noise', 'digits', 'runs', 'zeros', 'words'].map((kind, number) =>
    makeContent(kind as 'words', 200_000, number),
  ),
]);

describe('a part of a .gz file', () => {
  for (let level = 4; level <= 9; level += 1)
    test(`is made as gzip -${level} made it, from the end of any block on`, () => {
      const packed = runGzip(manyBlocks, `-${level}n`);
      const { blocks } = takeApart(packed);
      assert.ok(blocks.length > 10, `${blocks.length} blocks`);
      for (let from = 0; from + 1 < blocks.length; from += 1) {
        const to = Math.min(blocks.length - 1, from + 1 + (from % 3));
        const { wanted, made } = remade(manyBlocks, packed, level, from, to);
        assert.ok(wanted.equals(made), `from block ${from} of ${blocks.length} to ${to}`);
      }
    });

  test('at the end of the file is made with its checksum, wherever it begins', () => {
    fc.assert(
      fc.property(anyContent(), fc.integer({ min: 4, max: 9 }), fc.nat(), (raw, level, number) => {
        const packed = runGzip(raw, `-${level}n`);
        const { blocks } = takeApart(packed);
        const from = number % (blocks.length - 1);
        const { wanted, made } = remade(raw, packed, level, from, blocks.length - 1);
        // At the very end the encoder may have looked at what it should not, and of a context of 32 KiB it is taken
        // that more came before; a maker tries before it says so, and large files have neither.
        const { length } = blocks[from]!;
        const isUsual = length === 0 || contextStart(blocks[from]!) > 0 || length < partUnit;
        if (isUsual && raw.length - length > partLookAhead) assert.ok(wanted.equals(made));
      }),
      { numRuns: 60 },
    );
  });

  test('is refused when there is too little content', () => {
    const packed = runGzip(manyBlocks, '-6n');
    const { part, content, wanted } = remade(manyBlocks, packed, 6, 2, 4);
    assert.throws(
      () => packPart(content.subarray(0, -partLookAhead - 50_000), part, wanted.length),
      (error) => isSatchelError(error, 'delta-damaged'),
    );
  });
});

describe('what is said of a part', () => {
  const part: GzipPart = {
    recipe: { encoder: 'gzip', level: 6, header: Buffer.from('1f8b0800000000000003', 'hex') },
    context: 40_000,
    pendingBits: 5,
    skip: 77,
    trailer: Buffer.from('12345678'),
  };
  const written = (some: GzipPart) => {
    const writer = createByteWriter();
    writePart(writer, some);
    return createByteReader(writer.finish(), 'a part');
  };

  test('is read as it was written', () => {
    const reader = written(part);
    const { recipe, trailer, ...rest } = readPart(reader, 100_000);
    assert.equal(reader.remaining, 0);
    assert.deepEqual(rest, { context: 40_000, pendingBits: 5, skip: 77 });
    assert.deepEqual(Buffer.from(trailer), part.trailer);
    assert.deepEqual({ ...recipe, header: Buffer.from(recipe.header) }, part.recipe);
  });

  const wrong: [string, Partial<GzipPart>, RegExp][] = [
    ['more content before it than gzip looks back at', { context: 65_536 }, /too much before/],
    ['more content before it than there is', { context: 50_001 }, /too much before/],
    ['eight bits of a byte', { pendingBits: 8 }, /more than a byte/],
    ['another end than a file has', { trailer: Buffer.alloc(7) }, /unknown end/],
    ['an encoder that is not taken up', { recipe: { ...part.recipe, encoder: 'zlib' } }, /program/],
  ];
  for (const [what, change, reason] of wrong)
    test(`with ${what} is refused`, () => {
      assert.throws(
        () => readPart(written({ ...part, ...change }), 50_000),
        (error) => isSatchelError(error, 'delta-damaged') && reason.test(error.message),
      );
    });
});
