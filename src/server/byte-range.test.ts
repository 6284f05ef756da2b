import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assert as assertProperty, nat, property, string } from 'fast-check';
import { byteRange } from './byte-range.ts';

test('the three forms of a range are understood and cut at the end of the file', () => {
  assert.deepEqual(byteRange('bytes=0-0', 10), { start: 0, length: 1 });
  assert.deepEqual(byteRange('bytes=2-5', 10), { start: 2, length: 4 });
  assert.deepEqual(byteRange('bytes=2-500', 10), { start: 2, length: 8 });
  assert.deepEqual(byteRange('bytes=9-', 10), { start: 9, length: 1 });
  assert.deepEqual(byteRange('bytes=-3', 10), { start: 7, length: 3 });
  assert.deepEqual(byteRange('bytes=-300', 10), { start: 0, length: 10 });
});

test('a range that begins beyond the end or is empty cannot be satisfied', () => {
  for (const header of ['bytes=10-', 'bytes=10-20', 'bytes=-0']) {
    assert.equal(byteRange(header, 10), 'unsatisfiable', header);
  }
  assert.equal(byteRange('bytes=0-', 0), 'unsatisfiable');
  assert.equal(byteRange('bytes=-5', 0), 'unsatisfiable');
});

test('what is malformed, of another unit or several ranges asks for the whole file', () => {
  for (const header of [
    undefined,
    '',
    'bytes',
    'bytes=',
    'bytes=-',
    'bytes=5-2',
    'bytes=a-b',
    'bytes=1-2,4-5',
    'bytes=+1-2',
    'bytes=1.5-2',
    'lines=1-2',
    `bytes=${'9'.repeat(30)}-`,
  ]) {
    assert.equal(byteRange(header, 10), 'whole', header);
  }
});

test('a range lies within the file whatever is asked', () => {
  const within = (header: string, size: number) => {
    const range = byteRange(header, size);
    if (typeof range === 'string') return;
    assert.ok(range.start >= 0 && range.length >= 1 && range.start + range.length <= size);
  };
  void assertProperty(property(nat(), nat(), nat(), (a, b, size) => within(`bytes=${a}-${b}`, size)));
  void assertProperty(property(string(), nat(), (text, size) => within(`bytes=${text}`, size)));
});
