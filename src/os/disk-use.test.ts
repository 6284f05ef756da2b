import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { scratchFolder } from '../../test/doubles/scratch.ts';
import { bytesBelow, freedWithout } from './disk-use.ts';

const scratch = scratchFolder('disk-use');
after(() => scratch.remove());

const isRoot = process.getuid?.() === 0 && 'root may read everything';

test('everything below folders counts, absent ones are none, and links are not followed', () => {
  const folder = scratch.file('all');
  mkdirSync(join(folder, 'deep'), { recursive: true });
  writeFileSync(join(folder, 'deep', 'file'), Buffer.alloc(100_000, 7));
  const bytes = bytesBelow([folder, scratch.file('absent')]);
  assert.ok(bytes >= 100_000 && bytes < 200_000, String(bytes));
  symlinkSync(folder, scratch.file('link'));
  assert.ok(bytesBelow([scratch.path]) < 200_000);
});

test('what may not be looked into does not count, and harms nothing', { skip: isRoot }, () => {
  const folder = scratch.file('closed');
  for (const name of ['unlisted', 'unsearched']) {
    mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, 'file'), Buffer.alloc(100_000, 7));
  }
  writeFileSync(join(folder, 'open'), Buffer.alloc(100_000, 7));
  chmodSync(join(folder, 'unlisted'), 0o300);
  chmodSync(join(folder, 'unsearched'), 0o600);
  const bytes = bytesBelow([folder, join(folder, 'unlisted'), join(folder, 'unsearched')]);
  assert.ok(bytes >= 100_000 && bytes < 200_000, String(bytes));
});

test('deleting gives back what has no other name elsewhere, once', () => {
  const [gone, stays] = [scratch.file('gone'), scratch.file('stays')];
  for (const folder of [gone, stays]) mkdirSync(folder);
  const file = (name: string) => {
    writeFileSync(join(gone, name), Buffer.alloc(100_000, 7));
    return join(gone, name);
  };
  linkSync(file('shared'), join(stays, 'shared'));
  linkSync(file('twice'), join(gone, 'again'));
  file('alone');
  const { bytes, inodes } = freedWithout([gone, scratch.file('absent')]);
  assert.equal(inodes, 3);
  assert.ok(bytes >= 200_000 && bytes < 300_000, String(bytes));
});
