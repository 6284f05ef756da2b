import assert from 'node:assert/strict';
import { chmodSync, lstatSync, lutimesSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { emptyDevice, installVersion } from './device.fixture.ts';
import { rowMatches } from './ledger.ts';
import { isTimeAsStored } from './metadata-check.ts';
import { recordTree } from './record-tree.ts';

test('a tree as it was made is recorded row by row, and nothing is damaged', async (context) => {
  const layout = emptyDevice(context);
  const version = await installVersion(layout, 'one', { a: 'x', b: { link: 'a' }, c: { symlink: 'a' } });
  const { ledger, damaged } = recordTree(version);
  assert.deepEqual(damaged, []);
  for (const [number, { path }] of version.entries.entries())
    assert.ok(rowMatches(ledger, number, lstatSync(join(version.tree, path), { bigint: true })), path);
});

test('what went wrong while a tree was made is told', async (context) => {
  const layout = emptyDevice(context);
  const version = await installVersion(layout, 'one', { a: 'x', b: { link: 'a' }, c: 'y', d: 'z' });
  chmodSync(join(version.tree, 'c'), 0o600);
  lutimesSync(join(version.tree, 'd'), 5, 5);
  rmSync(join(version.tree, 'b'));
  lutimesSync(version.tree, 1_193_961_600, 1_193_961_600);
  assert.deepEqual(recordTree(version).damaged, [
    { path: 'b', reason: 'missing' },
    { path: 'c', reason: 'mode' },
    { path: 'd', reason: 'time' },
  ]);
});

test('a time counts as stored when the file system keeps it more coarsely or ends earlier', () => {
  assert.ok(isTimeAsStored([5, 600_000_000], 5_000_000_000n));
  assert.ok(isTimeAsStored([-5, 600_000_000], -5_000_000_000n));
  assert.ok(isTimeAsStored([2 ** 40, 0], 15_032_385_535_000_000_000n));
  assert.ok(!isTimeAsStored([5, 0], 6_000_000_000n));
  assert.ok(!isTimeAsStored([6, 0], 5_000_000_000n));
});
