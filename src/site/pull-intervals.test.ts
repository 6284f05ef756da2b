import assert from 'node:assert/strict';
import { test } from 'node:test';
import { array, assert as assertProperty, boolean, nat, property, tuple } from 'fast-check';
import { createIntervals } from './pull-intervals.ts';

const most = 40;

test('a set of intervals is what a list of single bytes would be', () => {
  const change = tuple(boolean(), nat(most), nat(most));
  void assertProperty(
    property(array(change, { maxLength: 12 }), nat(most), nat(most), (changes, start, end) => {
      const bytes = new Set<number>();
      const set = createIntervals();
      for (const [isAdded, from, to] of changes) {
        if (isAdded) set.add(from, to);
        else set.remove(from, to);
        for (let byte = from; byte < to; byte += 1)
          if (isAdded) bytes.add(byte);
          else bytes.delete(byte);
      }
      assert.equal(set.total(), bytes.size);
      const listed = set.list();
      for (const [i, { start: first, end: last }] of listed.entries()) {
        assert.ok(first < last);
        if (i > 0) assert.ok((listed[i - 1]?.end ?? 0) < first, 'neighbours have grown together');
      }
      let endOfRun = start;
      while (bytes.has(endOfRun)) endOfRun += 1;
      assert.equal(set.endFrom(start), endOfRun);
      const later = [...bytes].filter((byte) => byte >= start);
      assert.equal(set.nextFrom(start), later.length === 0 ? Number.POSITIVE_INFINITY : Math.min(...later));
      const missing = set.missing(start, end).flatMap((gap) => range(gap.start, gap.end));
      assert.deepEqual(
        missing,
        range(start, end).filter((byte) => !bytes.has(byte)),
      );
      assert.equal(set.covers(start, end), missing.length === 0);
    }),
    { numRuns: 1000 },
  );
});

test('what a set lists makes the same set again', () => {
  const set = createIntervals([
    { start: 5, end: 8 },
    { start: 0, end: 2 },
    { start: 8, end: 9 },
  ]);
  assert.deepEqual(set.list(), [
    { start: 0, end: 2 },
    { start: 5, end: 9 },
  ]);
  assert.deepEqual(createIntervals(set.list()).list(), set.list());
});

function range(start: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - start) }, (_, i) => start + i);
}
