import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ahead } from './ahead.ts';

test('results come in order, so many at once and no more', async () => {
  let running = 0;
  let most = 0;
  const work = async (item: number) => {
    running += 1;
    most = Math.max(most, running);
    for (let turn = 0; turn < 10 - item; turn += 1) await Promise.resolve();
    running -= 1;
    return item * 2;
  };
  assert.deepEqual(await Array.fromAsync(ahead([1, 2, 3, 4, 5, 6], 3, work)), [2, 4, 6, 8, 10, 12]);
  assert.equal(most, 3);
});

test('after a failure nothing new is begun', async () => {
  const begun: number[] = [];
  const work = async (item: number) => {
    begun.push(item);
    if (item === 2) throw new Error('two');
    return item;
  };
  await assert.rejects(Array.fromAsync(ahead([1, 2, 3, 4, 5, 6], 2, work)), { message: 'two' });
  assert.deepEqual(begun, [1, 2, 3]);
});

test('a consumer that stops leaves nothing running', async () => {
  const ended: number[] = [];
  const work = async (item: number) => {
    await Promise.resolve();
    ended.push(item);
    return item;
  };
  for await (const first of ahead([1, 2, 3, 4], 2, work)) {
    assert.equal(first, 1);
    break;
  }
  assert.deepEqual(ended, [1, 2]);
});
