import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { keptFile } from './kept-file.ts';

test('a file is read when it changes, and what cannot be read is told once and changes nothing', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-kept-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'file');
  const failures: unknown[] = [];
  let reads = 0;
  const read = () => {
    reads += 1;
    const text = readFileSync(path, 'utf8');
    if (text === 'wrong') throw new Error('wrong');
    return text;
  };
  const current = keptFile(
    { path, read, initial: 'nothing' },
    { onFailure: (error) => failures.push(error), pause: 0 },
  );
  assert.equal(current(), 'nothing');
  assert.equal(current(), 'nothing');
  assert.equal(failures.length, 1);
  writeFileSync(path, 'one');
  assert.deepEqual([current(), current(), reads], ['one', 'one', 2]);
  writeFileSync(path, 'wrong');
  assert.deepEqual([current(), current(), failures.length], ['one', 'one', 2]);
  rmSync(path);
  mkdirSync(path);
  assert.deepEqual([current(), current(), failures.length], ['one', 'one', 3]);
  rmSync(path, { recursive: true });
  writeFileSync(path, 'two');
  assert.equal(current(), 'two');
});
