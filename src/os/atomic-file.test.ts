import assert from 'node:assert/strict';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isSatchelError } from '../base/errors.ts';
import {
  removeTemporaries,
  symlinkAtomic,
  syncDirectory,
  syncFile,
  temporaryBeside,
  writeFileAtomic,
} from './atomic-file.ts';

function directory(context: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'satchel-atomic-'));
  context.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('a file is written with exactly the mode asked for, whatever the umask', (context) => {
  const path = join(directory(context), 'file');
  const old = process.umask(0o077);
  try {
    writeFileAtomic(path, 'text', { mode: 0o664 });
  } finally {
    process.umask(old);
  }
  assert.equal(readFileSync(path, 'utf8'), 'text');
  assert.equal(statSync(path).mode & 0o7777, 0o664);
});

test('replacing a file makes a new inode and leaves no temporary file', (context) => {
  const folder = directory(context);
  const path = join(folder, 'file');
  writeFileSync(path, 'old');
  const before = statSync(path).ino;
  writeFileAtomic(path, Buffer.from('new'));
  assert.notEqual(statSync(path).ino, before);
  assert.deepEqual(readdirSync(folder), ['file']);
});

test('writing where a symlink is replaces the link and not what it points to', (context) => {
  const folder = directory(context);
  writeFileSync(join(folder, 'kept'), 'kept');
  symlinkSync('kept', join(folder, 'file'));
  writeFileAtomic(join(folder, 'file'), 'new');
  assert.equal(readFileSync(join(folder, 'kept'), 'utf8'), 'kept');
  assert.ok(lstatSync(join(folder, 'file')).isFile());
});

test('a failed write leaves the old file and no temporary file', (context) => {
  const folder = directory(context);
  mkdirSync(join(folder, 'taken'));
  assert.throws(
    () => writeFileAtomic(join(folder, 'taken'), 'x'),
    (error) => isSatchelError(error, 'system-call-failed'),
  );
  assert.deepEqual(readdirSync(folder), ['taken']);
});

test('a folder without permission is told as such', {
  skip: process.getuid?.() === 0 && 'runs as root',
}, (context) => {
  const folder = directory(context);
  chmodSync(folder, 0o555);
  assert.throws(
    () => writeFileAtomic(join(folder, 'file'), 'x'),
    (error) => isSatchelError(error, 'permission-denied'),
  );
});

test('a symlink is made, then replaced in one step', (context) => {
  const folder = directory(context);
  const path = join(folder, 'link');
  symlinkAtomic('first', path);
  symlinkAtomic(Buffer.from('second'), path);
  assert.equal(readlinkSync(path), 'second');
  assert.deepEqual(readdirSync(folder), ['link']);
});

test('what a killed process left is removed, and nothing else', (context) => {
  const folder = directory(context);
  writeFileSync(temporaryBeside(join(folder, 'config.json')), '');
  symlinkSync('x', temporaryBeside(join(folder, 'boot')));
  writeFileSync(join(folder, '.tmp.notes'), '');
  writeFileSync(join(folder, 'config.json'), '');
  removeTemporaries(folder);
  assert.deepEqual(readdirSync(folder).sort(), ['.tmp.notes', 'config.json']);
});

test('without a lock only old temporary files are removed, and a missing folder has none', (context) => {
  const folder = directory(context);
  const path = temporaryBeside(join(folder, 'config.json'));
  writeFileSync(path, '');
  const { mtimeMs } = statSync(path);
  removeTemporaries(folder, { olderThanMs: 1000, clock: () => mtimeMs + 999 });
  assert.equal(readdirSync(folder).length, 1);
  removeTemporaries(folder, { olderThanMs: 1000, clock: () => mtimeMs + 1000 });
  assert.deepEqual(readdirSync(folder), []);
  removeTemporaries(join(folder, 'absent'));
});

test('a temporary name stays within the length that a name may have', () => {
  const path = temporaryBeside(`/folder/${'n'.repeat(255)}`);
  assert.ok(path.startsWith('/folder/.tmp.'));
  assert.ok(path.length - '/folder/'.length < 255);
});

test('files and folders can be synced, and a missing one is told', (context) => {
  const folder = directory(context);
  writeFileSync(join(folder, 'file'), '');
  syncDirectory(folder);
  syncFile(join(folder, 'file'));
  assert.throws(
    () => syncFile(join(folder, 'absent')),
    (error) => isSatchelError(error, 'system-call-failed'),
  );
});
