import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isLoop, viaOf } from './via.ts';

const via = (value?: string) => viaOf({ headers: value === undefined ? {} : { 'satchel-via': value } });

test('the places that a request has come through are told by its header', () => {
  assert.deepEqual(via(), []);
  assert.deepEqual(via('a1, b2 ,,c3'), ['a1', 'b2', 'c3']);
  assert.ok(via('x, '.repeat(10_000)).length < 1000);
});

test('a place that finds itself there is in a circle, and so is whoever finds sixteen', () => {
  assert.equal(isLoop([], 'own'), false);
  assert.equal(isLoop(['a', 'b'], 'own'), false);
  assert.equal(isLoop(['a', 'own'], 'own'), true);
  assert.equal(isLoop(Array(16).fill('a'), undefined), true);
});
