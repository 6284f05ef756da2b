import assert from 'node:assert/strict';
import {
  chmodSync,
  closeSync,
  createReadStream,
  lchownSync,
  linkSync,
  mkdirSync,
  openSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { type TestContext, test } from 'node:test';
import { type ByteString, byteStringFromText, pathBelow } from '../base/byte-string.ts';
import { findProgram } from '../os/process.ts';
import { makeNode, setTimes, setXattr } from '../os/system-calls.ts';
import {
  createEverything,
  describeMembers,
  describeTree,
  isRoot,
  needsRoot,
  run,
  scratch,
} from './gnu-tar.testkit.ts';
import { readTar } from './tar.ts';

const capNetRaw = Buffer.from('0100000200200000000000000000000000000000', 'hex').toString('latin1');

/** A tree with one of everything that a tar can carry (as root), or with what an ordinary user can make. */
function makeTree(root: string): void {
  mkdirSync(`${root}/empty`, { recursive: true });
  writeFileSync(`${root}/file`, 'content\n');
  writeFileSync(`${root}/nothing`, '');
  writeFileSync(`${root}/large`, Buffer.alloc(3_000_000, 'large '));
  linkSync(`${root}/file`, `${root}/linked`);
  symlinkSync('../some/where', `${root}/symlink`);
  symlinkSync('t'.repeat(300), `${root}/long target`);
  const deep = `${root}/${'d'.repeat(120)}/${'e'.repeat(120)}/${'f'.repeat(120)}`;
  mkdirSync(deep, { recursive: true });
  writeFileSync(`${deep}/${'n'.repeat(250)}`, 'deep');
  writeFileSync(pathBelow(root, 'caf\xe9' as ByteString), 'latin1');
  writeFileSync(`${root}/café ☕`, 'utf8');
  writeFileSync(`${root}/new\nline`, 'x');
  writeFileSync(pathBelow(root, `${'\xff'.repeat(130)}` as ByteString), 'long and not UTF-8');
  makeSparse(`${root}/sparse`, 20);
  makeSparse(`${root}/many holes`, 300);
  writeFileSync(`${root}/all hole`, '');
  truncateSync(`${root}/all hole`, 5_000_000);
  writeFileSync(`${root}/old`, 'before 1970');
  setTimes(`${root}/old`, [-2, 250_000_001]);
  setTimes(`${root}/symlink`, [1_000_000_000, 1]);
  setTimes(`${root}/large`, [5_000_000_000, 999_999_999]);
  chmodSync(`${root}/large`, 0o4751);
  chmodSync(`${root}/empty`, 0o1777);
  if (isRoot) makeRootOnlyParts(root);
}

function makeRootOnlyParts(root: string): void {
  makeNode(`${root}/null`, 'char', 0o666, 1, 3);
  makeNode(`${root}/disk`, 'block', 0o660, 259, 70_000);
  makeNode(`${root}/pipe`, 'fifo', 0o644);
  lchownSync(`${root}/large`, 1234, 4_000_000_000);
  chmodSync(`${root}/large`, 0o4751);
  lchownSync(`${root}/symlink`, 3_000_000, 7);
  writeFileSync(`${root}/ping`, 'ping');
  setXattr(`${root}/ping`, byteStringFromText('security.capability'), capNetRaw as ByteString);
  setXattr(`${root}/ping`, byteStringFromText('user.empty'), '' as ByteString);
  setXattr(`${root}/ping`, byteStringFromText('user.lines'), 'a\n30 path=evil\n\0\xff' as ByteString);
  setXattr(`${root}/ping`, byteStringFromText('user.a=b%c'), 'odd name' as ByteString);
  run('setfacl', ['-m', 'u:12345:rw,g:54321:r,u:0:x', `${root}/file`]);
  run('setfacl', ['-d', '-m', 'u:12345:rwx,o::-', `${root}/empty`]);
}

/** Data of 4 KiB between holes of 28 KiB, a hole at the end. */
function makeSparse(path: string, parts: number): void {
  const file = openSync(path, 'w');
  for (let index = 0; index < parts; index += 1) {
    writeSync(file, Buffer.alloc(4096, `part ${index}`), 0, 4096, index * 32_768 + 8192);
  }
  closeSync(file);
  truncateSync(path, parts * 32_768 + 5);
}

async function comparesEqual(t: TestContext, options: readonly string[]): Promise<void> {
  if (!isRoot) t.diagnostic(String(needsRoot));
  const folder = scratch(t);
  const tree = `${folder}/tree`;
  makeTree(tree);
  const archive = `${folder}/a.tar`;
  run('tar', [...createEverything, ...options, '-C', tree, '-cpf', archive, '.']);
  const expected = describeTree(tree);
  for (const highWaterMark of [64 * 1024, 1000]) {
    const stream = createReadStream(archive, { highWaterMark });
    assert.deepEqual(await describeMembers(readTar(stream)), expected);
  }
}

for (const version of ['0.0', '0.1', '1.0']) {
  test(`a tree with everything reads from GNU tar's pax archive as it is, sparse format ${version}`, async (t) => {
    await comparesEqual(t, ['--format=posix', `--sparse-version=${version}`]);
  });
}

test("a tree reads from GNU tar's old format as it is, but for attributes and parts of seconds", async (t) => {
  const folder = scratch(t);
  const tree = `${folder}/tree`;
  makeTree(tree);
  run('tar', ['--numeric-owner', '--sparse', '--format=gnu', '-C', tree, '-cpf', `${folder}/a.tar`, '.']);
  const expected = describeTree(tree);
  for (const described of Object.values(expected)) {
    described.mtime = described.mtime.replace(/\..*/, '.0');
    described.xattrs = [];
  }
  assert.deepEqual(await describeMembers(readTar(createReadStream(`${folder}/a.tar`))), expected);
});

for (const format of ['ustar', 'v7']) {
  test(`GNU tar's ${format} archive reads as it is`, async (t) => {
    const folder = scratch(t);
    const tree = `${folder}/tree`;
    mkdirSync(`${tree}/a directory`, { recursive: true });
    mkdirSync(`${tree}/empty`);
    writeFileSync(`${tree}/a directory/file`, 'content');
    linkSync(`${tree}/a directory/file`, `${tree}/link`);
    symlinkSync('a directory/file', `${tree}/symlink`);
    if (format === 'ustar') {
      mkdirSync(`${tree}/${'p'.repeat(90)}`);
      writeFileSync(`${tree}/${'p'.repeat(90)}/${'q'.repeat(90)}`, 'prefix');
    }
    run('tar', ['--numeric-owner', `--format=${format}`, '-C', tree, '-cpf', `${folder}/a.tar`, '.']);
    const expected = describeTree(tree);
    for (const described of Object.values(expected)) described.mtime = described.mtime.replace(/\..*/, '.0');
    assert.deepEqual(await describeMembers(readTar(createReadStream(`${folder}/a.tar`))), expected);
  });
}

const bsdtar = findProgram('bsdtar');

test("bsdtar's pax archive of a tree with everything reads as it is", {
  skip: bsdtar === undefined && 'bsdtar (Debian: libarchive-tools) is not installed',
}, async (t) => {
  const folder = scratch(t);
  const tree = `${folder}/tree`;
  makeTree(tree);
  // libarchive writes -1.75 as "-2.25": seconds and their fraction, each for itself.
  setTimes(`${tree}/old`, [-2, 0]);
  run(bsdtar!, ['--format', 'pax', '--xattrs', '--acls', '-C', tree, '-cpf', `${folder}/a.tar`, '.']);
  assert.deepEqual(await describeMembers(readTar(createReadStream(`${folder}/a.tar`))), describeTree(tree));
});
