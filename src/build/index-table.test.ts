import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel, receiveMessageOnPort } from 'node:worker_threads';
import { type ByteString, byteString, byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexEntry } from './entry.ts';
import { parseIndex, serialiseIndex } from './index-format.ts';
import { entryAt, hardLinksOf, IndexTable, pathOf, type SharedIndex } from './index-table.ts';

const inode = { mode: 0o755, uid: 0, gid: 0, mtime: [0, 0], xattrs: [] } as const;
const entries: readonly IndexEntry[] = [
  { type: 'directory', path: '' as ByteString, ...inode },
  {
    type: 'symlink',
    path: byteStringFromText('a","type":"hardlink'),
    ...inode,
    target: byteStringFromText('x'),
  },
  { type: 'fifo', path: byteStringFromText('señal'), ...inode },
  { type: 'hardlink', path: byteString(Buffer.from([0xff])), link: byteStringFromText('señal') },
];
const table = () => IndexTable.ofChecked(serialiseIndex(entries));

test('a table gives the entries that its index was written from, by number and in order', () => {
  assert.equal(table().length, 4);
  assert.deepEqual([...table()], entries);
  assert.deepEqual([...table().entries()], [...entries.entries()]);
  assert.deepEqual(
    entries.map((_, number) => table().at(number)),
    entries,
  );
});

test('a path is read without the rest of its line, whatever characters it has', () => {
  for (const [number, { path }] of entries.entries()) assert.equal(table().pathAt(number), path);
});

test('there is no entry beyond the first and the last', () => {
  assert.equal(table().at(-1), undefined);
  assert.equal(table().at(4), undefined);
  assert.equal(pathOf(table(), 4), undefined);
});

test('a table that another thread is given reads the same entries from the same memory', () => {
  const own = parseIndex(serialiseIndex(entries));
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(own.share());
  const other: SharedIndex = receiveMessageOnPort(port2)?.message;
  port1.close();
  assert.deepEqual([...IndexTable.ofShared(other)], entries);
  assert.deepEqual([...own], entries, 'the table goes on working after its bytes have moved');
  assert.equal(own.share().bytes.buffer, own.share().bytes.buffer, 'and they move only once');
});

test('a search among the first entries does not see the others', () => {
  assert.equal(entryAt(table(), 'señal', 2), undefined);
  assert.deepEqual(entryAt(table(), byteStringFromText('señal'), 3), entries[2]);
});

test('hard links are found without reading other lines, in a table as in a list', () => {
  const expected = [[3, entries[3]]];
  assert.deepEqual([...hardLinksOf(table())], expected);
  assert.deepEqual([...hardLinksOf(entries)], expected);
});

test('a table may say that every inode belongs to one owner, in other threads too', () => {
  const owned = table().ownedBy({ uid: 1000, gid: 100 });
  const expected = entries.map((entry) =>
    entry.type === 'hardlink' ? entry : { ...entry, uid: 1000, gid: 100 },
  );
  assert.deepEqual([...owned], expected);
  assert.deepEqual([...IndexTable.ofShared(structuredClone(owned.share()))], expected);
});

test('whether a file has one of some objects is found without reading lines', () => {
  const [whole, chunk, other] = ['a', 'b', 'c'].map((digit) => digit.repeat(64) as Sha256);
  const large = 2 * 1024 * 1024;
  const files = IndexTable.ofChecked(
    serialiseIndex([
      entries[0]!,
      { type: 'file', path: 'f' as ByteString, ...inode, size: 1, sha256: whole! },
      {
        ...{ type: 'file', path: 'g' as ByteString, ...inode, size: large, sha256: other! },
        chunks: [{ sha256: chunk!, size: large }],
      },
    ]),
  );
  assert.ok(files.namesAny(new Set([whole!])));
  assert.ok(files.namesAny(new Set([chunk!])));
  assert.ok(!files.namesAny(new Set(['d'.repeat(64)])));
});
