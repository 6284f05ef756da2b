import assert from 'node:assert/strict';
import { hash } from 'node:crypto';
import { test } from 'node:test';
import { type ByteString, byteString, byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexEntry, InodeEntry, Xattr } from '../build/entry.ts';
import { fakeTree } from './fake-super.ts';

const owner = { uid: 4, gid: 5 };
const inode = { mode: 0o4755, uid: 0, gid: 50, mtime: [-5, 7], xattrs: [] } as const;
const root: InodeEntry = { ...inode, type: 'directory', path: '' as ByteString, mode: 0o1777 };
const named = (path: string) => path as ByteString;
const hex = (value: string) => byteString(Buffer.from(value.replaceAll(' ', ''), 'hex'));

/** What becomes of entries below the root. */
const faked = (...entries: IndexEntry[]) => {
  const { entries: made, targets } = fakeTree([root, ...entries], owner);
  return { made: [...made].slice(1), targets };
};

/** What becomes of one attribute of a file, without the one that every inode has. */
function fakedXattr(name: string, value: ByteString): readonly Xattr[] {
  const xattrs = [{ name: byteStringFromText(name), value }];
  const { made } = faked({ ...inode, type: 'char', path: named('x'), device: [1, 3], xattrs });
  const [entry] = made;
  assert.ok(entry !== undefined && entry.type !== 'hardlink');
  return entry.xattrs.filter((xattr) => xattr.name !== 'user.rsync.%stat');
}

test('a file is readable by all, and what it is stands in its attribute', () => {
  const content = { size: 1, sha256: hash('sha256', 'x') as Sha256 };
  const { made } = faked({ ...inode, ...content, type: 'file', path: named('su'), user: named('root') });
  assert.deepEqual(made, [
    {
      ...{ type: 'file', path: 'su', mode: 0o644, ...owner, mtime: [-5, 7], ...content },
      xattrs: [{ name: 'user.rsync.%stat', value: '104755 0,0 0:50' }],
    },
  ]);
});

test('a directory stays one, with its type in the attribute', () => {
  const [made] = fakeTree([root], owner).entries;
  assert.deepEqual(made, {
    ...{ type: 'directory', path: '', mode: 0o755, ...owner, mtime: [-5, 7] },
    xattrs: [{ name: 'user.rsync.%stat', value: '41777 0,0 0:50' }],
  });
});

test('a symlink becomes a file that holds its target', () => {
  const target = named('caf\xe9');
  const { made, targets } = faked({ ...inode, mode: 0o777, type: 'symlink', path: named('link'), target });
  const sha256 = hash('sha256', Buffer.from(target, 'latin1')) as Sha256;
  const [entry] = made;
  assert.ok(entry?.type === 'file');
  assert.deepEqual([entry.size, entry.sha256], [4, sha256]);
  assert.deepEqual(entry.xattrs, [{ name: 'user.rsync.%stat', value: '120777 0,0 0:50' }]);
  assert.deepEqual([...targets], [[sha256, Buffer.from(target, 'latin1')]]);
});

for (const [type, stat] of [
  ['char', '24755 259,300 0:50'],
  ['block', '64755 259,300 0:50'],
] as const)
  test(`a ${type} device becomes an empty file with its numbers in the attribute`, () => {
    const [entry] = faked({ ...inode, type, path: named('node'), device: [259, 300] }).made;
    assert.ok(entry?.type === 'file');
    assert.equal(entry.size, 0);
    assert.equal(entry.xattrs[0]?.value, stat);
  });

test('a fifo becomes an empty file', () => {
  const [entry] = faked({ ...inode, type: 'fifo', path: named('queue') }).made;
  assert.ok(entry?.type === 'file');
  assert.equal(entry.xattrs[0]?.value, '14755 0,0 0:50');
});

test('a further name stays one', () => {
  const link: IndexEntry = { type: 'hardlink', path: named('b'), link: named('a') };
  const { made } = faked({ ...inode, type: 'fifo', path: named('a') }, link);
  assert.deepEqual(made[1], link);
});

test('attributes of users stay, others get the prefix, and so do those that have it', () => {
  const value = named('x\0');
  assert.deepEqual(fakedXattr('user.note', value), [{ name: 'user.note', value }]);
  assert.deepEqual(fakedXattr('security.capability', value), [
    { name: 'user.rsync.security.capability', value },
  ]);
  assert.deepEqual(fakedXattr('trusted.x', value), [{ name: 'user.rsync.trusted.x', value }]);
  assert.deepEqual(fakedXattr('user.rsync.x', value), [{ name: 'user.rsync.user.rsync.x', value }]);
});

// The values were taken from trees that rsync 3.5.0 had written with --fake-super.
test('access lists have the form of rsync', () => {
  const list =
    '02000000 01000600ffffffff 02000600e8030000 04000400ffffffff 0800040005000000 10000600ffffffff 20000400ffffffff';
  const wanted = '06000000 04000000 06000000 04000000 e8030000 06000080 05000000 04000000';
  assert.deepEqual(fakedXattr('system.posix_acl_access', hex(list)), [
    { name: 'user.rsync.%aacl', value: hex(wanted) },
  ]);
});

test('a default list without a mask says so', () => {
  const list = '02000000 01000700ffffffff 04000500ffffffff 20000000ffffffff';
  const wanted = '07000000 05000000 80000000 00000000';
  assert.deepEqual(fakedXattr('system.posix_acl_default', hex(list)), [
    { name: 'user.rsync.%dacl', value: hex(wanted) },
  ]);
});

test('a list that no kernel would take is left out', () => {
  assert.deepEqual(fakedXattr('system.posix_acl_access', hex('02000000 01000700ffffffff')), []);
});
