import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { randomTrees } from '../../test/doubles/random-tree.ts';
import type { ByteString } from '../base/byte-string.ts';
import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { parseIndex, serialiseIndex } from './index-format.ts';
import { entryAt } from './index-table.ts';

const header = '{"satchel":"index","format":1}';
const inode = '"mode":493,"uid":0,"gid":0,"mtime":[0,0]';
const root = `{"path":"","type":"directory",${inode}}`;
const hash = 'ab'.repeat(32);
const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

const bytesOfLines = (...lines: string[]) => Buffer.from(`${[header, root, ...lines].join('\n')}\n`, 'utf8');
const directory = (path: string) => `{"path":"${path}","type":"directory",${inode}}`;
const fifo = (path: string) => `{"path":"${path}","type":"fifo",${inode}}`;
const file = (path: string, content = `"size":5,"sha256":"${hash}"`) =>
  `{"path":"${path}","type":"file",${inode},${content}}`;
const hardLink = (path: string, link: string) => `{"path":"${path}","type":"hardlink","link":"${link}"}`;

/** Expects a refusal with this code that names this line. */
function refuses(bytes: Uint8Array, code: MessageCode, line: number): void {
  assert.throws(
    () => parseIndex(bytes),
    (error: unknown) => {
      assert.ok(error instanceof SatchelError, String(error));
      assert.equal(error.code, code, error.message);
      assert.equal(error.parameters.line, line);
      return true;
    },
  );
}

test('any tree comes back from its index as it was', () => {
  fc.assert(
    fc.property(randomTrees, (entries) => {
      assert.deepEqual([...parseIndex(serialiseIndex(entries))], entries);
    }),
  );
});

test('an index with one byte changed is refused, or is the canonical index of another tree', () => {
  fc.assert(
    fc.property(randomTrees, fc.nat(), fc.nat(255), (entries, position, value) => {
      const bytes = Buffer.from(serialiseIndex(entries));
      bytes[position % bytes.length] = value;
      let parsed: ReturnType<typeof parseIndex>;
      try {
        parsed = parseIndex(bytes);
      } catch (error) {
        if (!isSatchelError(error)) throw error;
        assert.equal(typeof error.parameters.line, 'number');
        return;
      }
      assert.ok(bytes.equals(serialiseIndex(parsed)));
    }),
    { numRuns: 3000 },
  );
});

test('an index with one byte removed, added or cut off after is refused or canonical', () => {
  fc.assert(
    fc.property(randomTrees, fc.nat(), fc.nat(255), fc.nat(2), (entries, position, value, kind) => {
      const bytes = serialiseIndex(entries);
      const place = position % bytes.length;
      const inserted = kind === 1 ? [value] : [];
      const tail = kind === 2 ? new Uint8Array() : bytes.subarray(kind === 1 ? place : place + 1);
      const mutated = Buffer.concat([bytes.subarray(0, place), Uint8Array.from(inserted), tail]);
      try {
        assert.ok(mutated.equals(serialiseIndex(parseIndex(mutated))));
      } catch (error) {
        if (!isSatchelError(error)) throw error;
      }
    }),
    { numRuns: 3000 },
  );
});

test('bytes that are no index at all are refused with a sentence', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      assert.throws(() => parseIndex(bytes), SatchelError);
    }),
  );
});

test('the bytes of an index are these', () => {
  const lines = [
    `{"path":"bin","type":"directory","mode":493,"uid":0,"gid":0,"user":"root","group64":"/w==","mtime":[-1,5]}`,
    `{"path":"bin/a","type":"file","mode":2541,"uid":0,"gid":0,"mtime":[0,0],"size":0,"sha256":"${empty}"}`,
    `{"path":"bin/b","type":"file","mode":420,"uid":0,"gid":0,"mtime":[0,0],"size":1048577,"sha256":"${hash}","chunks":[["${hash}",1048576],["${empty}",1]],"xattrs":[{"name":"user.a","value64":"/w=="},{"name":"user.b","value":""}]}`,
    `{"path":"c","type":"char","mode":438,"uid":0,"gid":0,"mtime":[0,0],"device":[1,3]}`,
    `{"path":"d","type":"symlink","mode":511,"uid":0,"gid":0,"mtime":[0,0],"target":"../../é"}`,
    `{"path64":"/w==","type":"hardlink","link":"d"}`,
  ];
  const bytes = bytesOfLines(...lines);
  const entries = [...parseIndex(bytes)];
  assert.equal(Buffer.from(serialiseIndex(entries)).toString(), bytes.toString());
  assert.deepEqual(entries.at(-1), { type: 'hardlink', path: '\xff', link: 'd' });
  assert.deepEqual(entries[2], {
    type: 'file',
    path: 'bin/a',
    mode: 0o4755,
    uid: 0,
    gid: 0,
    mtime: [0, 0],
    xattrs: [],
    size: 0,
    sha256: empty,
  });
});

test('an index of a newer format is refused as newer, whatever else it holds', () => {
  refuses(Buffer.from('{"satchel":"index","format":2,"more":[]}\nnew things\n'), 'index-newer', 1);
});

test('a wrong header is refused', () => {
  for (const text of ['{"satchel":"map","format":1}', '{"format":1,"satchel":"index"}', '[]', 'x', ''])
    refuses(Buffer.from(`${text}\n${root}\n`), 'index-header-wrong', 1);
});

test('an index without its last line feed is refused as cut short', () => {
  refuses(bytesOfLines(fifo('a')).subarray(0, -1), 'index-cut-short', 3);
  refuses(Buffer.from(''), 'index-cut-short', 1);
});

test('an index without the root directory is refused', () => {
  refuses(Buffer.from(`${header}\n`), 'index-root-missing', 2);
  refuses(Buffer.from(`${header}\n${directory('a')}\n`), 'index-root-missing', 2);
  refuses(Buffer.from(`${header}\n${fifo('')}\n`), 'index-root-missing', 2);
});

test('paths that are unsorted or repeated are refused', () => {
  refuses(bytesOfLines(fifo('b'), fifo('a')), 'index-out-of-order', 4);
  refuses(bytesOfLines(fifo('a'), fifo('a')), 'index-out-of-order', 4);
  refuses(bytesOfLines(directory('a'), fifo('a/b'), fifo('a-b')), 'index-out-of-order', 5);
});

test('a path below something that is no directory is refused', () => {
  refuses(bytesOfLines(fifo('a/b')), 'index-parent-missing', 3);
  refuses(bytesOfLines(fifo('a'), fifo('a/b')), 'index-parent-missing', 4);
  refuses(bytesOfLines(fifo('a'), hardLink('b', 'a'), fifo('b/c')), 'index-parent-missing', 5);
});

test('a hard link to nothing, to a later path, to a directory or to a hard link is refused', () => {
  refuses(bytesOfLines(hardLink('a', 'b')), 'index-link-wrong', 3);
  refuses(bytesOfLines(hardLink('a', 'b'), fifo('b')), 'index-link-wrong', 3);
  refuses(bytesOfLines(hardLink('a', 'a')), 'index-link-wrong', 3);
  refuses(bytesOfLines(directory('a'), hardLink('b', 'a')), 'index-link-wrong', 4);
  refuses(bytesOfLines(fifo('a'), hardLink('b', 'a'), hardLink('c', 'b')), 'index-link-wrong', 5);
});

test('paths that leave the tree or that Linux cannot hold are refused', () => {
  const long = 'x'.repeat(256);
  const deep = Array.from({ length: 50 }, () => 'y'.repeat(100)).join('/');
  for (const path of [
    '/',
    '/a',
    'a/',
    'a//b',
    '.',
    '..',
    './a',
    'a/../b',
    'a/.',
    'a\\u0000b',
    long,
    `a/${long}`,
    deep,
  ])
    refuses(bytesOfLines(fifo(path)), 'index-path-wrong', 3);
  refuses(bytesOfLines(fifo('a'), hardLink('b', '../a')), 'index-path-wrong', 4);
});

test('names that only look like dots are fine', () => {
  assert.equal(parseIndex(bytesOfLines(fifo('...'), fifo('..a'), fifo('a..'))).length, 4);
});

test('fields with impossible values are refused by name', () => {
  const withField = (from: string, to: string) => bytesOfLines(fifo('a').replace(from, to));
  const cases: [string, string, string][] = [
    ['"mode":493', '"mode":4096', 'mode'],
    ['"mode":493', '"mode":-1', 'mode'],
    ['"mode":493', '"mode":"493"', 'mode'],
    ['"uid":0', '"uid":4294967295', 'uid'],
    ['"gid":0', '"gid":null', 'gid'],
    ['"gid":0', '"gid":0.5', 'gid'],
    ['[0,0]', '[0,1000000000]', 'mtime'],
    ['[0,0]', '[9007199254740992,0]', 'mtime'],
    ['[0,0]', '[0]', 'mtime'],
    [',"mtime"', ',"user":"","mtime"', 'user'],
    ['"fifo"', '"door"', 'type'],
    ['"fifo"', '"symlink"', 'target'],
    ['"fifo"', '"char"', 'device'],
    ['"fifo"', '"file"', 'size'],
    [']}', '],"xattrs":[{"name":"a","value":""},{"name":"a","value":""}]}', 'xattrs'],
    [']}', '],"xattrs":[{"name":"b","value":""},{"name":"a","value":""}]}', 'xattrs'],
    [']}', '],"xattrs":[{"name":"a"}]}', 'xattrs'],
    [']}', '],"xattrs":{}}', 'xattrs'],
  ];
  for (const [from, to, field] of cases) {
    const bytes = withField(from, to);
    refuses(bytes, 'index-field-wrong', 3);
    assert.throws(() => parseIndex(bytes), { parameters: { line: 3, field } });
  }
});

test('lines that say the right thing in another form are refused', () => {
  const line = fifo('a');
  const others = [
    line.replace(',', ', '),
    line.replace('"uid":0,"gid":0', '"gid":0,"uid":0'),
    line.replace('"uid":0', '"uid":0.0'),
    line.replace('"uid":0', '"uid":-0'),
    line.replace('493', '4.93e2'),
    line.replace('"a"', '"\\u0061"'),
    line.replace('"path":"a"', '"path":"a","path64":"YQ=="'),
    line.replace('"path":"a"', '"path64":"YQ=="'),
    line.replace('"path":"a"', '"path64":"/x=="'),
    line.replace('"path":"a"', '"path64":"/w"'),
    line.replace(']}', '],"xattrs":[]}'),
    line.replace(']}', '],"extra":1}'),
    line.replace(']}', '],"size":1}'),
    `${line} `,
    `\ufeff${line}`,
    '[]',
    '',
    'null',
    '{',
  ];
  for (const text of others) refuses(bytesOfLines(text), 'index-line-not-canonical', 3);
});

test('a line that is not UTF-8 is refused by its number', () => {
  const bytes = Buffer.concat([
    bytesOfLines(fifo('a')),
    Buffer.from(fifo('b?').replace('?', '\xff'), 'latin1'),
    Buffer.from('\n'),
  ]);
  refuses(bytes, 'index-line-not-canonical', 4);
});

test('chunks stand at files above 1 MiB and nowhere else, and add up', () => {
  const chunk = (size: number) => `["${hash}",${size}]`;
  const content = (size: number, ...chunks: number[]) =>
    `"size":${size},"sha256":"${hash}","chunks":[${chunks.map(chunk).join(',')}]`;
  const mebibyte = 1024 * 1024;
  assert.equal(parseIndex(bytesOfLines(file('a', content(mebibyte + 1, mebibyte, 1)))).length, 2);
  for (const wrong of [
    content(5, 5),
    content(mebibyte + 1, mebibyte),
    content(mebibyte + 1, mebibyte + 1),
    content(mebibyte + 1, mebibyte, 1, 0),
    content(mebibyte + 1),
    `"size":${mebibyte + 1},"sha256":"${hash}"`,
  ])
    refuses(bytesOfLines(file('a', wrong)), 'index-chunks-wrong', 3);
});

test('a size and a hash that cannot belong together are refused', () => {
  refuses(bytesOfLines(file('a', `"size":0,"sha256":"${hash}"`)), 'index-field-wrong', 3);
  refuses(bytesOfLines(file('a', `"size":1,"sha256":"${empty}"`)), 'index-field-wrong', 3);
  refuses(bytesOfLines(file('a', `"size":1,"sha256":"${hash.toUpperCase()}"`)), 'index-field-wrong', 3);
});

test('an index or a line above the limit is refused before it is parsed', () => {
  const bytes = bytesOfLines(fifo('a'));
  assert.throws(() => parseIndex(bytes, { maxBytes: 10 }), { code: 'index-too-large' });
  assert.throws(() => parseIndex(bytes, { maxLineBytes: 40 }), {
    code: 'index-line-too-long',
    parameters: { line: 2, limit: 40 },
  });
});

test('an entry is found by its path', () => {
  const entries = parseIndex(bytesOfLines(directory('a'), fifo('a-b'), fifo('a/b'), fifo('c')));
  for (const entry of entries) assert.deepEqual(entryAt(entries, entry.path), entry);
  for (const path of ['0', 'a/', 'b', 'd']) assert.equal(entryAt(entries, path as ByteString), undefined);
});
