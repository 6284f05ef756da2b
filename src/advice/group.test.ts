import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matchesPattern } from './group.ts';

test('a star stands for any characters and a question mark for one; all else for itself', () => {
  for (const [pattern, text, expected] of [
    ['SHC1', 'SHC1', true],
    ['SHC1', 'SHC12', false],
    ['SHC*', 'SHC', true],
    ['*2', 'SHC12', true],
    ['*1*2', 'SHC1112', true],
    ['*1*2', 'SHC1113', false],
    ['SHC?', 'SHC', false],
    ['SHC?', 'SHC1', true],
    ['?*?', 'ab', true],
    ['a.c', 'abc', false],
    ['[ab]', 'a', false],
    ['**', '', true],
    ['a*', '*', false],
    ['*', '*', true],
  ] as const)
    assert.equal(matchesPattern(pattern, text), expected, `${pattern} ${text}`);
});

test('patterns mean what a regular expression would', () => {
  const letters = (from: string) => fc.string({ unit: fc.constantFrom(...from), maxLength: 8 });
  fc.assert(
    fc.property(letters('ab*?'), letters('ab*'), (pattern, text) => {
      const expression = pattern.replace(/\*/g, '.*').replace(/\?/g, '.');
      assert.equal(matchesPattern(pattern, text), new RegExp(`^${expression}$`).test(text));
    }),
    { numRuns: 1000 },
  );
});

test('a pattern of stars only takes no time', () => {
  const started = process.cpuUsage();
  assert.equal(matchesPattern(`${'*a'.repeat(60)}b`, 'a'.repeat(128)), false);
  assert.ok(process.cpuUsage(started).user < 1_000_000);
});
