/**
 * Whole commands on devices whose kernels lie on a boot partition, ended at the calls that they make to the system:
 * what a loader would start is always a complete version with its own kernel.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { writeBootSettings } from '../../src/device/boot-settings.ts';
import { readInstalled } from '../../src/device/installed.ts';
import { type DeviceLayout, deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { describeTree } from '../../src/formats/gnu-tar.testkit.ts';
import { symlinkAtomic } from '../../src/os/atomic-file.ts';
import { must } from '../doubles/command.ts';
import {
  copyDevice,
  makeWorld,
  type Scenario,
  saidOf,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';
import { startableByEntries, startableByLinks } from '../doubles/loader-view.ts';

const kinds = ['olpc-partitioned', 'bls'] as const;
type Kind = (typeof kinds)[number];

let world: World;
before(async () => {
  world = await makeWorld({ withKernels: true });
  for (const kind of kinds) await prepareDevices(kind);
});
after(() => world.remove());

const place = (kind: Kind, name: string) => join(world.folder, `${kind}-${name}`);
const runs = (layout: DeviceLayout, name: string) => symlinkAtomic(`pristine/${name}`, layout.running);

/** One that runs b1, and one that was switched to b2 and has not booted it. */
async function prepareDevices(kind: Kind): Promise<void> {
  const layout = deviceLayout(place(kind, 'first'));
  copyDevice(world.device, layout.root);
  mkdirSync(join(layout.bootPartition, kind === 'bls' ? 'EFI/BOOT' : 'boot-versions'), { recursive: true });
  writeBootSettings(layout, { kind, options: 'root=LABEL=Root rw' });
  openBootPointer(layout).switchTo(buildName('b1'));
  runs(layout, 'b1');
  copyDevice(layout.root, place(kind, 'switched'));
  await must('update', '--root', place(kind, 'switched'));
}

const startable = (layout: DeviceLayout, kind: Kind) =>
  kind === 'bls' ? startableByEntries(layout.root) : startableByLinks(layout.root, kind);

/** Whatever a person chooses in the menu is complete; the first starts by itself. */
function assertStartable(layout: DeviceLayout, kind: Kind, first: readonly string[]): void {
  const found = startable(layout, kind);
  for (const { build, kernel, initramfs } of found) {
    assert.deepEqual([kernel, initramfs], [`kernel of ${build}`, `initramfs of ${build}`]);
    const name = buildName(build);
    assert.deepEqual(describeTree(pristineTree(layout, name)), world.trees[build], `the tree of ${build}`);
    assert.ok(readInstalled(layout, name), `the record of ${build}`);
  }
  const started = found[0]?.build;
  assert.ok(started !== undefined && first.includes(started), `${started} starts`);
  assert.equal(openBootPointer(layout).read().current, started);
}

function scenariosOf(kind: Kind): readonly Scenario[] {
  const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));
  const copy = (name: string, folder: string) => {
    copyDevice(place(kind, name), layoutIn(folder).root);
    return layoutIn(folder);
  };
  return [
    {
      name: `update with ${kind}`,
      sample: { usual: 8 },
      prepare: (folder) => ['update', '--root', copy('first', folder).root],
      async check(folder) {
        const layout = layoutIn(folder);
        assertStartable(layout, kind, ['b1', 'b2']);
        await must('update', '--root', layout.root);
        assertStartable(layout, kind, ['b2']);
        assert.equal(openBootPointer(layout).read().alternate, 'b1');
        if (kind === 'bls') assert.equal(openBootPointer(layout).triesLeft(buildName('b2')), 3);
      },
    },
    {
      name: `rollback with ${kind}`,
      sample: { usual: 4 },
      prepare: (folder) => ['rollback', '--root', copy('switched', folder).root],
      async check(folder) {
        const layout = layoutIn(folder);
        assertStartable(layout, kind, ['b1', 'b2']);
        if (openBootPointer(layout).read().current !== 'b1') await must('rollback', '--root', layout.root);
        assertStartable(layout, kind, ['b1']);
      },
    },
    {
      name: `keep with ${kind}`,
      sample: { usual: 6 },
      prepare(folder) {
        const layout = copy('switched', folder);
        runs(layout, 'b2');
        if (kind === 'bls') countBoot(layout);
        return ['boot', 'check', '--root', layout.root];
      },
      async check(folder) {
        const layout = layoutIn(folder);
        assertStartable(layout, kind, ['b2']);
        await must('boot', 'check', '--root', layout.root);
        await must('purge', '--root', layout.root);
        assertStartable(layout, kind, ['b2']);
        assert.equal(startable(layout, kind).length, 1);
        assert.equal(openBootPointer(layout).triesLeft(buildName('b2')), undefined);
        assert.deepEqual(readdirSync(layout.pristine), ['b2']);
      },
    },
  ];
}

/** What systemd-boot does before it starts the entry. */
function countBoot(layout: DeviceLayout): void {
  const folder = join(layout.bootPartition, 'loader/entries');
  for (const file of readdirSync(folder))
    renameSync(join(folder, file), join(folder, file.replace(/\+3\.conf$/, '+2-1.conf')));
}

for (const kind of kinds)
  describe(`on a device with ${kind}`, () => {
    for (const [number, step] of ['update', 'rollback', 'keep'].entries())
      test(`${step} ended at any call leaves a version that starts, and can be done again`, async (context) => {
        const scenario = scenariosOf(kind)[number]!;
        context.diagnostic(saidOf(scenario, await tryCrashes(world, scenario)));
      });
  });
