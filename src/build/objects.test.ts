import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Chunk, FileEntry } from './entry.ts';
import { emptySha256 } from './entry-rules.ts';
import { objectOrdinals, objectsOf, objectsOfFile } from './objects.ts';

const name = (text: string) => hash('sha256', text) as Sha256;
const file = (path: string, size: number, sha256: Sha256, chunks?: Chunk[]): FileEntry => ({
  type: 'file',
  path: path as ByteString,
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: [0, 0],
  xattrs: [],
  size,
  sha256,
  ...(chunks === undefined ? {} : { chunks }),
});
const mebibyte = 1024 * 1024;
const large = file('c', mebibyte + 7, name('large'), [
  { sha256: name('one'), size: mebibyte },
  { sha256: name('two'), size: 7 },
]);

test('objects come in the order of the index, each once, chunks in the place of large files', () => {
  const entries = [
    file('a', 3, name('two-not')),
    file('b', 1, name('one-not')),
    large,
    file('d', 3, name('two-not')),
  ];
  assert.deepEqual(objectsOf(entries), [
    { sha256: name('two-not'), size: 3 },
    { sha256: name('one-not'), size: 1 },
    { sha256: name('one'), size: mebibyte },
    { sha256: name('two'), size: 7 },
  ]);
});

test('an empty file has no object', () => {
  const empty = file('a', 0, emptySha256);
  assert.deepEqual(objectsOf([empty]), []);
  assert.deepEqual(objectsOfFile(empty), []);
});

test('a chunk that is also a whole small file is one object', () => {
  assert.equal(objectsOf([large, file('d', 7, name('two'))]).length, 2);
});

test('one hash with two lengths is refused', () => {
  assert.throws(() => objectsOf([large, file('d', 8, name('two'))]), { code: 'index-object-sizes-differ' });
});

test('the ordinal of an object is its place in the list', () => {
  const objects = objectsOf([large]);
  assert.deepEqual(
    [...objectOrdinals(objects)],
    [
      [name('one'), 0],
      [name('two'), 1],
    ],
  );
});
