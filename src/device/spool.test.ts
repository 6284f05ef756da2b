import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { Sha256 } from '../base/identifiers.ts';
import { openSpool, readPieces, type Spool } from './spool.ts';

const file = 'ab'.repeat(32) as Sha256;
const other = 'cd'.repeat(32) as Sha256;
let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'satchel-spool-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

async function receive(spool: Spool, start: number, bytes: Uint8Array): Promise<void> {
  const writer = spool.append(file, start);
  await writer.write(bytes);
  await writer.close();
}

test('no bytes at all are always there', () => {
  assert.deepEqual(readPieces(openSpool(directory).locate(file, { start: 7, end: 7 })), Buffer.alloc(0));
});

test('what was received is still there for the next process', async () => {
  await receive(openSpool(directory), 100, Buffer.alloc(50, 7));
  const spool = openSpool(directory);
  assert.deepEqual(spool.missing(file, { start: 100, end: 200 }), [{ start: 150, end: 200 }]);
  assert.equal(spool.size(), 50);
});

test('a piece goes on in the same file where it stopped, so that a frame lies in one place', async () => {
  await receive(openSpool(directory), 0, Buffer.from('abc'));
  await receive(openSpool(directory), 3, Buffer.from('def'));
  const pieces = openSpool(directory).locate(file, { start: 1, end: 5 });
  assert.equal(pieces.length, 1);
  assert.equal(readPieces(pieces).toString(), 'bcde');
});

test('pieces from several sources are read as one', async () => {
  const spool = openSpool(directory);
  await receive(spool, 4, Buffer.from('efgh'));
  await receive(spool, 0, Buffer.from('abcd'));
  assert.equal(readPieces(spool.locate(file, { start: 2, end: 7 })).toString(), 'cdefg');
});

test('bytes that proved wrong are forgotten, and what came before them is kept', async () => {
  const spool = openSpool(directory);
  await receive(spool, 0, Buffer.alloc(100));
  spool.discard(file, { start: 40, end: 60 });
  assert.deepEqual(openSpool(directory).missing(file, { start: 0, end: 100 }), [{ start: 40, end: 100 }]);
});

test('pieces of another file do not count', async () => {
  const spool = openSpool(directory);
  await receive(spool, 0, Buffer.alloc(10));
  assert.deepEqual(spool.missing(other, { start: 0, end: 10 }), [{ start: 0, end: 10 }]);
});

test('files that are no pieces are left alone', () => {
  writeFileSync(join(directory, 'notes.txt'), 'x');
  assert.equal(openSpool(directory).size(), 0);
  assert.deepEqual(readdirSync(directory), ['notes.txt']);
});

test('whatever was received in whatever order, the gaps and the pieces together are exactly what was asked for', async () => {
  const content = Buffer.from(Array.from({ length: 200 }, (_, i) => i));
  const interval = fc
    .tuple(fc.nat(199), fc.nat(199))
    .map(([a, b]) => ({ start: Math.min(a, b), end: Math.max(a, b) + 1 }));
  await fc.assert(
    fc.asyncProperty(fc.array(interval, { maxLength: 8 }), interval, async (received, wanted) => {
      const own = mkdtempSync(join(directory, 'run-'));
      const spool = openSpool(own);
      for (const wish of received)
        for (const { start, end } of spool.missing(file, wish))
          await receive(spool, start, content.subarray(start, end));
      const reopened = openSpool(own);
      for (const gap of reopened.missing(file, wanted))
        await receive(reopened, gap.start, content.subarray(gap.start, gap.end));
      assert.deepEqual(reopened.missing(file, wanted), []);
      assert.deepEqual(readPieces(reopened.locate(file, wanted)), content.subarray(wanted.start, wanted.end));
    }),
    { numRuns: 60 },
  );
});
