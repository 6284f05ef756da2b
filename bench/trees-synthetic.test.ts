import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { writeIncompressibleTree, writeSyntheticTree } from './trees-synthetic.ts';

test('GNU tar reads a synthetic tree with as many files as were asked for', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'satchel-synthetic-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const tar = join(directory, 'x.tar');
  writeSyntheticTree(tar, 250);
  const names = execFileSync('tar', ['-tf', tar], { encoding: 'utf8' }).trim().split('\n');
  assert.equal(names.filter((name) => !name.endsWith('/')).length, 250);
});

test('so many files differ as were asked for, and no others', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'satchel-synthetic-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const digests = [0, 10].map((changed) => {
    const tar = join(directory, `${changed}.tar`);
    writeSyntheticTree(tar, 250, changed);
    const sums = execFileSync('tar', ['-xf', tar, '--to-command=md5sum'], { encoding: 'utf8' });
    return sums.trim().split('\n');
  });
  assert.equal(digests[1]!.length, 250);
  assert.equal(digests[1]!.filter((digest, at) => digest !== digests[0]![at]).length, 10);
});

test('the incompressible tree is the same every time and does not get smaller', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'satchel-synthetic-'));
  context.after(() => rmSync(directory, { recursive: true, force: true }));
  const [one, two] = [join(directory, '1.tar'), join(directory, '2.tar')];
  writeIncompressibleTree(one, 9e6);
  writeIncompressibleTree(two, 9e6);
  execFileSync('cmp', [one, two]);
  const compressed = execFileSync('gzip', ['-1c', one], { maxBuffer: 64e6 });
  assert.ok(compressed.length > 16e6);
});
