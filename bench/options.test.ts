import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pairNames, parseOptions, rowNames } from './options.ts';

test('without options every pair and row is measured', () => {
  const options = parseOptions([]);
  assert.deepEqual(options.pairs, pairNames);
  assert.deepEqual([...options.rows], rowNames);
});

test('--quick takes the small pairs, unless others are named', () => {
  assert.deepEqual(parseOptions(['--quick']).pairs, ['small-minor', 'small-files']);
  assert.deepEqual(parseOptions(['--quick', '--pairs', 'apps']).pairs, ['apps']);
});

test('a name that does not exist is refused by its name', () => {
  assert.throws(() => parseOptions(['--pairs', 'tiny']), /no pair "tiny"/);
  assert.throws(() => parseOptions(['--rows', 'nap']), /no row "nap"/);
  assert.throws(() => parseOptions(['--without', 'scp']), /no contender "scp"/);
  assert.throws(() => parseOptions(['--runs', '0']), /whole number/);
});
