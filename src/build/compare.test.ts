import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomTrees } from '../../test/doubles/random-tree.ts';
import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { compareIndexes, type IndexChange } from './compare.ts';
import type { IndexEntry, InodeEntry } from './entry.ts';
import { entriesOf, impliedDirectory } from './tree.ts';

const base = { path: '' as ByteString, mode: 0o644, uid: 0, gid: 0, mtime: [0, 0], xattrs: [] } as const;
const file = (content: string, other: Partial<InodeEntry> = {}): InodeEntry => ({
  ...base,
  type: 'file',
  size: content.length,
  sha256: hash('sha256', content) as Sha256,
  ...(other as object),
});
const symlink = (target: string): InodeEntry => ({ ...base, type: 'symlink', target: target as ByteString });

function tree(names: Record<string, InodeEntry>): IndexEntry[] {
  const all = Object.entries(names) as [ByteString, InodeEntry][];
  return entriesOf(new Map([['' as ByteString, impliedDirectory('' as ByteString)], ...all]));
}

/** Path, kind and fields of every change, as words. */
const words = (changes: Iterable<IndexChange>) =>
  [...changes].map((change) =>
    [change.path, change.kind, ...('fields' in change ? change.fields : [])].join(' '),
  );

const compare = (old: Record<string, InodeEntry>, next: Record<string, InodeEntry>) =>
  words(compareIndexes(tree(old), tree(next)).changes);

test('a build does not differ from itself', () => {
  fc.assert(
    fc.property(randomTrees, (entries) => {
      const { counts, changes } = compareIndexes(entries, structuredClone(entries));
      assert.deepEqual(changes, []);
      assert.equal(counts.same, entries.length);
    }),
  );
});

test('what is added one way is removed the other way, and every path is counted once', () => {
  fc.assert(
    fc.property(randomTrees, randomTrees, (one, other) => {
      const there = compareIndexes(one, other).counts;
      const back = compareIndexes(other, one).counts;
      assert.deepEqual({ ...back, added: back.removed, removed: back.added }, there);
      const { same, added, removed, type, content, metadata } = there;
      assert.equal(same + removed + type + content + metadata, one.length);
      assert.equal(same + added + type + content + metadata, other.length);
    }),
  );
});

test('added and removed paths come in byte order', () => {
  assert.deepEqual(compare({ b: file('1'), d: file('1') }, { a: file('1'), c: file('1'), d: file('1') }), [
    'a added',
    'b removed',
    'c added',
  ]);
});

test('changed bytes, symlink targets and device numbers are content', () => {
  const node = (minor: number): InodeEntry => ({ ...base, type: 'char', device: [1, minor] });
  assert.deepEqual(
    compare({ a: file('1'), b: symlink('x'), c: node(1) }, { a: file('2'), b: symlink('y'), c: node(2) }),
    ['a content', 'b content', 'c content'],
  );
});

test('equal size and time do not hide changed bytes', () => {
  assert.deepEqual(compare({ a: file('one') }, { a: file('two') }), ['a content']);
});

test('changed metadata is told field by field', () => {
  const xattrs = [{ name: 'user.a' as ByteString, value: 'x' as ByteString }];
  assert.deepEqual(
    compare(
      { a: file('1'), b: file('1'), c: file('1'), d: file('1'), e: file('1') },
      {
        a: file('1', { mode: 0o4755 }),
        b: file('1', { uid: 5 }),
        c: file('1', { mtime: [0, 1] }),
        d: file('1', { xattrs }),
        e: file('1', { group: 'staff' as ByteString }),
      },
    ),
    ['a metadata mode', 'b metadata owner', 'c metadata mtime', 'd metadata xattrs', 'e metadata names'],
  );
});

test('another kind of file is a change of type', () => {
  assert.deepEqual(compare({ a: file('1') }, { a: symlink('1') }), ['a type']);
});

test('names that came to share an inode, or no longer do, differ in their links only', () => {
  const shared = file('1');
  const apart = { a: file('1'), b: file('1'), c: file('1') };
  assert.deepEqual(compare(apart, { a: shared, b: shared, c: file('1') }), [
    'a metadata links',
    'b metadata links',
  ]);
  assert.deepEqual(compare({ a: shared, b: shared, c: shared }, { a: shared, b: shared }), [
    'a metadata links',
    'b metadata links',
    'c removed',
  ]);
});

test('a hard link is compared by the inode that it names', () => {
  const one = file('1');
  const two = file('2');
  const { changes } = compareIndexes(tree({ a: one, b: one }), tree({ a: two, b: two }));
  assert.deepEqual(words(changes), ['a content', 'b content']);
  const last = changes.at(-1)!;
  assert.ok(last.kind === 'content' && last.next.type === 'file' && last.next.path === 'a');
});
