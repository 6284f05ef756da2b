import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildName } from '../base/identifiers.ts';
import { chooseEvictions, type EvictableTree } from './evict.ts';

/** A tree of inodes with these numbers, 10 bytes each; it was used at the moment that is its place in the list. */
const trees = (...given: { name: string; inodes: number[]; stays?: boolean }[]): EvictableTree[] =>
  given.map(({ name, inodes, stays = false }, usedAt) => ({
    name: buildName(name),
    usedAt,
    stays,
    inodes: {
      numbers: Float64Array.from(inodes),
      bytes: new Float64Array(inodes.length).fill(10),
      sum: 10 * inodes.length,
    },
  }));

test('nothing goes while the budget is kept', () => {
  const chosen = chooseEvictions(trees({ name: 'a', inodes: [1, 2] }, { name: 'b', inodes: [2, 3] }), 30);
  assert.deepEqual(chosen, { victims: [], before: 30, after: 30 });
});

test('the least recently used goes first, and no more than necessary', () => {
  const all = trees({ name: 'a', inodes: [1] }, { name: 'b', inodes: [2] }, { name: 'c', inodes: [3] });
  assert.deepEqual(chooseEvictions(all.toReversed(), 20), { victims: ['a'], before: 30, after: 20 });
});

test('what others share is freed with the last of them', () => {
  const all = trees({ name: 'a', inodes: [1, 9] }, { name: 'b', inodes: [2, 9] }, { name: 'c', inodes: [3] });
  assert.deepEqual(chooseEvictions(all, 30), { victims: ['a'], before: 40, after: 30 });
  assert.deepEqual(chooseEvictions(all, 10), { victims: ['a', 'b'], before: 40, after: 10 });
});

test('several names of one inode count once', () => {
  assert.equal(chooseEvictions(trees({ name: 'a', inodes: [1, 1, 1] }), 0).before, 10);
  assert.equal(chooseEvictions(trees({ name: 'a', inodes: [1, 1, 1] }), 0).after, 0);
});

test('what has to stay stays, whatever the budget', () => {
  const all = trees({ name: 'a', inodes: [1], stays: true }, { name: 'b', inodes: [2] });
  assert.deepEqual(chooseEvictions(all, 0), { victims: ['b'], before: 20, after: 10 });
});
