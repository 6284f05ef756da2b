/** An update in place of the version that runs, carried out before the system starts. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { readBootStageOrder } from '../../src/device/boot-stage-order.ts';
import { openBootStage } from '../../src/device/boot-stage-scene.ts';
import { readInstalled } from '../../src/device/installed.ts';
import { layerOf } from '../../src/device/layers.ts';
import { deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { openSpool } from '../../src/device/spool.ts';
import { describeTree, needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { assertSentence, must, runCommand } from '../doubles/command.ts';
import {
  changedText,
  type DeltaStory,
  deviceWithFirst,
  publishDeltaStory,
  smallChanges,
} from '../doubles/delta-story.ts';
import { order } from '../doubles/in-place.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { noise } from '../doubles/story-trees.ts';

const scratch = scratchFolder('in-place');
let story: DeltaStory;
before(async () => {
  story = await publishDeltaStory(scratch);
});
after(() => scratch.remove());

const device = (name: string) => deviceWithFirst(story, scratch.file(name), `file://${story.repository}`);

for (const kind of ['delta', 'objects'] as const)
  test(`what was received as ${kind} takes the place of the version that runs`, {
    skip: needsRoot,
  }, async () => {
    const root = await device(`device-${kind}`);
    const layout = deviceLayout(root);
    assert.equal(await order(root, 'os-2', { ways: [kind] }), kind);
    assert.ok(existsSync(join(layout.bootStage, 'order')));
    const { ordered, nextBoot, rebootNeeded } = await must('status', '--root', root);
    assert.deepEqual([ordered, nextBoot, rebootNeeded], ['os-2', 'os-1', true]);
    const again = await must('update', '--root', root, 'os-2');
    assert.deepEqual([again.inPlace, again.rebootNeeded, again.plan], [true, true, 'none']);
    const old = pristineTree(layout, buildName('os-1'));
    const untouched = describeTree(old);

    const staged = await must('boot', 'stage', '--root', root);

    assert.equal(staged.to, 'os-2');
    assert.ok(staged.steps > 0);
    const { current, alternate } = openBootPointer(layout).read();
    assert.deepEqual([current, alternate], ['os-2', undefined]);
    assert.deepEqual(describeTree(pristineTree(layout, buildName('os-2'))), describeTree(story.trees[1]));
    const left = describeTree(old);
    assert.ok(changedText in untouched && !(changedText in left), 'what no step needs is gone');
    assert.ok('etc/issue' in left, 'what changes of the user are merged with stays');
    assert.ok(!existsSync(layout.bootStage) && !existsSync(layout.spool));
    assert.equal((await must('verify', '--root', root, '--full')).damaged?.length ?? 0, 0);
    assert.equal((await must('status', '--root', root)).ordered, undefined);
    assert.deepEqual(await must('boot', 'stage', '--root', root), { staged: false });
  });

test('nothing is lost when the old version has changed since the order', { skip: needsRoot }, async () => {
  const root = await device('device-changed');
  const layout = deviceLayout(root);
  await order(root, 'os-2');
  const tree = pristineTree(layout, buildName('os-1'));
  writeFileSync(join(tree, changedText), 'changed');
  const before = describeTree(tree);
  const end = await runCommand('boot', 'stage', '--root', root);
  assertSentence(end);
  assert.equal(end.json.error.code, 'boot-stage-base-changed');
  assert.deepEqual(describeTree(tree), before);
  assert.ok(!existsSync(join(layout.bootStage, 'begun')));
});

test('a version that is not whole is not replaced in place', { skip: needsRoot }, async () => {
  const root = await device('device-damaged');
  writeFileSync(join(pristineTree(deviceLayout(root), buildName('os-1')), changedText), 'damaged');
  await assert.rejects(order(root, 'os-2'), { code: 'in-place-base-damaged' });
  assert.ok(!existsSync(deviceLayout(root).bootStage));
});

test('only what runs and boots next from an overlay is replaced', { skip: needsRoot }, async () => {
  const root = await device('device-other');
  const layout = deviceLayout(root);
  mkdirSync(join(layout.run, 'os-1/etc'), { recursive: true });
  await assert.rejects(order(root, 'os-2'), { code: 'in-place-needs-overlay' });
  rmSync(join(layout.run, 'os-1'), { recursive: true });
  symlinkSync('pristine/os-0', layout.running);
  await assert.rejects(order(root, 'os-2'), { code: 'in-place-no-version' });
});

test('a disk that fails in the middle is told, and the old version can be repaired and kept', {
  skip: needsRoot,
}, async () => {
  const root = await device('device-failing');
  const layout = deviceLayout(root);
  await order(root, 'os-2');
  // What comes out wrong only now is what no rehearsal can know.
  const ordered = readBootStageOrder(layout)!;
  using scene = openBootStage({ layout, spool: openSpool(layout.spool), ...ordered });
  const tasks = scene.steps.flatMap((step) => step.tasks);
  const piece = tasks.flatMap((task) => (task.kind === 'copy' ? [] : task.pieces)).at(-1)!;
  const bytes = readFileSync(piece.path);
  bytes.fill(0, piece.position + piece.length - 64, piece.position + piece.length);
  writeFileSync(piece.path, bytes);

  const end = await runCommand('boot', 'stage', '--root', root);

  assertSentence(end);
  assert.equal(end.json.error.code, 'boot-stage-failed');
  assert.ok(existsSync(join(layout.bootStage, 'begun')));
  const back = await runCommand('boot', 'stage', '--root', root, '--give-up');
  assert.equal(back.json.error.code, 'in-place-base-damaged');
  await must('repair', '--root', root, 'os-1');
  assert.deepEqual(await must('boot', 'stage', '--root', root, '--give-up'), { staged: false, kept: 'os-1' });
  assert.deepEqual(describeTree(pristineTree(layout, buildName('os-1'))), describeTree(story.trees[0]));
  assert.equal((await must('update', '--root', root, 'os-2')).plan, 'delta');
});

test('the changes of the user go along', { skip: needsRoot }, async () => {
  const root = await device('device-changes');
  const layout = deviceLayout(root);
  const layer = layerOf(layout, buildName('os-1'));
  mkdirSync(join(layer.upper, 'etc'), { recursive: true });
  writeFileSync(layer.index, readInstalled(layout, buildName('os-1'))!.index);
  writeFileSync(join(layer.upper, 'etc/mine.conf'), 'mine');
  await order(root, 'os-2');
  await must('boot', 'stage', '--root', root);
  assert.equal(readFileSync(join(layerOf(layout, buildName('os-2')).upper, 'etc/mine.conf'), 'utf8'), 'mine');
  assert.equal(readFileSync(join(layer.upper, 'etc/mine.conf'), 'utf8'), 'mine');
});

describe('where kernels are copied to a boot partition', () => {
  const repository = scratch.file('kernels');
  before(async () => {
    await must('init', '--repo', repository);
    for (const version of [1, 2]) {
      const tree = scratch.file(`kernels-${version}`);
      mkdirSync(join(tree, 'boot'), { recursive: true });
      writeFileSync(join(tree, 'boot/vmlinuz'), `kernel ${version}`);
      writeFileSync(join(tree, 'boot/initrd.img'), `initramfs ${version}`);
      writeFileSync(join(tree, 'large'), noise(`large ${version}`, 300_000));
      await must('publish', '--repo', repository, '--name', `os-${version}`, tree);
    }
  });

  for (const kind of ['olpc-partitioned', 'bls'] as const)
    test(`${kind}: the new kernel is there when the version is, and the old one goes`, {
      skip: needsRoot,
    }, async () => {
      const root = scratch.file(`device-${kind}`);
      const layout = deviceLayout(root);
      const first = kind === 'bls' ? 'EFI/BOOT' : 'boot-versions';
      mkdirSync(join(layout.bootPartition, first), { recursive: true });
      const source = `file://${repository}`;
      const boot = ['--boot', kind, '--kernel-options', 'root=LABEL=Root'];
      await must('device', 'init', '--root', root, '--source', source, '--trust-on-first-use', ...boot);
      await must('update', '--root', root, 'os-1');
      await order(root, 'os-2');
      await must('boot', 'stage', '--root', root);
      assert.deepEqual(openBootPointer(layout).read(), { current: 'os-2' });
      const kernels = readdirSync(layout.bootPartition, { recursive: true, withFileTypes: true })
        .filter((found) => found.isFile())
        .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))
        .filter((content) => content.startsWith('kernel '));
      // One of them by way of a link.
      assert.deepEqual([...new Set(kernels)], ['kernel 2']);
    });
});

test('an order goes when the device is to boot something else', { skip: needsRoot }, async () => {
  const root = await device('device-elsewhere');
  const layout = deviceLayout(root);
  await order(root, 'os-2');
  const tree = scratch.file('tree-3');
  execFileSync('cp', ['-a', story.trees[0], tree]);
  smallChanges['only-links']!(tree);
  await must('publish', '--repo', story.repository, '--name', 'os-3', tree);
  assert.equal((await must('update', '--root', root, 'os-3')).build, 'os-3');
  assert.ok(!existsSync(layout.bootStage));
});
