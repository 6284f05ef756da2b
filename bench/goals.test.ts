import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result } from './contest.ts';
import { judge } from './goals.ts';

const result = (row: string, who: string, ...walls: number[]): Result => ({
  pair: 'small-minor',
  row,
  who,
  samples: walls.map((wall) => ({ wall, cpu: wall, peak: 1e6, written: 0 })),
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

test('a goal may be a multiple of a contender of another row of the pair', () => {
  const results: Result[] = [
    { ...result('update', 'satchel'), wire: { bytes: 4 } },
    { ...result('update, one time', 'ostree delta'), wire: { bytes: 10 } },
  ];
  const wire = judge(results).find(({ goal }) => goal.measure === 'wire');
  assert.equal(wire?.allowed, 4.5);
  assert.equal(wire?.met, true);
});
