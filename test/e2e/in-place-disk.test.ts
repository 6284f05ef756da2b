/**
 * A release in which nearly everything changes, on a disk of 1.2 times its size: ordered by the installed program, and
 * staged as the initramfs does it, in a root of its own, killed at random moments.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  statfsSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { readProgress } from '../../src/device/boot-stage-order.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import type { UpdatePlan } from '../../src/device/plan-update.ts';
import { describeTree, needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { must, runCommand } from '../doubles/command.ts';
import { copyDevice } from '../doubles/crash-world.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { type SmallDisk, smallDisk } from '../doubles/small-disk.ts';
import { noise } from '../doubles/story-trees.ts';
import { when } from '../doubles/when.ts';

const checkout = resolve(import.meta.dirname, '../..');
const hook = join(checkout, 'initramfs/satchel-boot-stage');
const mebibyte = 1024 * 1024;
const shells = ['dash', 'busybox ash'] as const;

const scratch = scratchFolder('in-place-disk');
const program = scratch.file('program');
const repository = scratch.file('repository');
let disk: SmallDisk;
let treeBytes: number;

/** Files of a version: each changes a little, and the program that updates is among them, as on a real device. */
function writeVersion(version: number): string {
  const tree = scratch.file(`tree-${version}`);
  const node = realpathSync(process.execPath);
  mkdirSync(join(tree, 'usr/lib/data'), { recursive: true });
  mkdirSync(join(tree, 'boot'));
  writeFileSync(join(tree, 'boot/vmlinuz'), `kernel ${version}`);
  for (const path of [node, program]) {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    cpSync(path, join(tree, path), { recursive: true, preserveTimestamps: true });
  }
  for (let number = 0; number < 150; number += 1) {
    const content = noise(`file ${number}`, 900_000);
    content.writeUInt32LE(version, 1000 * (number % 800));
    writeFileSync(join(tree, `usr/lib/data/${number}`), content);
  }
  return tree;
}

before(async () => {
  if (needsRoot) return;
  execFileSync(process.execPath, [join(checkout, 'scripts/bundle.ts'), program], { stdio: 'ignore' });
  await must('init', '--repo', repository);
  for (const version of [1, 2]) {
    const tree = writeVersion(version);
    await must('publish', '--repo', repository, '--name', `os-${version}`, '--deltas', '1', '--wait', tree);
  }
  treeBytes = Number(
    execFileSync('du', ['-sB1', scratch.file('tree-2')], { encoding: 'utf8' }).split('\t')[0],
  );
  disk = smallDisk(Math.ceil((1.2 * treeBytes) / mebibyte) * mebibyte);
  // Made where there is room for what is received too, as an image is.
  const image = scratch.file('image');
  await must('device', 'init', '--root', image, '--source', `file://${repository}`, '--trust-on-first-use');
  await must('update', '--root', image, 'os-1');
  copyDevice(image, root());
});
after(() => {
  disk?.remove();
  scratch.remove();
});

const root = () => join(disk.place, 'device');

/** Runs the installed program; what it said. */
function installed(...words: string[]): string {
  return execFileSync(process.execPath, [join(program, 'main.cjs'), ...words], { encoding: 'utf8' });
}

/** What the initramfs does, in mounts of its own; its result, or undefined when it was killed at its moment. */
async function boot(shell: string, moment: (() => boolean) | undefined): Promise<number | undefined> {
  const script = `. ${hook}; satchel_boot_stage ${root()} os-1`;
  const child = spawn('unshare', ['-m', ...shell.split(' '), '-c', script], {
    detached: true,
    stdio: 'ignore',
  });
  const ended = once(child, 'close');
  if (moment !== undefined) {
    await when(moment, ended);
    process.kill(-child.pid!, 'SIGKILL');
  }
  const [code] = await ended;
  return code ?? undefined;
}

/** Moments of the staging, the later the further: the first is before anything of the old version is lost. */
function moments({ bootStage, stage }: DeviceLayout): (() => boolean)[] {
  const layout = deviceLayout(root());
  const steps = (count: number) => () => (readProgress(layout) ?? -1) >= count;
  return [
    () => existsSync(join(stage, 'os-2/usr')),
    () => existsSync(join(bootStage, 'begun')),
    steps(1),
    () => !existsSync(join(layout.pristine, 'os-1/usr/lib/data/0')),
    ...[3, 4, 6].map(steps),
    () => existsSync(join(layout.pristine, 'os-2')),
  ];
}

test('two versions do not fit, and one takes the place of the other all the same', {
  skip: needsRoot,
}, async () => {
  const layout = deviceLayout(root());
  const end = await runCommand('update', '--root', root(), '--reclaim', 'os-2');
  assert.deepEqual([end.code, end.json?.error?.code], [4, 'plan-no-space']);

  const words = ['update', '--root', root(), '--in-place', 'os-2', '--json'];
  const { plan, inPlace } = JSON.parse(installed(...words, '--dry-run')) as UpdatePlan;
  assert.equal(plan, 'delta');
  assert.ok(inPlace !== undefined && inPlace.leastBytes + inPlace.reserveBytes <= inPlace.freeBytes);
  assert.ok(!existsSync(layout.bootStage), 'nothing is ordered');

  const ordered = JSON.parse(installed(...words));
  assert.deepEqual([ordered.inPlace, ordered.rebootNeeded, ordered.plan], [true, true, 'delta']);
  assert.match(readFileSync(join(layout.bootStage, 'order'), 'utf8'), /^from=os-1\nto=os-2\nprogram=/);

  const all = moments(layout);
  for (const [number, moment] of all.entries())
    assert.equal(await boot(shells[number % 2]!, moment), undefined, `killed at moment ${number}`);
  assert.equal(await boot(shells[0], undefined), 10, 'another version boots');
  const { blocks, bsize } = statfsSync(root());
  console.log(`killed ${all.length} times; a tree of ${treeBytes} bytes on a disk of ${blocks * bsize}`);
  assert.equal(openBootPointer(layout).read().current, 'os-2');
  assert.deepEqual(
    describeTree(pristineTree(layout, buildName('os-2'))),
    describeTree(scratch.file('tree-2')),
  );
  assert.ok(!existsSync(layout.bootStage));
});
