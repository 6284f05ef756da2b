/** Carrying local changes over, ended at every call that it makes to the system. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { buildName } from '../../src/base/identifiers.ts';
import { readInstalled } from '../../src/device/installed.ts';
import { layerOf } from '../../src/device/layers.ts';
import { type DeviceLayout, deviceLayout } from '../../src/device/layout.ts';
import { runInLayer } from '../../src/device/local-overlay.testkit.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { type DescribedTree, describeTree, needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { must } from '../doubles/command.ts';
import type { LoggedCall } from '../doubles/crash-order.ts';
import { recordCalls } from '../doubles/crash-run.ts';
import {
  assertBootable,
  copyDevice,
  makeWorld,
  type Scenario,
  saidOf,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';

const [b1, b2] = [buildName('b1'), buildName('b2')];
const script = `echo mine > etc/name; mkdir -p srv/own; echo own > srv/own/file; ln srv/own/file srv/own/link; rm etc/empty
  chmod 700 bin; chown 7:8 etc/same; head -c 1500000 /dev/zero > srv/own/large`;

let world: World;
/** Runs b1 from a layer in which somebody has worked. */
let changed: string;
/** The same after its update to b2, and after more work. */
let waiting: string;
/** The layers of b2 that are right for each. */
let [first, second]: DescribedTree[] = [];

const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));

/** When a deletion was noted says nothing. */
function upperOf(layout: DeviceLayout, name: typeof b1): DescribedTree {
  const tree = describeTree(layerOf(layout, name).upper);
  for (const described of Object.values(tree)) if (described.device === '0,0') described.mtime = '';
  return tree;
}

function work(layout: DeviceLayout, words: string): void {
  const record = readInstalled(layout, b1);
  assert.ok(record);
  runInLayer(layout, record, words);
}

before(async () => {
  if (needsRoot !== false) return;
  world = await makeWorld();
  changed = join(world.folder, 'changed');
  copyDevice(world.device, changed);
  symlinkSync('pristine/b1', deviceLayout(changed).running);
  work(deviceLayout(changed), script);
  waiting = join(world.folder, 'waiting');
  copyDevice(changed, waiting);
  await must('update', '--root', waiting);
  first = upperOf(deviceLayout(waiting), b2);
  work(deviceLayout(waiting), 'echo later > etc/name; echo late > srv/own/late');
  const done = join(world.folder, 'done');
  copyDevice(waiting, done);
  await must('local', 'carry', '--root', done);
  second = upperOf(deviceLayout(done), b2);
  assert.notDeepEqual(first, second);
});
after(() => world?.remove());

/** The old layer is as it was; what has the new one's name is complete, over the tree that it is for. */
function assertLayers(
  layout: DeviceLayout,
  old: string,
  right: readonly (DescribedTree | undefined)[],
): void {
  assert.deepEqual(upperOf(layout, b1), upperOf(deviceLayout(old), b1), 'the layer of b1');
  const layer = layerOf(layout, b2);
  if (!existsSync(layer.folder)) {
    assert.equal(openBootPointer(layout).read().current, 'b1');
    return;
  }
  const found = upperOf(layout, b2);
  if (!right.some((tree) => isDeepStrictEqual(found, tree)))
    assert.deepEqual(found, right.at(-1), 'the layer of b2');
  assert.equal(readFileSync(layer.index, 'utf8'), `${readInstalled(layout, b2)?.index}\n`);
  assert.deepEqual(readdirSync(layer.work), []);
}

const scenarios: readonly Scenario[] = [
  {
    name: 'update with local changes',
    sample: { usual: 12 },
    prepare(folder) {
      copyDevice(changed, layoutIn(folder).root);
      return ['update', '--root', layoutIn(folder).root];
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assertBootable(world, layout, ['b1', 'b2']);
      assertLayers(layout, changed, [first]);
      await must('update', '--root', layout.root);
      assert.equal(assertBootable(world, layout, ['b2']), 'b2');
      assertLayers(layout, changed, [first]);
      assert.deepEqual(readdirSync(layout.layers).sort(), ['b1', 'b2']);
    },
  },
  {
    name: 'local carry',
    sample: { usual: 12 },
    prepare(folder) {
      copyDevice(waiting, layoutIn(folder).root);
      return ['local', 'carry', '--root', layoutIn(folder).root];
    },
    async check(folder) {
      const layout = layoutIn(folder);
      assertBootable(world, layout, ['b2']);
      assertLayers(layout, waiting, [first, second]);
      await must('local', 'carry', '--root', layout.root);
      assertLayers(layout, waiting, [second]);
      assert.deepEqual(readdirSync(layout.layers).sort(), ['b1', 'b2']);
    },
  },
];

for (const scenario of scenarios)
  test(`${scenario.name} ended at any call leaves each version a layer that is right for it`, {
    skip: needsRoot,
  }, async (context) => {
    const tried = await tryCrashes(world, scenario);
    context.diagnostic(saidOf(scenario, tried));
  });

test('the layer is on the disk before it has its name, and has it there before the pointer moves', {
  skip: needsRoot,
}, async () => {
  const folder = join(world.folder, 'order');
  mkdirSync(folder);
  const layout = layoutIn(folder);
  copyDevice(changed, layout.root);
  const calls = await recordCalls(['update', '--root', layout.root], folder);
  const ended = calls.filter(({ moment }) => moment === 'end');
  const last = (isWanted: (call: LoggedCall) => boolean) => ended.findLastIndex(isWanted);
  const isBelow = (path: string) => path.includes('/layers/.new.b2/');
  const named = last(({ call, paths }) => call === 'rename' && paths[1]?.endsWith('/layers/b2') === true);
  const written = last(({ call, paths }) => call !== 'rename' && paths.some(isBelow));
  const synced = ended.findIndex(({ call }, place) => place > written && call === 'syncfs');
  const nameSynced = ended.findIndex(
    ({ call, paths }, place) => place > named && call === 'fsync' && paths[0]?.endsWith('/layers') === true,
  );
  const pointed = last(
    ({ call, paths }) => call === 'rename' && paths[1] === `${realpathSync(layout.versions)}/boot`,
  );
  const order = [written, synced, named, nameSynced, pointed];
  assert.ok(
    order.every((place) => place >= 0),
    `${order}`,
  );
  assert.deepEqual(
    order,
    order.toSorted((one, other) => one - other),
  );
});
