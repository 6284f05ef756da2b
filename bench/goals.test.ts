import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result } from './contest.ts';
import { judge } from './goals.ts';

const result = (row: string, who: string, ...walls: number[]): Result => ({
  pair: 'small-minor',
  row,
  who,
  samples: walls.map((wall) => ({ wall, cpu: wall, peak: 1e6 })),
});

test('a goal against a peer compares medians of the same run', () => {
  const results = [result('first install', 'satchel', 1, 5, 2), result('first install', 'rsync', 3, 1, 2)];
  const wall = judge(results).find(({ goal }) => goal.measure === 'wall');
  assert.equal(wall?.ours, 2);
  assert.equal(wall?.theirs, 2);
  assert.equal(wall?.met, true);
});

test('a goal whose peer was left out is not judged', () => {
  assert.deepEqual(
    judge([result('publish the first', 'satchel', 1)]).map(({ goal }) => goal.measure),
    ['memory'],
  );
});
