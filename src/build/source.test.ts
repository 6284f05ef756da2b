import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { nameOfSource, openSource } from './source.ts';

let folder = '';
const at = (name: string) => join(folder, name);
const files = (contents: Record<string, string>) => {
  for (const [name, text] of Object.entries(contents)) writeFileSync(at(name), text);
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'satchel-source-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the four files of a build are found from the archive, whatever its compression', () => {
  files({ 'P.name': 'py802-1  \nmore\n', 'P.contents': '', 'P-tree.tar.bz2.md5': '' });
  for (const ending of ['.bz2', '.lzma', '.xz', '.gz', '.zst', '']) {
    files({ [`P-tree.tar${ending}`]: '' });
    assert.deepEqual(openSource(at(`P-tree.tar${ending}`)), {
      kind: 'archive',
      path: at(`P-tree.tar${ending}`),
      ...(ending === '.bz2' ? { md5Path: at('P-tree.tar.bz2.md5') } : {}),
      contentsPath: at('P.contents'),
      publishedName: 'py802-1',
      derivedName: 'P',
    });
  }
});

test('the spelling of the image builder has its manifest in .toc', () => {
  files({ 'P.tree.tar.lzma': '', 'P.tree.tar.lzma.md5': '', 'P.toc': '' });
  assert.deepEqual(openSource(at('P.tree.tar.lzma')), {
    kind: 'archive',
    path: at('P.tree.tar.lzma'),
    md5Path: at('P.tree.tar.lzma.md5'),
    contentsPath: at('P.toc'),
    derivedName: 'P',
  });
});

test('the oldest spelling has no tar in its name', () => {
  files({ 'P-tree.bz2': '', 'P.contents': '', 'P.name': 'build-1\n' });
  const source = openSource(at('P-tree.bz2'));
  assert.ok(source.kind === 'archive');
  assert.equal(source.contentsPath, at('P.contents'));
  assert.equal(nameOfSource(source), 'build-1');
});

test('a prefix finds its archive: bz2 before lzma before xz before the rest', () => {
  const order = ['-tree.bz2', '.tree.tar.lzma', '-tree.tar', '-tree.tar.zst', '-tree.tar.gz', '-tree.tar.xz'];
  for (const ending of [...order, '-tree.tar.lzma', '-tree.tar.bz2']) {
    files({ [`P${ending}`]: '' });
    const source = openSource(at('P'));
    assert.equal(source.kind === 'archive' && source.path, at(`P${ending}`));
  }
});

test('any other tar is taken by its content, and its name without the endings is the name of the build', () => {
  for (const name of ['other.tar.zst', 'other.tar', 'other.tgz', 'other']) {
    files({ [name]: '' });
    const source = openSource(at(name));
    assert.deepEqual(source, { kind: 'archive', path: at(name), derivedName: 'other' });
    assert.equal(nameOfSource(source), 'other');
  }
});

test('a directory is taken as it is, even if a set has the same prefix', () => {
  mkdirSync(at('P'));
  files({ 'P-tree.tar': '' });
  assert.deepEqual(openSource(at('P')), { kind: 'directory', path: at('P'), derivedName: 'P' });
  assert.equal(openSource(`${at('P')}/`).kind, 'directory');
});

test('a dash is standard input, which has no name of its own', () => {
  assert.deepEqual(openSource('-'), { kind: 'stream' });
  assert.throws(() => nameOfSource(openSource('-')), { code: 'source-name-missing', exitCode: 2 });
  assert.equal(nameOfSource(openSource('-'), 'given'), 'given');
});

test('a pipe has no name of its own either', () => {
  execFileSync('mkfifo', [at('pipe')]);
  assert.deepEqual(openSource(at('pipe')), { kind: 'archive', path: at('pipe') });
  assert.throws(() => nameOfSource(openSource(at('pipe'))), { code: 'source-name-missing' });
});

test('the name that the operator gives comes before the published one', () => {
  files({ 'P-tree.tar': '', 'P.name': 'published' });
  assert.equal(nameOfSource(openSource(at('P')), 'given'), 'given');
  assert.throws(() => nameOfSource(openSource(at('P')), '../x'), { code: 'name-not-allowed' });
});

test('a published name outside the alphabet is refused, a file name outside it asks for --name', () => {
  files({ 'P-tree.tar': '', 'P.name': '../evil\n', 'my tree.tar': '' });
  assert.throws(() => nameOfSource(openSource(at('P'))), { code: 'name-not-allowed' });
  assert.throws(() => nameOfSource(openSource(at('my tree.tar'))), { code: 'source-name-missing' });
});

test('an empty first line of .name counts as none', () => {
  files({ 'P-tree.tar': '', 'P.name': '\nsecond\n' });
  assert.equal(nameOfSource(openSource(at('P'))), 'P');
});

test('a source that is not there is told as such', () => {
  assert.throws(() => openSource(at('nothing')), { code: 'source-not-found', exitCode: 3 });
});

test('a .name that is far too large is refused', () => {
  files({ 'P-tree.tar': '', 'P.name': 'x'.repeat(70_000) });
  assert.throws(() => openSource(at('P')), { code: 'source-side-file-too-large' });
});
