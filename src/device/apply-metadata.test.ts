import assert from 'node:assert/strict';
import { closeSync, lstatSync, mkdirSync, openSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { byteString, byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { FileEntry, InodeEntry } from '../build/entry.ts';
import { getXattr } from '../os/system-calls.ts';
import { applyFileMetadata, applyMetadata } from './apply-metadata.ts';
import { temporaryFolder } from './device.fixture.ts';

const isRoot = process.geteuid?.() === 0;
const rootOnly = isRoot ? false : 'NOT TESTED: needs root';
const ordinaryOnly = isRoot && 'runs as root';
const own = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
const text = byteStringFromText;

function fileEntry(changes: Partial<FileEntry> = {}): FileEntry {
  return {
    type: 'file',
    path: text('file'),
    ...own,
    mode: 0o644,
    mtime: [1_193_961_600, 0],
    xattrs: [],
    size: 7,
    sha256: '0'.repeat(64) as Sha256,
    ...changes,
  };
}

/** Both ways to give a file its metadata must agree. */
const ways = [
  ['by path', (path: string, entry: FileEntry) => applyMetadata(path, entry)],
  [
    'by descriptor',
    (path: string, entry: FileEntry) => {
      const fd = openSync(path, 'r+');
      try {
        return applyFileMetadata(fd, path, entry);
      } finally {
        closeSync(fd);
      }
    },
  ],
] as const;

function newFile(context: TestContext): string {
  const path = join(temporaryFolder(context), 'file');
  writeFileSync(path, 'content', { mode: 0o600 });
  return path;
}

for (const [way, apply] of ways) {
  for (const time of [
    [0, 0],
    [1_193_961_600, 0],
    [1_600_000_000, 123_456_789],
    [-5, 0],
    [-5, 999_999_999],
  ] as const)
    test(`${way} the time ${time.join('.')} is exact`, (context) => {
      const path = newFile(context);
      assert.deepEqual(apply(path, fileEntry({ mtime: time })), []);
      const expected = BigInt(time[0]) * 1_000_000_000n + BigInt(time[1]);
      assert.equal(lstatSync(path, { bigint: true }).mtimeNs, expected);
    });

  test(`${way} set-id bits and a mode without write permission are exact`, (context) => {
    for (const mode of [0o6755, 0o1644, 0o000, 0o444]) {
      const path = newFile(context);
      const xattrs = [{ name: text('user.note'), value: byteString(Buffer.from([0, 255])) }];
      assert.deepEqual(apply(path, fileEntry({ mode, xattrs })), []);
      assert.equal(lstatSync(path).mode & 0o7777, mode);
      if (mode !== 0) assert.equal(getXattr(path, text('user.note')), '\x00\xff');
    }
  });

  test(`${way} a set-id file of another owner with a capability is complete`, {
    skip: rootOnly,
  }, (context) => {
    const path = newFile(context);
    const capability = byteString(Buffer.from('0100000200200000000000000000000000000000', 'hex'));
    const xattrs = [{ name: text('security.capability'), value: capability }];
    assert.deepEqual(apply(path, fileEntry({ uid: 12, gid: 34, mode: 0o4755, xattrs })), []);
    const found = lstatSync(path);
    assert.deepEqual([found.uid, found.gid, found.mode & 0o7777], [12, 34, 0o4755]);
    assert.equal(getXattr(path, text('security.capability')), capability);
  });

  test(`${way} an ordinary user owes owner, set-id bits and protected attributes`, {
    skip: ordinaryOnly,
  }, (context) => {
    const path = newFile(context);
    const xattrs = [{ name: text('security.capability'), value: text('x') }];
    const owed = apply(path, fileEntry({ uid: own.uid + 1, mode: 0o4755, xattrs }));
    assert.deepEqual(
      owed.map(({ what }) => what),
      ['owner', 'mode', 'xattr'],
    );
    assert.equal(lstatSync(path).mode & 0o7777, 0o755);
  });
}

test('without the powers of root nothing of it is tried, also when root asks', (context) => {
  const path = newFile(context);
  const xattrs = [{ name: text('security.capability'), value: text('x') }];
  const entry = fileEntry({ uid: own.uid + 1, mode: 0o6711, xattrs });
  assert.deepEqual(applyMetadata(path, entry, { root: false }), [
    { path: 'file', what: 'owner' },
    { path: 'file', what: 'mode' },
    { path: 'file', what: 'xattr' },
  ]);
  assert.deepEqual([lstatSync(path).uid, lstatSync(path).mode & 0o7777], [own.uid, 0o711]);
});

test('a symlink gets its own time and its target nothing', (context) => {
  const folder = temporaryFolder(context);
  writeFileSync(join(folder, 'target'), '');
  const before = lstatSync(join(folder, 'target'), { bigint: true });
  symlinkSync('target', join(folder, 'link'));
  const entry: InodeEntry = {
    ...own,
    type: 'symlink',
    path: text('link'),
    target: text('target'),
    mode: 0o777,
    mtime: [-7, 5],
    xattrs: [],
  };
  assert.deepEqual(applyMetadata(join(folder, 'link'), entry), []);
  assert.equal(lstatSync(join(folder, 'link'), { bigint: true }).mtimeNs, -6_999_999_995n);
  assert.equal(lstatSync(join(folder, 'target'), { bigint: true }).mtimeNs, before.mtimeNs);
});

test('an access list that says more than the mode is set after it', (context) => {
  const folder = join(temporaryFolder(context), 'directory');
  mkdirSync(folder);
  // Version 2: owner rwx, user 1 r-x, group r-x, mask r-x, others none.
  const list = Buffer.from(
    '0200000001000700ffffffff020005000100000004000500ffffffff10000500ffffffff20000000ffffffff',
    'hex',
  );
  const entry: InodeEntry = {
    ...own,
    type: 'directory',
    path: text('directory'),
    mode: 0o750,
    mtime: [5, 0],
    xattrs: [{ name: text('system.posix_acl_access'), value: byteString(list) }],
  };
  assert.deepEqual(applyMetadata(folder, entry), []);
  assert.equal(getXattr(folder, text('system.posix_acl_access')), byteString(list));
  assert.equal(lstatSync(folder).mode & 0o7777, 0o750);
});
