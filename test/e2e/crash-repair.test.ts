/** The repair of a version that runs from an overlay, ended at every call that it makes to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { must } from '../doubles/command.ts';
import {
  ageTemporaries,
  assertBootable,
  copyDevice,
  inodesOf,
  makeWorld,
  type Scenario,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

let world: World;
/** A device that runs b2 and whose b2 is damaged. */
let damaged: string;

const b2 = buildName('b2');

before(async () => {
  world = await makeWorld();
  const updated = join(world.folder, 'updated');
  copyDevice(world.device, updated);
  await must('update', '--root', updated);
  damaged = join(world.folder, 'damaged');
  execFileSync('cp', ['-a', updated, damaged]);
  const tree = pristineTree(deviceLayout(damaged), b2);
  writeFileSync(join(tree, 'etc/name'), 'wrong\n');
  chmodSync(join(tree, 'bin/tool'), 0o711);
  rmSync(join(tree, 'srv'), { recursive: true });
  writeFileSync(join(tree, 'extra'), 'not ours\n');
});
after(() => world.remove());

/** What the tree that is in use looked like before the command, and the number of its topmost folder. */
type InUse = { readonly inode: number; readonly inodes: ReturnType<typeof inodesOf> };
const inUse = new Map<string, InUse>();

/** Wherever it is called now: the overlay goes on showing it. */
function findInUse(layout: DeviceLayout, inode: number): string {
  const held = readdirSync(layout.held).flatMap((boot) =>
    readdirSync(join(layout.held, boot)).map((name) => join(layout.held, boot, name)),
  );
  const found = [pristineTree(layout, b2), ...held].find((tree) => lstatSync(tree).ino === inode);
  assert.ok(found, 'the tree in use is there');
  return found;
}

function assertInUseUntouched(folder: string): DeviceLayout {
  const layout = deviceLayout(join(folder, 'device'));
  const { inode, inodes } = inUse.get(folder)!;
  assert.deepEqual(inodesOf(findInUse(layout, inode)), inodes, 'the tree in use');
  return layout;
}

const scenario: Scenario = {
  name: 'repair of what runs',
  sample: { usual: 10 },
  prepare(folder) {
    const layout = deviceLayout(join(folder, 'device'));
    copyDevice(damaged, layout.root);
    mkdirSync(dirname(layout.bootFacts), { recursive: true });
    writeFileSync(layout.bootFacts, 'build=b2\nmode=overlay\ncounted=no\n');
    const tree = pristineTree(layout, b2);
    inUse.set(folder, { inode: lstatSync(tree).ino, inodes: inodesOf(tree) });
    return ['repair', '--root', layout.root];
  },
  async check(folder) {
    const layout = assertInUseUntouched(folder);
    const { inode } = inUse.get(folder)!;
    // Until it is complete, what boots next is what booted before.
    if (lstatSync(pristineTree(layout, b2)).ino !== inode) assertBootable(world, layout, ['b2']);
    await must('repair', '--root', layout.root);
    assertBootable(world, layout, ['b2']);
    await must('verify', '--root', layout.root, '--full');
    ageTemporaries(layout.versions);
    await must('purge', '--root', layout.root);
    assert.deepEqual(temporariesBelow(layout.versions), []);
    assertInUseUntouched(folder);
  },
};

test('ended at any call, the tree in use is as it was and the repair can be done again', async (context) => {
  const tried = await tryCrashes(world, scenario);
  context.diagnostic(saidOf(scenario, tried));
});
