/** An update in place of the version that runs, ended at every call that it makes to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { bootStageFiles } from '../../src/device/boot-stage-order.ts';
import { readInstalled } from '../../src/device/installed.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { describeTree, needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { must } from '../doubles/command.ts';
import type { LoggedCall } from '../doubles/crash-order.ts';
import {
  ageTemporaries,
  copyDevice,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';
import { order } from '../doubles/in-place.ts';

const [b1, b2] = [buildName('b1'), buildName('b2')];

let world: World;
before(async () => {
  world = await makeWorld();
  await must('delta', 'create', '--repo', world.second, 'b1', 'b2');
});
after(() => world.remove());

/** A complete version boots next, or the one that is being replaced, whose own files are all that is gone. */
function assertStartable(layout: DeviceLayout): void {
  const { current } = openBootPointer(layout).read();
  if (current === b2) {
    assert.deepEqual(describeTree(pristineTree(layout, b2)), world.trees.b2, 'the tree of b2');
    assert.ok(readInstalled(layout, b2));
    return;
  }
  assert.equal(current, b1);
  const files = bootStageFiles(layout);
  assert.ok(existsSync(files.order), 'the order stands');
  const tree = describeTree(pristineTree(layout, b1));
  if (!existsSync(files.begun)) assert.deepEqual(tree, world.trees.b1, 'the tree of b1');
  // A folder tells by its time that something went from it.
  for (const [path, found] of Object.entries(tree))
    if (found.type !== 'directory') assert.deepEqual(found, world.trees.b1![path]);
}

/** Nothing of the old version goes before what was made from it is on the disk, and before that is written down. */
function assertDurable(calls: readonly LoggedCall[]): void {
  let isOnDisk = true;
  let removed = 0;
  let given = 0;
  for (const { moment, call, paths } of calls) {
    const [path = ''] = paths.slice(-1);
    const below = path.slice(path.indexOf('/versions/') + '/versions/'.length);
    if (call === 'syncfs' && moment === 'end') isOnDisk = true;
    else if (moment !== 'begin') continue;
    else if (below.startsWith('updates/satchel/stage/b2')) isOnDisk = false;
    else if (call === 'rename' && below.endsWith('boot-stage/progress'))
      assert.ok(isOnDisk, 'written down too early');
    else if (call === 'rm' && below.startsWith('pristine/b1/')) {
      assert.ok(isOnDisk, `${below} goes too early`);
      removed += 1;
    } else if (call === 'fallocate') {
      assert.ok(isOnDisk, `${below} gives its bytes back too early`);
      given += 1;
    }
  }
  assert.ok(removed > 0 && given > 0);
}

for (const kind of ['delta', 'objects'] as const)
  test(`what was received as ${kind} is staged to the end after every power cut`, {
    skip: needsRoot,
  }, async () => {
    const ordered = join(world.folder, `ordered-${kind}`);
    copyDevice(world.device, ordered);
    assert.equal(await order(ordered, 'b2', { ways: [kind] }), kind);
    const scenario: Scenario = {
      name: `in place ${kind}`,
      sample: { usual: 24 },
      prepare(folder) {
        const root = join(folder, 'device');
        copyDevice(ordered, root);
        return ['boot', 'stage', '--root', root];
      },
      async check(folder) {
        const layout = deviceLayout(join(folder, 'device'));
        assertStartable(layout);
        await must('boot', 'stage', '--root', layout.root);
        assert.equal(openBootPointer(layout).read().current, b2);
        assertStartable(layout);
        assert.ok(!existsSync(layout.bootStage), 'the order is done');
        ageTemporaries(layout.versions);
        await must('purge', '--root', layout.root);
        assert.deepEqual(temporariesBelow(layout.versions), []);
        assert.ok(!existsSync(pristineTree(layout, b1)), 'what is left of b1 goes');
        execFileSync('rm', ['-rf', layout.root]);
      },
    };
    const tried = await tryCrashes(world, scenario);
    assertDurable(tried.calls);
    console.log(saidOf(scenario, tried));
  });
