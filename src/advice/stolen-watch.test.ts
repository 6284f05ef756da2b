import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDirectoryStore } from '../store/directory.ts';
import type { Store } from '../store/store.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { memoryKeyRing } from '../trust/keys.ts';
import { markStolen } from './stolen.ts';
import { watchStolen } from './stolen-watch.ts';

test('a mark counts as soon as it is published, and what cannot be read changes nothing', async (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'satchel-stolen-'));
  const store = openDirectoryStore(join(folder, 'repository'));
  context.after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });
  const failures: unknown[] = [];
  let time = 0;
  let isBroken = false;
  const breaking: Store = {
    ...store,
    read(...asked) {
      if (isBroken) throw new Error('too many open files');
      return store.read(...asked);
    },
  };
  const watch = watchStolen(
    breaking,
    (error) => failures.push(error),
    () => time,
  );
  assert.equal(await watch.isStolen('SHC00000001'), false, 'there is nothing yet');
  const clock = () => Date.parse('2026-03-02T12:00:00Z');
  const publishing = { store, clock, keys: memoryKeyRing(clock) };
  await initialiseTrust(publishing, {});
  assert.equal(await watch.isStolen('SHC00000001'), false);
  await markStolen(publishing, ['SHC00000001'], { stolen: true });
  const both = await Promise.all(['SHC00000001', 'SHC00000002'].map((serial) => watch.isStolen(serial)));
  assert.deepEqual(both, [true, false]);
  assert.deepEqual(failures, []);

  isBroken = true;
  await markStolen(publishing, ['SHC00000003'], { stolen: true });
  for (let i = 0; i < 3; i += 1) assert.equal(await watch.isStolen('SHC00000003'), false);
  assert.equal(failures.length, 1);
  isBroken = false;
  time += 61_000;
  assert.equal(await watch.isStolen('SHC00000003'), true, 'what failed is tried again');

  const timestamp = join(folder, 'repository/metadata/timestamp.json');
  writeFileSync(timestamp, '{}');
  assert.equal(await watch.isStolen('SHC00000001'), true, 'the mark stays');
  assert.equal(await watch.isStolen('SHC00000002'), false);
  assert.equal(failures.length, 2);
});
