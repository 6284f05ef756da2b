import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { serialiseCanonicalJson } from './canonical-json.ts';
import { type ContentsEntry, contentsType, parseContents, serialiseContents } from './olpc-contents.ts';

const text = byteStringFromText;
const hash = 'a'.repeat(64) as Sha256;
const inode = { mode: 0o755, uid: 0, gid: 0, mtime: [1, 0] } as const;

const entries: ContentsEntry[] = [
  { path: text(''), type: 'd', ...inode },
  { path: text('bin'), type: 'l', link: text('usr/bin'), ...inode, mtime: [-2, 5] },
  {
    path: text('café'),
    type: 'f',
    size: 3,
    sha256: hash,
    user: text('root'),
    group: text('wheel'),
    ...inode,
  },
  { path: text('null'), type: 'c', device: [1, 3], ...inode },
  { path: text('pipe'), type: 'p', ...inode },
  { path: text('sda'), type: 'b', device: [8, 0], ...inode },
  { path: '\xe9' as ByteString, type: 'f', size: 0, sha256: hash, ...inode },
];

test('a manifest has the documented form', () => {
  const [root, link] = entries;
  assert.equal(
    serialiseContents([root!, link!]).toString(),
    '["olpc-contents-x",1,{"entries":[' +
      '{"gid":0,"mode":493,"mtime":1,"path":"","type":"d","uid":0},' +
      '{"gid":0,"link":"usr/bin","mode":493,"mtime":-2,"nanoseconds":5,"path":"bin","type":"l","uid":0}' +
      ']}]',
  );
});

test('every type of entry survives, and names that are not UTF-8', () => {
  assert.deepEqual(parseContents(serialiseContents(entries)), entries);
});

test('our manifests are told from others by their first bytes', () => {
  assert.equal(contentsType(serialiseContents(entries)), 'olpc-contents-x');
  assert.equal(contentsType(Buffer.from('["olpc-contents",1,{}]')), 'opaque');
  assert.equal(contentsType(Buffer.from('')), 'opaque');
});

test('a manifest of a later version says so', () => {
  const bytes = Buffer.from('["olpc-contents-x",2,{"entries":[]}]');
  assert.throws(() => parseContents(bytes), { code: 'contents-newer', parameters: { version: 2 } });
});

const valid = { path: 'a', type: 'f', mode: 0, uid: 0, gid: 0, mtime: 0, size: 0, sha256: hash };
for (const [what, list, field] of [
  ['an entry that is no object', [1], 'entry'],
  ['a missing path', [{ ...valid, path: 1 }], 'path'],
  ['a path with a zero byte', [{ ...valid, path: 'a\0' }], 'path'],
  ['a path twice', [valid, valid], 'path'],
  ['paths out of order', [{ ...valid, path: 'b' }, valid], 'path'],
  ['an unknown type', [{ ...valid, type: 's' }], 'type'],
  ['a type that is a property of every object', [{ ...valid, type: 'constructor' }], 'type'],
  ['a mode too large', [{ ...valid, mode: 0o10000 }], 'mode'],
  ['an owner that is no owner', [{ ...valid, uid: 0xffffffff }], 'uid'],
  ['a negative size', [{ ...valid, size: -1 }], 'size'],
  ['a wrong hash', [{ ...valid, sha256: 'A'.repeat(64) }], 'sha256'],
  ['an unknown field', [{ ...valid, colour: 1 }], 'colour'],
  ['a field of another type', [{ ...valid, link: 'x' }], 'link'],
  ['nanoseconds that are written though they are 0', [{ ...valid, nanoseconds: 0 }], 'nanoseconds'],
  ['an empty owner name', [{ ...valid, user: '' }], 'user'],
] as const) {
  test(`${what} is refused`, () => {
    const bytes = serialiseCanonicalJson(['olpc-contents-x', 1, { entries: list }], 'bytes');
    assert.throws(
      () => parseContents(bytes),
      (error: { code?: string; parameters?: { field?: string } }) =>
        error.code === 'contents-invalid' && error.parameters?.field === field,
    );
  });
}

test('any changed byte is noticed or changes the value that is read', () => {
  const bytes = serialiseContents(entries);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
      const changed = Buffer.from(bytes);
      changed[place]! ^= change;
      try {
        assert.deepEqual(serialiseContents(parseContents(changed)), changed);
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^(canonical-json-invalid|contents-)/);
      }
    }),
    { numRuns: 2000 },
  );
});
