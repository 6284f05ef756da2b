import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeNode } from '../os/system-calls.ts';
import { temporaryFolder } from './device.fixture.ts';
import { readAt } from './read-at.ts';

const content = Buffer.from('0123456789');

function fileIn(context: TestContext): { folder: string; file: string } {
  const folder = temporaryFolder(context);
  const file = join(folder, 'file');
  writeFileSync(file, content);
  return { folder, file };
}

test('a part of a file is read from where it begins', (context) => {
  const { file } = fileIn(context);
  assert.deepEqual(readAt(file, 3, 4), content.subarray(3, 7));
  assert.deepEqual(readAt(file, 0, 10), content);
  assert.deepEqual(readAt(file, 10, 0), Buffer.alloc(0));
});

test('a file that ends too early gives nothing', (context) => {
  const { file } = fileIn(context);
  assert.equal(readAt(file, 7, 4), undefined);
  assert.equal(readAt(file, 100, 1), undefined);
});

test('whatever is no regular file gives nothing, and nobody waits for it', async (context) => {
  const { folder, file } = fileIn(context);
  const at = (name: string) => join(folder, name);
  mkdirSync(at('directory'));
  symlinkSync(file, at('symlink'));
  makeNode(at('fifo'), 'fifo', 0o600, 0, 0);
  const server = createServer().listen(at('socket'));
  await new Promise((listening) => server.once('listening', listening));
  context.after(() => server.close());
  const names = ['directory', 'symlink', 'fifo', 'socket', 'absent', 'file/below'];
  if (process.geteuid?.() === 0) {
    makeNode(at('zeroes'), 'char', 0o600, 1, 5);
    makeNode(at('no-driver'), 'char', 0o600, 4095, 1);
    names.push('zeroes', 'no-driver');
  }
  for (const name of names) assert.equal(readAt(at(name), 0, 1), undefined, name);
});

test('a file that this user may not read gives nothing', {
  skip: process.geteuid?.() === 0 && 'root may read everything',
}, (context) => {
  const { file } = fileIn(context);
  chmodSync(file, 0);
  assert.equal(readAt(file, 0, 1), undefined);
});
