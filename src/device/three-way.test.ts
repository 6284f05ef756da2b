import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ByteString } from '../base/byte-string.ts';
import { temporaryFolder } from './device.fixture.ts';
import { mergeTexts } from './three-way.ts';
import { mergeAccounts } from './three-way-accounts.ts';

const three = (base: string, mine: string, theirs: string) => ({
  base: base as ByteString,
  mine: mine as ByteString,
  theirs: theirs as ByteString,
});
const merge = (base: string, mine: string, theirs: string) => mergeTexts(three(base, mine, theirs));

test('changes of both sides come together', () => {
  const base = 'a\nb\nc\nd\ne\n';
  assert.equal(merge(base, 'A\nb\nc\nd\ne\n', 'a\nb\nc\nd\nE\n'), 'A\nb\nc\nd\nE\n');
  assert.equal(merge(base, `0\n${base}`, `${base}f\n`), `0\n${base}f\n`);
  assert.equal(merge(base, 'a\nc\nd\ne\n', 'a\nb\nc\nd\n'), 'a\nc\nd\n');
  assert.equal(merge('a', 'a', 'b'), 'b');
  assert.equal(merge('', 'same\n', 'same\n'), 'same\n');
});

test('the same change on both sides is no conflict; another one in the same place is', () => {
  assert.equal(merge('a\nb\nc\n', 'a\nB\nc\n', 'a\nB\nc\nd\n'), 'a\nB\nc\nd\n');
  assert.equal(merge('a\nb\nc\n', 'a\nX\nc\n', 'a\nY\nc\n'), undefined);
  assert.equal(merge('', 'x\n', 'y\n'), undefined);
  assert.equal(merge('a\n', 'a\nx\n', 'a\ny\n'), undefined);
  assert.equal(merge('a\nb\n', 'a\nb', 'a\nB\n'), undefined, 'a last line without its line feed');
});

test('what is no text, or too long to compare, is never merged', () => {
  assert.equal(merge('a\0\nb\nc\n', 'A\0\nb\nc\n', 'a\0\nb\nC\n'), undefined);
  const lines = (first: string) => `${first}\n${'x\n'.repeat(600_000)}`;
  assert.equal(merge(lines('a'), lines('b'), `${lines('a')}c\n`), undefined);
  const many = (prefix: string) => Array.from({ length: 5000 }, (_, i) => `${prefix}${i}\n`).join('');
  assert.equal(merge(many('a'), many('b'), many('c')), undefined);
});

test('GNU diff3 merges everything that is merged here to the same text', (context) => {
  const folder = temporaryFolder(context);
  const line = fc.constantFrom('a\n', 'b\n', 'c\n', 'd\n', '\n');
  const text = fc.array(line, { maxLength: 8 }).map((lines) => lines.join(''));
  fc.assert(
    fc.property(text, text, text, (base, mine, theirs) => {
      const merged = merge(base, mine, theirs);
      if (merged === undefined) return;
      for (const [name, content] of Object.entries({ base, mine, theirs }))
        writeFileSync(join(folder, name), content);
      const names = ['mine', 'base', 'theirs'].map((name) => join(folder, name));
      const { status, stdout } = spawnSync('diff3', ['-m', ...names], { encoding: 'utf8' });
      // Where it finds no way without a conflict it judges by another alignment of equal lines.
      if (status === 0 && mine !== theirs) assert.equal(merged, stdout);
    }),
    { numRuns: 150 },
  );
  assert.match(execFileSync('diff3', ['--version'], { encoding: 'utf8' }), /diff3/);
});

test('merging loses no line that only one side added', () => {
  const base = Array.from({ length: 9 }, (_, i) => `line ${i}\n`);
  const places = fc.array(fc.nat(8), { maxLength: 3 });
  const added = (name: string, at: readonly number[]) =>
    base.map((line, i) => (at.includes(i) ? `${line}${name} ${i}\n` : line)).join('');
  fc.assert(
    fc.property(places, places, (mine, theirs) => {
      const merged = merge(base.join(''), added('mine', mine), added('theirs', theirs));
      if (mine.some((i) => theirs.includes(i))) assert.equal(merged, undefined);
      else {
        for (const i of mine) assert.ok(merged?.includes(`mine ${i}\n`));
        for (const i of theirs) assert.ok(merged?.includes(`theirs ${i}\n`));
      }
    }),
  );
});

const accounts = (base: string, mine: string, theirs: string, hasMembers = false) =>
  mergeAccounts(three(base, mine, theirs), { hasMembers });

test('users of both sides stay, whoever came last', () => {
  const root = 'root:x:0:0::/root:/bin/sh\n';
  assert.equal(accounts(root, `${root}ana:x:1000\n`, `${root}web:x:990\n`), `${root}web:x:990\nana:x:1000\n`);
  assert.equal(accounts(`${root}old:x:9\n`, `${root}old:x:9\nana:x:1\n`, root), `${root}ana:x:1\n`);
  assert.equal(accounts(`${root}old:x:9\n`, root, `${root}old:x:9\n`), root);
});

test('fields are merged, members of a group as a list, and a password that was set is never lost', () => {
  assert.equal(
    accounts('root:*:1:0:99:7:::\n', 'root:$6$x:2:0:99:7:::\n', 'root:*:1:0:88:7:::\n'),
    'root:$6$x:2:0:88:7:::\n',
  );
  assert.equal(accounts('sudo:x:27:\n', 'sudo:x:27:ana\n', 'sudo:x:27:pi\n', true), 'sudo:x:27:pi,ana\n');
  assert.equal(accounts('a:x:1:p,q\n', 'a:x:1:p,ana\n', 'a:x:1:p,q,r\n', true), 'a:x:1:p,r,ana\n');
  assert.equal(accounts('r:*:1\n', 'r:mine:1\n', 'r:theirs:1\n'), 'r:mine:1\n');
});

test('what is no list of accounts is left to the lines', () => {
  assert.equal(accounts('a:1\na:2\n', 'a:1\n', 'a:2\n'), undefined);
  assert.equal(accounts('\0', 'a:1\n', 'a:2\n'), undefined);
});
