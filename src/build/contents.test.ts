import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomTrees } from '../../test/doubles/random-tree.ts';
import type { ByteString } from '../base/byte-string.ts';
import { contentsType, parseContents } from '../formats/olpc-contents.ts';
import { checkContents, contentsFor } from './contents.ts';
import type { IndexEntry } from './entry.ts';

const inode = { mode: 0o644, uid: 0, gid: 0, mtime: [1, 0], xattrs: [] } as const;
const path = (text: string) => text as ByteString;
const tree: IndexEntry[] = [
  { type: 'directory', path: path(''), ...inode },
  { type: 'symlink', path: path('a'), ...inode, target: path('x') },
  { type: 'hardlink', path: path('b'), link: path('a') },
  { type: 'char', path: path('c'), ...inode, user: path('root'), device: [5, 1] },
];

test('the manifest of a tree matches the tree', () => {
  fc.assert(
    fc.property(randomTrees, (entries) => {
      const contents = contentsFor(entries);
      assert.equal(contentsType(contents), 'olpc-contents-x');
      assert.equal(checkContents(contents, entries), 'olpc-contents-x');
    }),
  );
});

test('every further name of an inode is listed like the first', () => {
  const entries = parseContents(contentsFor(tree));
  assert.deepEqual(
    entries.map((entry) => `${entry.path} ${entry.type} ${entry.link ?? entry.device ?? ''}`),
    [' d ', 'a l x', 'b l x', 'c c 5,1'],
  );
});

test('a manifest of another tree is refused with the first path that differs', () => {
  const contents = contentsFor(tree);
  const differ = (entries: IndexEntry[], first: string) =>
    assert.throws(() => checkContents(contents, entries), {
      code: 'contents-do-not-match',
      parameters: { path: first },
    });
  differ(tree.slice(0, 3), 'c');
  differ([...tree, { type: 'fifo', path: path('d'), ...inode }], 'd');
  differ([tree[0]!, { type: 'fifo', path: path('Z'), ...inode }, ...tree.slice(1)], 'Z');
  differ([{ type: 'directory', path: path(''), ...inode, mode: 0o755 }, ...tree.slice(1)], '.');
  differ([...tree.slice(0, 3), { type: 'char', path: path('c'), ...inode, device: [5, 2] }], 'c');
  differ(
    [...tree.slice(0, 3), { type: 'char', path: path('c'), ...inode, user: path('me'), device: [5, 1] }],
    'c',
  );
});

test('names of owners count only where both sides have them', () => {
  const nameless: IndexEntry = { type: 'char', path: path('c'), ...inode, device: [5, 1] };
  assert.equal(checkContents(contentsFor(tree), [...tree.slice(0, 3), nameless]), 'olpc-contents-x');
  assert.equal(checkContents(contentsFor([...tree.slice(0, 3), nameless]), tree), 'olpc-contents-x');
});

test('a manifest of another kind is carried without being looked at', () => {
  for (const text of ['', '["contents",1,{}]', 'anything'])
    assert.equal(checkContents(Buffer.from(text), tree), 'opaque');
});

test('a manifest of our kind that is damaged is refused', () => {
  const contents = contentsFor(tree);
  assert.throws(() => checkContents(contents.subarray(0, -1), tree), { code: 'canonical-json-invalid' });
});
