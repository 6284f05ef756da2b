import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { walkTree } from './tree-walk.ts';

test('names come in byte order of their whole paths and links are not followed', (context) => {
  const root = mkdtempSync(join(tmpdir(), 'satchel-walk-'));
  context.after(() => rmSync(root, { recursive: true }));
  mkdirSync(join(root, 'a/b'), { recursive: true });
  writeFileSync(join(root, 'a/b/c'), '');
  writeFileSync(join(root, 'a-b'), '');
  writeFileSync(join(root, 'a0'), '');
  writeFileSync(join(root, 'a/z'), '');
  writeFileSync(Buffer.concat([Buffer.from(`${root}/a/`), Buffer.from([0xe9])]), '');
  symlinkSync('a', join(root, 'link'));
  const names = [...walkTree(root)];
  assert.deepEqual(
    names.map((found) => found.path),
    ['a', 'a-b', 'a/b', 'a/b/c', 'a/z', 'a/\xe9', 'a0', 'link'],
  );
  assert.deepEqual(
    names.filter((found) => found.isDirectory).map((found) => found.path),
    ['a', 'a/b'],
  );
});
