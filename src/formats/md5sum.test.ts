import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import { run, scratch } from './gnu-tar.testkit.ts';
import { md5For, parseMd5sum } from './md5sum.ts';

const hash = 'd41d8cd98f00b204e9800998ecf8427e';
const parse = (text: string) => parseMd5sum(Buffer.from(text, 'latin1'));
const name = byteStringFromText;

test('text mode, binary mode, BSD style and capital letters are read', () => {
  assert.deepEqual(parse(`${hash}  a b\n${hash.toUpperCase()} *c\nMD5 (d (1)) = ${hash}\n`), [
    { md5: hash, name: 'a b' },
    { md5: hash, name: 'c' },
    { md5: hash, name: 'd (1)' },
  ]);
});

test('a line end is not needed, and carriage returns and blank lines do not matter', () => {
  assert.deepEqual(parse(`\r\n${hash}  a\r\n\n${hash}  b`), [
    { md5: hash, name: 'a' },
    { md5: hash, name: 'b' },
  ]);
});

test('what md5sum itself writes is read, whatever the name', (t) => {
  const folder = scratch(t);
  for (const file of ['plain', 'back\\slash', 'new\nline', 'é', '\\\\n', ' *x']) {
    writeFileSync(`${folder}/${file}`, '');
    for (const options of [[], ['--tag'], ['-b']]) {
      const output = run('md5sum', [...options, '--', `${folder}/${file}`]);
      assert.deepEqual(parseMd5sum(output), [{ md5: hash, name: name(`${folder}/${file}`) }]);
    }
  }
});

for (const [what, text, line] of [
  ['an empty file', '', 1],
  ['a hash without a name', `${hash}\n`, 1],
  ['a short hash', `${hash}  a\n${hash.slice(1)}  b\n`, 2],
  ['letters beyond hex', `g${hash.slice(1)}  a\n`, 1],
  ['an unknown escape', `\\${hash}  a\\tb\n`, 1],
  ['a lone backslash at the end', `\\${hash}  a\\\n`, 1],
  ['a web page', '<html>\n', 1],
] as const) {
  test(`${what} is refused with its line`, () => {
    assert.throws(() => parse(text), { name: 'SatchelError', code: 'md5sum-invalid', parameters: { line } });
  });
}

test('the hash of a file is found by its name relative to the list', () => {
  const lines = parse(`${hash}  ./a.tar.bz2\n${'0'.repeat(32)}  b/a.tar\n`);
  assert.equal(md5For(lines, name('a.tar.bz2')), hash);
  assert.equal(md5For(lines, 'a.tar' as ByteString), undefined);
});
