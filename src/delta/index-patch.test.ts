import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { applyIndexPatch, makeIndexPatch } from './index-patch.ts';

const sha256 = (bytes: Uint8Array | string) => hash('sha256', bytes) as Sha256;
const header = '{"satchel":"index","format":1}\n';

/** A line of a file: everything that may change in it. */
type File = {
  readonly path: number;
  readonly mode: number;
  readonly mtime: number;
  readonly size: number;
  readonly content: number;
  readonly chunks: readonly number[];
};

const file: fc.Arbitrary<File> = fc.record({
  path: fc.nat(60),
  mode: fc.constantFrom(420, 493),
  mtime: fc.integer({ min: -5, max: 1e9 }),
  size: fc.nat(3000),
  content: fc.nat(40),
  chunks: fc.oneof(fc.constant([]), fc.array(fc.nat(40), { maxLength: 60 })),
});

function lineOf({ path, mode, mtime, size, content, chunks }: File): string {
  const list = chunks.map((one) => `["${sha256(`${one}`)}",${size + one}]`).join(',');
  const suffix = chunks.length === 0 ? '' : `,"chunks":[${list}]`;
  return `{"path":"usr/lib/${path}.so.${path}","type":"file","mode":${mode},"uid":0,"gid":0,"mtime":[${mtime},0],"size":${size},"sha256":"${sha256(`${content}`)}"${suffix}}\n`;
}

const index = fc.array(file, { maxLength: 30 }).map((files) =>
  Buffer.from(
    header +
      files
        .toSorted((a, b) => a.path - b.path)
        .map(lineOf)
        .join(''),
  ),
);

const target = (to: Uint8Array) => ({ sha256: sha256(to), size: to.length });
const refuses = (attempt: () => unknown) =>
  assert.throws(attempt, (error) => isSatchelError(error, 'delta-damaged'));

/** An index of this many files; the change says what is different in some. */
function indexOf(files: number, change: (file: File) => File = (one) => one): Buffer {
  const lines = Array.from({ length: files }, (_, path) =>
    lineOf(change({ path, mode: 420, mtime: 1e9 + path, size: path * 7, content: path, chunks: [] })),
  );
  return Buffer.from(header + lines.join(''));
}

describe('the patch of an index', () => {
  test('makes the new index from the old, whatever both hold', () => {
    fc.assert(
      fc.property(index, index, (from, to) => {
        assert.ok(applyIndexPatch(from, makeIndexPatch(from, to), target(to)).equals(to));
      }),
    );
  });

  test('makes any bytes from any bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc
        .string({ unit: fc.constantFrom('\n', '"', ',', '","type"', '7', '0', '-', 'a', '\x01') })
        .map((text) => Buffer.from(text)),
    );
    fc.assert(
      fc.property(bytes, bytes, (from, to) => {
        assert.ok(applyIndexPatch(from, makeIndexPatch(from, to), target(to)).equals(to));
      }),
      { numRuns: 400 },
    );
  });

  test('costs little where only times differ, and little more than its hash where content does', () => {
    const from = indexOf(2000);
    const times = indexOf(2000, (one) => ({ ...one, mtime: one.mtime + (one.path % 3 === 0 ? 86400 : 0) }));
    assert.ok(makeIndexPatch(from, times).length < 150);
    const contents = indexOf(2000, (one) => (one.path % 10 === 0 ? { ...one, content: -one.path - 1 } : one));
    assert.ok(makeIndexPatch(from, contents).length < 200 * 32 + 200);
  });

  test('says a moved file by the hash that it had', () => {
    const moved = indexOf(400, (one) => (one.path === 50 ? { ...one, path: 1000 } : one));
    assert.ok(makeIndexPatch(indexOf(400), moved).length < 100);
  });

  test('for another index is refused', () => {
    const [from, to] = [indexOf(50), indexOf(60)];
    const patch = makeIndexPatch(from, to);
    for (const other of [indexOf(40), indexOf(51), to, Buffer.alloc(0)])
      refuses(() => applyIndexPatch(other, patch, target(to)));
    refuses(() => applyIndexPatch(from, patch, { ...target(to), sha256: sha256('other') }));
    refuses(() => applyIndexPatch(from, patch, { ...target(to), size: to.length - 1 }));
  });

  test('cut or mutated makes the index or a sentence', () => {
    const from = indexOf(60);
    const to = indexOf(80, (one) => (one.path % 5 === 0 ? { ...one, content: one.path + 1, size: 1 } : one));
    const binary = Buffer.from(to).fill(1, 40, 60);
    for (const wanted of [to, binary]) {
      const patch = makeIndexPatch(from, wanted);
      const place = fc.nat(patch.length - 1);
      const mutation = fc.tuple(place, fc.integer({ min: 1, max: 255 }), fc.option(place));
      fc.assert(
        fc.property(mutation, ([at, change, end]) => {
          const mutated = Buffer.from(patch).subarray(0, end ?? patch.length);
          if (at < mutated.length) mutated[at] = mutated[at]! ^ change;
          try {
            assert.ok(applyIndexPatch(from, mutated, target(wanted)).equals(wanted));
          } catch (error) {
            if (!isSatchelError(error, 'delta-damaged')) throw error;
          }
        }),
        { numRuns: 400 },
      );
    }
  });
});
