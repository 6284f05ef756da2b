/** Commands of the device, ended at every call that they make to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { describeTree, extractEverything, needsRoot, run } from '../../src/formats/gnu-tar.testkit.ts';
import { must } from '../doubles/command.ts';
import {
  ageTemporaries,
  assertBootable,
  copyDevice,
  deviceInit,
  inodesOf,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
/** The device of the world after its update to b2. */
let updated: string;
/** The same with damage in b2. */
let damaged: string;

/** What the inodes of b1 were before each command, by folder. */
const before1 = new Map<string, ReturnType<typeof inodesOf>>();

before(async () => {
  world = await makeWorld();
  updated = join(world.folder, 'updated');
  copyDevice(world.device, updated);
  await must('update', '--root', updated);
  damaged = join(world.folder, 'damaged');
  execFileSync('cp', ['-a', updated, damaged]);
  damage(pristineTree(deviceLayout(damaged), buildName('b2')));
});
after(() => world.remove());

/** Only inodes that b1 does not share, so that b1 stays right. */
function damage(tree: string): void {
  writeFileSync(join(tree, 'etc/name'), 'wrong\n');
  unlinkSync(join(tree, 'etc/new'));
  chmodSync(join(tree, 'bin/tool'), 0o711);
  rmSync(join(tree, 'srv'), { recursive: true });
  writeFileSync(join(tree, 'extra'), 'not ours\n');
  unlinkSync(join(tree, 'etc/link'));
  mkdirSync(join(tree, 'etc/link'));
}

const b1 = buildName('b1');
const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));

/** A copy of a device in the folder; the words of a command on it. */
function onCopyOf(device: string, folder: string, ...words: readonly string[]): readonly string[] {
  const layout = layoutIn(folder);
  copyDevice(device, layout.root);
  before1.set(folder, inodesOf(pristineTree(layout, b1)));
  return [...words, '--root', layout.root];
}

function assertFirstUntouched(folder: string): DeviceLayout {
  const layout = layoutIn(folder);
  assert.deepEqual(inodesOf(pristineTree(layout, b1)), before1.get(folder), 'the inodes of b1');
  return layout;
}

/** After a purge nothing is left of what the crash interrupted. */
async function assertClean(layout: DeviceLayout): Promise<void> {
  ageTemporaries(layout.versions);
  await must('purge', '--root', layout.root);
  assert.deepEqual(temporariesBelow(layout.versions), []);
  assert.deepEqual((await must('status', '--root', layout.root)).error, undefined);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'update',
    sample: { usual: 12 },
    prepare: (folder) => onCopyOf(world.device, folder, 'update'),
    async check(folder) {
      const layout = assertFirstUntouched(folder);
      assertBootable(world, layout, ['b1', 'b2']);
      await must('status', '--root', layout.root);
      await must('update', '--root', layout.root);
      assert.equal(assertBootable(world, layout, ['b2']), 'b2');
      assert.equal(openBootPointer(layout).read().alternate, 'b1');
      assertFirstUntouched(folder);
      await assertClean(layout);
    },
  },
  {
    name: 'rollback',
    sample: { usual: 4 },
    prepare: (folder) => onCopyOf(updated, folder, 'rollback'),
    async check(folder) {
      const layout = assertFirstUntouched(folder);
      const current = assertBootable(world, layout, ['b1', 'b2']);
      await must('rollback', '--root', layout.root);
      assertBootable(world, layout, [current === 'b1' ? 'b2' : 'b1']);
      assertFirstUntouched(folder);
      await assertClean(layout);
    },
  },
  {
    name: 'purge',
    sample: { usual: 5 },
    prepare(folder) {
      const words = onCopyOf(updated, folder, 'purge');
      // Without a way back b1 is what goes.
      openBootPointer(layoutIn(folder)).switchTo(buildName('b2'), undefined);
      return words;
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assertBootable(world, layout, ['b2']);
      await must('purge', '--root', layout.root);
      assertBootable(world, layout, ['b2']);
      await assertClean(layout);
      await must('update', '--root', layout.root, 'b1');
      assertBootable(world, layout, ['b1']);
    },
  },
  {
    name: 'repair',
    sample: { usual: 7 },
    prepare: (folder) => onCopyOf(damaged, folder, 'repair'),
    async check(folder) {
      const layout = assertFirstUntouched(folder);
      await must('repair', '--root', layout.root);
      assertBootable(world, layout, ['b2']);
      await must('verify', '--root', layout.root, '--full');
      assertFirstUntouched(folder);
      await assertClean(layout);
    },
  },
  {
    name: 'device init and first update',
    sample: { usual: 5, complete: 40 },
    prepare(folder) {
      const layout = layoutIn(folder);
      return deviceInit(layout.root, world.second);
    },
    async check(folder) {
      const layout = layoutIn(folder);
      await must(...deviceInit(layout.root, world.second));
      await must('update', '--root', layout.root);
      assertBootable(world, layout, ['b2']);
      await assertClean(layout);
    },
  },
];

for (const scenario of scenarios)
  test(`${scenario.name} ended at any call leaves the old or the new state and can be done again`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });

test('the tree that every update is compared with is what GNU tar extracts', { skip: needsRoot }, () => {
  const extracted = join(world.folder, 'extracted');
  mkdirSync(extracted);
  run('tar', [...extractEverything, '-f', world.archives.b2, '-C', extracted]);
  const tree = describeTree(extracted);
  // The archive says nothing about its root.
  assert.deepEqual({ ...tree, '': world.trees.b2?.[''] }, world.trees.b2);
});
