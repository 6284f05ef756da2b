import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Sha256 } from '../base/identifiers.ts';
import { segmentLimits } from './delta-format.ts';
import { baseFinder, type PlacedObject, windowsOf } from './windows.ts';

const mebibyte = 1024 * 1024;

/** A file of objects of one MiB, named by letters and numbers. */
function file(names: readonly string[]) {
  const objects = names.map(
    (name, ordinal): PlacedObject => ({
      sha256: name as Sha256,
      size: mebibyte,
      ordinal,
      position: ordinal * mebibyte,
    }),
  );
  return { objects, size: names.length * mebibyte };
}

const numbered = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, number) => `${prefix}${number}`);
const lengthOf = (objects: readonly PlacedObject[]) => objects.reduce((sum, { size }) => sum + size, 0);

test('no window reaches further than a segment may make, and none is left out', () => {
  const { objects } = file(numbered('new', 50));
  const windows = windowsOf(objects);
  assert.deepEqual(windows.flat(), objects);
  for (const window of windows) assert.ok(lengthOf(window) <= segmentLimits.output);
  assert.ok(Math.min(...windows.map(lengthOf)) > segmentLimits.output / 2);
});

test('gaps count as well: what lies far apart is made from different bases', () => {
  const { objects } = file(numbered('new', 40));
  assert.deepEqual(windowsOf([objects[0]!, objects[39]!]), [[objects[0]], [objects[39]]]);
});

test('a small file is its own base as a whole', () => {
  const from = file(numbered('old', 8));
  const to = file(numbered('new', 8));
  assert.deepEqual(baseFinder(to, from)(to.objects), from.objects);
});

test('the base of a window is around the place that unchanged objects point to', () => {
  const same = numbered('same', 30);
  const from = file([...numbered('gone', 30), ...same, 'old', ...numbered('end', 30)]);
  const to = file([...same, 'new', ...numbered('end', 30)]);
  const base = baseFinder(to, from)([to.objects[30]!]);
  assert.ok(base.some(({ sha256 }) => sha256 === 'old'));
  assert.ok(lengthOf(base) <= 6 * mebibyte);
});

test('no base is longer than a segment may read', () => {
  const from = file(numbered('old', 100));
  const to = file(numbered('new', 100));
  for (const window of windowsOf(to.objects)) {
    const length = lengthOf(baseFinder(to, from)(window));
    assert.ok(length <= segmentLimits.base && length > 2 * lengthOf(window) - mebibyte);
  }
});
