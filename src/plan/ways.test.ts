import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answerHead, cheapestWay, diskReserve, refusal, type Way } from './ways.ts';

const way = (kind: Way['kind'], bytes: number, disk = 0): Way => ({
  kind,
  bytes,
  requests: 1,
  roundTrips: 1,
  disk,
  inodes: 1,
  memory: 0,
});
const plenty = { freeBytes: 1e12, freeInodes: 1e6, freeMemory: 1e9 };

test('the way with the fewest bytes is taken', () => {
  assert.equal(cheapestWay([way('everything', 100), way('objects', 10)], plenty)?.kind, 'objects');
});

test('the data budget is law: a larger way is never taken instead', () => {
  assert.equal(
    cheapestWay([way('everything', 100), way('objects', 10)], { ...plenty, maximumBytes: 9 }),
    undefined,
  );
});

test('a way that fits the data budget exactly is allowed', () => {
  assert.equal(refusal(way('objects', 10), { ...plenty, maximumBytes: 10 }), undefined);
});

test('a way that would eat into the reserve of the disk is refused', () => {
  const budget = { ...plenty, freeBytes: 1000 + diskReserve };
  assert.equal(refusal(way('objects', 1, 1000), budget), undefined);
  assert.equal(refusal(way('objects', 1, 1001), budget), 'disk');
});

test('a way that makes more files than the file system has room for is refused', () => {
  assert.equal(refusal({ ...way('objects', 1), inodes: 6 }, { ...plenty, freeInodes: 5 }), 'inodes');
});

test('of two ways with as many bytes the one with fewer requests is taken', () => {
  const many = { ...way('objects', 10), requests: 2 };
  assert.equal(cheapestWay([many, way('delta', 10)], plenty)?.kind, 'delta');
});

test('the heads of the answers count against what is left of the month', () => {
  const left = { ...plenty, monthLeft: 10 + answerHead };
  assert.equal(refusal(way('delta', 10), left), undefined);
  assert.equal(refusal(way('delta', 11), left), 'monthly-bytes');
});

test('a delta that takes more memory than there is gives way to a larger download', () => {
  const ways = [{ ...way('delta', 1), memory: 2e9 }, way('objects', 10)];
  assert.equal(cheapestWay(ways, plenty)?.kind, 'objects');
});
