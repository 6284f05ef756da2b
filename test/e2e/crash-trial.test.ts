/**
 * Commands about versions on trial, ended at every call that they make to the system. Whatever is left: what boots next
 * is either known to start, or it is on trial and there is a way back that nothing purges.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { activeTrial, readTrial, startTrial } from '../../src/device/trial.ts';
import { failedBuilds } from '../../src/device/trial-failures.ts';
import { trialMarks } from '../../src/device/trial-marks.ts';
import { describeTree } from '../../src/formats/gnu-tar.testkit.ts';
import { symlinkAtomic } from '../../src/os/atomic-file.ts';
import { must } from '../doubles/command.ts';
import {
  ageTemporaries,
  assertBootable,
  copyDevice,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
/** Runs b1; b2 is on trial and was never booted. */
let switched: string;

before(async () => {
  world = await makeWorld();
  switched = join(world.folder, 'switched');
  copyDevice(world.device, switched);
  runs(deviceLayout(switched), 'b1');
  await must('update', '--root', switched);
  assert.equal(activeTrial(deviceLayout(switched))?.previous, 'b1');
});
after(() => world.remove());

const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));
const runs = (layout: DeviceLayout, name: string) => symlinkAtomic(`pristine/${name}`, layout.running);

/** A copy of a device in the folder, on which a version runs; the words of a command on it. */
function onCopyOf(device: string, folder: string, running: string, ...words: readonly string[]) {
  const layout = layoutIn(folder);
  copyDevice(device, layout.root);
  runs(layout, running);
  return [...words, '--root', layout.root];
}

/** Fails unless what boots next is one of these, or is on trial with a way back to one of these. */
function assertSafe(layout: DeviceLayout, good: readonly string[]): void {
  const { current } = openBootPointer(layout).read();
  if (current !== undefined && good.includes(current)) return;
  const trial = activeTrial(layout);
  assert.equal(trial?.build, current, 'what boots next is on trial');
  const previous = trial?.previous ?? '';
  assert.ok(good.includes(previous), `the way back is ${previous}`);
  assert.deepEqual(trialMarks(layout), [previous], 'no purge takes the way back');
  const tree = pristineTree(layout, buildName(previous));
  if (world.trees[previous] !== undefined) assert.deepEqual(describeTree(tree), world.trees[previous]);
}

/** Nothing is left of what the crash interrupted, nor of the trial. */
async function assertEnded(layout: DeviceLayout): Promise<void> {
  ageTemporaries(layout.versions);
  await must('purge', '--root', layout.root);
  assert.deepEqual(temporariesBelow(layout.versions), []);
  assert.deepEqual(trialMarks(layout), []);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'update on a device that tells what it runs',
    sample: { usual: 8 },
    prepare: (folder) => onCopyOf(world.device, folder, 'b1', 'update'),
    async check(folder) {
      const layout = layoutIn(folder);
      assertSafe(layout, ['b1']);
      await must('update', '--root', layout.root);
      assert.equal(assertBootable(world, layout, ['b2']), 'b2');
      assertSafe(layout, ['b1']);
      assert.equal(activeTrial(layout)?.state, 'waiting');
    },
  },
  {
    name: 'update over a version that was never booted',
    sample: { usual: 8 },
    prepare(folder) {
      const words = onCopyOf(world.device, folder, 'b1', 'update');
      const layout = layoutIn(folder);
      // b1 is on trial, and what runs is from before Satchel.
      const b0 = buildName('b0');
      mkdirSync(pristineTree(layout, b0));
      runs(layout, b0);
      startTrial({ layout, clock: () => 0 }, { build: buildName('b1'), previous: b0 });
      openBootPointer(layout).switchTo(buildName('b1'), b0);
      return words;
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assertSafe(layout, ['b0']);
      await must('update', '--root', layout.root);
      assert.deepEqual(openBootPointer(layout).read(), { current: 'b2', alternate: 'b0' });
      assertSafe(layout, ['b0']);
      await must('purge', '--root', layout.root);
      assert.deepEqual(readdirSync(layout.pristine).sort(), ['b0', 'b2']);
      assert.deepEqual(failedBuilds(layout), []);
    },
  },
  {
    name: 'boot check of a version in good health',
    sample: { usual: 10 },
    prepare: (folder) => onCopyOf(switched, folder, 'b2', 'boot', 'check'),
    async check(folder) {
      const layout = layoutIn(folder);
      // b2 runs: once it is proven, what is left of b1 is of no interest.
      if (readTrial(layout)?.state === 'waiting') assertSafe(layout, ['b1']);
      assertBootable(world, layout, ['b2']);
      await must('boot', 'check', '--root', layout.root);
      assert.deepEqual(openBootPointer(layout).read(), { current: 'b2' });
      assertBootable(world, layout, ['b2']);
      assert.equal(readTrial(layout), undefined);
      assert.deepEqual(readdirSync(layout.pristine), ['b2']);
      await assertEnded(layout);
    },
  },
  {
    name: 'rollback from a version on trial',
    sample: { usual: 8 },
    prepare: (folder) => onCopyOf(switched, folder, 'b2', 'rollback'),
    async check(folder) {
      const layout = layoutIn(folder);
      assertSafe(layout, ['b1']);
      const isBack = assertBootable(world, layout, ['b1', 'b2']) === 'b1';
      if (!isBack) await must('rollback', '--root', layout.root);
      runs(layout, 'b1');
      // The stream leads to what was left, and does not bring it back; nor does another round.
      const { plan, build } = await must('update', '--root', layout.root);
      assert.deepEqual([plan, build], ['none', 'b1']);
      await must('agent', 'once', '--root', layout.root, '--now');
      assertBootable(world, layout, ['b1']);
      assert.deepEqual(
        failedBuilds(layout).map(({ build: failed, reason }) => [failed, reason]),
        [['b2', 'user']],
      );
      await assertEnded(layout);
      await must('update', '--root', layout.root, 'b2');
      assert.equal(activeTrial(layout)?.build, 'b2');
    },
  },
];

for (const scenario of scenarios)
  test(`${scenario.name} ended at any call leaves what starts, or a trial with a way back`, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });
