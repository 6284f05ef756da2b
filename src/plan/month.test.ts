import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countAt, isMonth, type Month, monthOf, nextMonthBegins } from './month.ts';

const at = (text: string) => Date.parse(text);
const counted = (months: Readonly<Record<string, number>>) =>
  new Map(Object.entries(months) as [Month, number][]);

test('a month is counted in UTC and ends with its last millisecond', () => {
  assert.equal(monthOf(at('2026-01-31T23:59:59.999Z')), '2026-01');
  assert.equal(monthOf(at('2026-02-01T00:00:00Z')), '2026-02');
  assert.equal(new Date(nextMonthBegins('2026-12' as Month)).toISOString(), '2027-01-01T00:00:00.000Z');
});

test('only real months are months', () => {
  assert.deepEqual(['2026-01', '2026-13', '2026-1', '../2026-01'].map(isMonth), [true, false, false, false]);
});

test('a new month begins with nothing', () => {
  const { month, bytes } = countAt(at('2026-02-01T00:00:00Z'), counted({ '2026-01': 500 }));
  assert.deepEqual([month, bytes], ['2026-02', 0]);
});

test('a clock that jumps back does not open the month again', () => {
  const { month, bytes } = countAt(at('2026-03-10T00:00:00Z'), counted({ '2026-03': 5, '2026-05': 500 }));
  assert.deepEqual([month, bytes], ['2026-05', 505]);
});

test('a clock that once said 2099 does not close all months until then, and its bytes count once', () => {
  const { month, bytes, invented } = countAt(
    at('2026-03-10T00:00:00Z'),
    counted({ '2026-03': 5, '2099-01': 70 }),
  );
  assert.deepEqual([month, bytes, invented], ['2026-03', 75, ['2099-01']]);
});
