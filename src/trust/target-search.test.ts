import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { Delegation, TargetsMetadata } from './metadata.ts';
import { delegatesPath, mostVisited, searchTarget } from './target-search.ts';

function delegation(name: string, paths: string[], terminating = false): Delegation {
  return { name, paths, terminating, pathHashPrefixes: [], keyids: [], threshold: 1 };
}

function role(delegations: Delegation[], paths: string[] = []): TargetsMetadata {
  const hashes = new Map([['sha256', '0'.repeat(64)]]);
  return {
    version: 1,
    expires: 0,
    issued: undefined,
    lowerFloor: undefined,
    raw: {},
    keys: new Map(),
    targets: new Map(paths.map((path) => [path, { length: 1, hashes }])),
    delegations,
  };
}

test('stars and question marks match inside one part of a path only', () => {
  const cases: [pattern: string, path: string, covers: boolean][] = [
    ['builds/*', 'builds/a.json', true],
    ['builds/*', 'builds/a/b.json', false],
    ['builds/*', 'builds', false],
    ['*', 'a', true],
    ['*', 'a/b', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*.json', '.json', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbY', false],
    ['A', 'a', false],
    ['[ab]', 'a', false],
    ['**', 'anything', true],
    ['', '', true],
  ];
  for (const [pattern, path, covers] of cases)
    assert.equal(delegatesPath(delegation('x', [pattern]), path), covers, `${pattern} over ${path}`);
});

test('a pattern of many stars over a long name takes no long time', () => {
  const pattern = `${'*a'.repeat(2000)}b`;
  assert.equal(delegatesPath(delegation('x', [pattern]), 'a'.repeat(4000)), false);
});

test('a prefix of the hash of a path covers it', () => {
  const digest = createHash('sha256').update('some/path').digest('hex');
  const covered = { ...delegation('x', []), pathHashPrefixes: [digest.slice(0, 4)] };
  assert.equal(delegatesPath(covered, 'some/path'), true);
  assert.equal(delegatesPath(covered, 'some/other'), digest.startsWith('zz'));
});

test('a terminating delegation that covers the path ends the search', async () => {
  const roles = new Map([
    ['first', role([])],
    ['second', role([], ['a'])],
  ]);
  const load = async (name: string) => roles.get(name);
  const open = role([delegation('first', ['*']), delegation('second', ['*'])]);
  const closed = role([delegation('first', ['*'], true), delegation('second', ['*'])]);
  assert.equal((await searchTarget(open, 'a', load))?.role, 'second');
  assert.equal(await searchTarget(closed, 'a', load), undefined);
});

test('delegations in a circle or without end are given up', async () => {
  let loads = 0;
  const found = await searchTarget(role([delegation('0', ['*'])]), 'a', async (name) => {
    loads += 1;
    return role([delegation(String(Number(name) + 1), ['*']), delegation('0', ['*'])]);
  });
  assert.equal(found, undefined);
  assert.equal(loads, mostVisited - 1);
});
