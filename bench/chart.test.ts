import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawChart } from './chart.ts';

const bar = (label: string, value: number) => ({
  label,
  value,
  text: `${value} s`,
  isOurs: label === 'satchel',
});

test('the longest bar fills the width and the others are in proportion', () => {
  const chart = drawChart('a pair', [{ title: 'update', bars: [bar('satchel', 1), bar('rsync', 4)] }]);
  const [ours, theirs] = [...chart.matchAll(/class="(?:ours|theirs)" x="\d+" y="\d+" width="(\d+)"/g)].map(
    ([, width]) => Number(width),
  );
  assert.ok(Math.abs(ours! * 4 - theirs!) <= 2, `${ours} and ${theirs}`);
});

test('what a name holds cannot break the document', () => {
  const chart = drawChart('<&"', [{ title: 'a < b', bars: [bar('x & y', 0)] }]);
  assert.ok(chart.includes('aria-label="&lt;&amp;&quot;"'));
  assert.ok(chart.includes('x &amp; y'));
  assert.ok(!chart.includes('a < b'));
});

test('there are colours for light and for dark', () => {
  assert.match(drawChart('a', []), /prefers-color-scheme: dark/);
});
