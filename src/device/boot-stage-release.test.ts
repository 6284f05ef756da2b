import assert from 'node:assert/strict';
import { existsSync, linkSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { serialiseIndex } from '../build/index-format.ts';
import { IndexTable } from '../build/index-table.ts';
import { createReleaser, heldFiles, planReleases, releasableFiles } from './boot-stage-release.ts';
import type { Step } from './boot-stage-steps.ts';
import { emptyDevice, entriesFrom, installVersion, type PathSpec } from './device.fixture.ts';
import { planStage } from './stage-plan.ts';

const tableOf = (paths: Readonly<Record<string, PathSpec>>) =>
  IndexTable.ofChecked(Buffer.from(serialiseIndex(entriesFrom(paths).entries)));

const old: Record<string, PathSpec> = {
  boot: { directory: true },
  'boot/vmlinuz': 'kernel 1',
  etc: { directory: true },
  'etc/issue': 'one',
  'etc/satchel': { directory: true },
  'etc/satchel/persist.d': { directory: true },
  'etc/satchel/persist.d/ours.list': '# ours\n/var/lib/wifi/*.conf\n/var/seed\n',
  first: 'read by the first step',
  last: 'read by both steps',
  never: 'read by none',
  same: 'the same',
  second: { link: 'first' },
  var: { directory: true },
  'var/lib': { directory: true },
  'var/lib/wifi': { directory: true },
  'var/lib/wifi/home.conf': 'secret',
  'var/seed': 'seed',
  'var/seeds': 'not the same name',
};

async function released(context: TestContext) {
  const layout = emptyDevice(context);
  const { tree } = await installVersion(layout, 'os-1', old);
  const base = tableOf(old);
  const entries = tableOf({ same: 'the same', new: 'new' });
  const numberOf = (path: string) => [...base.entries()].find(([, entry]) => entry.path === path)![0];
  const reading = (...paths: string[]) => ({ reads: new Set(paths.map(numberOf)) }) as unknown as Step;
  const plan = planStage(entries, { entries: base, check: () => 'clean' });
  const steps = [reading('first', 'last'), reading('last')];
  const names = (numbers: readonly number[]) => numbers.map((number) => base.pathAt(number) as string);
  const releases = planReleases(releasableFiles({ tree, base, entries, plan }).keys(), steps);
  return { tree, base, releases, names, numberOf };
}

test('a file goes after the last step that reads it; what the next boot and the new version need never does', async (context) => {
  const { releases, names } = await released(context);
  assert.deepEqual(names(releases.first), ['never', 'var/seeds']);
  assert.deepEqual(releases.after.map(names), [['first'], ['last']]);
});

test('a file goes under all its names, and gives back what no other tree shares', async (context) => {
  const { tree, base, numberOf } = await released(context);
  const releaser = createReleaser({ tree, base });
  const freed = releaser.freed(numberOf('first'));
  assert.equal(freed.inodes, 1);
  assert.ok(freed.bytes >= 0);
  releaser.remove(numberOf('first'));
  assert.ok(!existsSync(join(tree, 'first')) && !existsSync(join(tree, 'second')));
  releaser.remove(numberOf('first'));
  assert.deepEqual(releaser.freed(numberOf('first')), { bytes: 0, inodes: 0 });
});

test('files that have names outside of the tree are known, for nothing comes back when they go', async (context) => {
  const { tree, base, releases, names } = await released(context);
  const releaser = createReleaser({ tree, base });
  assert.deepEqual(heldFiles(releases, releaser), []);
  for (const path of ['first', 'never', 'same'])
    linkSync(join(tree, path), join(tree, '..', `${path}-of-the-kit`));
  assert.deepEqual(names(heldFiles(releases, releaser)), ['never', 'first']);
});
