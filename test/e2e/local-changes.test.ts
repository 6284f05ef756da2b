/** The commands about local changes, on a device that runs from a layer. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { readInstalled } from '../../src/device/installed.ts';
import { layerOf } from '../../src/device/layers.ts';
import { type DeviceLayout, deviceLayout } from '../../src/device/layout.ts';
import { readInLayer, runInLayer } from '../../src/device/local-overlay.testkit.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { describeTree, needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { must } from '../doubles/command.ts';
import { copyDevice, makeWorld, type World } from '../doubles/crash-world.ts';
import { satchel } from '../doubles/satchel-program.ts';

const [b1, b2] = [buildName('b1'), buildName('b2')];
const skip = { skip: needsRoot };

let world: World;
let count = 0;

before(async () => {
  if (needsRoot === false) world = await makeWorld();
});
after(() => world?.remove());

function recordOf(layout: DeviceLayout, name: typeof b1) {
  const record = readInstalled(layout, name);
  assert.ok(record);
  return record;
}

/** A device that runs b1, in which this was done. */
function running(script: string): DeviceLayout {
  count += 1;
  const layout = deviceLayout(join(world.folder, `device-${count}`));
  copyDevice(world.device, layout.root);
  symlinkSync('pristine/b1', layout.running);
  mkdirSync(dirname(layout.bootFacts), { recursive: true });
  writeFileSync(layout.bootFacts, 'build=b1\nmode=overlay\nlayer=layers/b1\ncounted=no\n');
  runInLayer(layout, recordOf(layout, b1), script);
  return layout;
}

const doings = 'echo own > etc/own; echo mine > etc/name; rm etc/empty; chmod 711 bin/tool; echo x > etc/old';

test('local diff lists what was done, for people and for programs', skip, async () => {
  const layout = running(doings);
  const diff = await must('local', 'diff', '--root', layout.root);
  assert.deepEqual(diff.counts, { added: 1, changed: 2, metadata: 1, deleted: 1 });
  assert.deepEqual(diff.changes, [
    { kind: 'metadata', path: 'bin/tool', fields: ['mode'] },
    { kind: 'deleted', path: 'etc/empty' },
    { kind: 'changed', path: 'etc/name', fields: ['mtime'] },
    { kind: 'changed', path: 'etc/old', fields: ['mtime'] },
    { kind: 'added', path: 'etc/own' },
  ]);
  const { stdout } = await satchel(['local', 'diff', '--root', layout.root]);
  assert.deepEqual(stdout.split('\n').slice(0, 6), [
    '~ /bin/tool (mode)',
    '- /etc/empty',
    '* /etc/name',
    '* /etc/old',
    '+ /etc/own',
    'b1: 1 added, 2 changed, 1 with other owner, mode or attributes, 1 deleted.',
  ]);
});

test('an update carries them over, and going back finds the old layer as it was', skip, async () => {
  const layout = running(doings);
  const before = describeTree(layerOf(layout, b1).folder);
  await must('update', '--root', layout.root);
  assert.equal(openBootPointer(layout).read().current, 'b2');
  const b2Record = recordOf(layout, b2);
  assert.equal(
    readInLayer(
      layout,
      b2Record,
      'cat etc/own etc/name etc/name.satchel-local etc/old.satchel-local; ls etc/empty etc/old || :',
    ),
    'own\nsecond\nmine\nx\n',
  );
  assert.deepEqual(describeTree(layerOf(layout, b1).folder), before);
  await must('rollback', '--root', layout.root);
  assert.deepEqual(describeTree(layerOf(layout, b1).folder), before);
  assert.equal(openBootPointer(layout).read().current, 'b1');
});

test(
  'a dry run of carrying over says what would become of each change, and writes nothing',
  skip,
  async () => {
    const layout = running(doings);
    await must('update', '--root', layout.root);
    const names = describeTree(layout.layers);
    const carry = await must('local', 'carry', '--root', layout.root, '--dry-run');
    assert.deepEqual([carry.from, carry.to], ['b1', 'b2']);
    assert.deepEqual(carry.changes, [
      { outcome: 'dropped', path: 'bin/tool' },
      { outcome: 'removed', path: 'etc/empty' },
      { outcome: 'conflict', path: 'etc/name', beside: 'etc/name.satchel-local' },
      { outcome: 'conflict', path: 'etc/old', beside: 'etc/old.satchel-local' },
      { outcome: 'kept', path: 'etc/own' },
    ]);
    assert.deepEqual(describeTree(layout.layers), names);
    const { stdout } = await satchel(['local', 'carry', '--root', layout.root, '--dry-run']);
    assert.match(stdout, /^! \/etc\/name → \/etc\/name\.satchel-local$/m);
    assert.match(stdout, /^b1 → b2: 1 kept, 0 merged, 1 deleted, .* 2 changed by both\.$/m);
  },
);

test('what was changed after the update is carried over on the way down', skip, async () => {
  const layout = running('echo 1 > etc/own');
  await must('update', '--root', layout.root);
  runInLayer(layout, recordOf(layout, b1), 'echo 2 > etc/own');
  await must('local', 'carry', '--root', layout.root);
  assert.equal(readInLayer(layout, recordOf(layout, b2), 'cat etc/own'), '2\n');
  // After the first boot nobody touches it any more.
  runInLayer(layout, recordOf(layout, b2), 'echo 3 > etc/own');
  assert.deepEqual((await must('local', 'carry', '--root', layout.root)).to, null);
  assert.equal(readInLayer(layout, recordOf(layout, b2), 'cat etc/own'), '3\n');
});

test('a policy that is not understood is said with its line and stops no update', skip, async () => {
  const layout = running(
    'mkdir etc/satchel; printf "keep /etc\\nsometimes /usr\\n" > etc/satchel/carry.conf',
  );
  const { code, stderr } = await satchel(['update', '--root', layout.root]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /carry\.conf, line 2, is not understood/);
  const dry = await satchel(['local', 'carry', '--root', layout.root, '--dry-run']);
  assert.equal(dry.code, 1);
  assert.match(dry.stderr, /carry\.conf, line 2, is not understood/);
  assert.doesNotMatch(dry.stderr, /\n {4}at /);
});

test(
  'where nothing was booted from a layer there is nothing to tell and nothing to carry',
  skip,
  async () => {
    const layout = deviceLayout(join(world.folder, 'plain'));
    copyDevice(world.device, layout.root);
    const diff = await satchel(['local', 'diff', '--root', layout.root]);
    assert.equal(diff.code, 3);
    assert.match(diff.stderr, /Nothing is known of changes to b1/);
    await must('update', '--root', layout.root);
    assert.deepEqual(existsSync(layout.layers) ? readdirSync(layout.layers) : [], []);
    const other = await satchel(['local', 'diff', 'b9', '--root', layout.root]);
    assert.equal(other.code, 3);
  },
);

test('without a layer an update says that only persistent paths go on', skip, async () => {
  const layout = running(':');
  writeFileSync(layout.bootFacts, 'build=b1\nmode=copy\ncounted=no\n');
  rmSync(layout.layers, { recursive: true });
  const { code, stderr } = await satchel(['update', '--root', layout.root]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /b1 runs in the mode "copy": .* only persistent paths go on/);
});
