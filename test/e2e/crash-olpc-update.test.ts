/** `olpc-update` from a plain rsync server, ended at the calls that it makes to the system. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { buildName } from '../../src/base/identifiers.ts';
import { deviceLayout, pristineTree } from '../../src/device/layout.ts';
import { openBootPointer } from '../../src/device/open-boot-pointer.ts';
import { discard } from '../../src/os/discard.testkit.ts';
import { must } from '../doubles/command.ts';
import {
  ageTemporaries,
  assertBootable,
  copyDevice,
  inodesOf,
  makeWorld,
  saidOf,
  temporariesBelow,
  tryCrashes,
  type World,
} from '../doubles/crash-world.ts';
import { buildModule, type RsyncServer, startRsyncServer } from '../doubles/rsync-server.ts';
import { isRoot } from '../doubles/story-trees.ts';

let world: World;
let server: RsyncServer;
const before1 = new Map<string, ReturnType<typeof inodesOf>>();
const [b1, b2] = [buildName('b1'), buildName('b2')];

before(async () => {
  world = await makeWorld();
  const updated = join(world.folder, 'updated');
  copyDevice(world.device, updated);
  await must('update', '--root', updated);
  const served = (name: string) => join(world.folder, 'builds', name);
  for (const name of ['ours', 'opaque']) {
    mkdirSync(served(name), { recursive: true });
    execFileSync('cp', ['-a', pristineTree(deviceLayout(updated), b2), join(served(name), 'root')]);
  }
  cpSync(join(updated, 'versions/contents/b2'), join(served('ours'), 'contents'));
  writeFileSync(join(served('opaque'), 'contents'), '["manifest",1,{}]');
  discard(updated);
  server = await startRsyncServer(world.folder, '');
});
after(async () => {
  await server.stop();
  world.remove();
});

describe('an update through rsync', { skip: !isRoot && 'needs root' }, () => {
  for (const kind of ['ours', 'opaque'])
    test(`ended at any call leaves the old or the new state and can be done again (${kind})`, async (context) => {
      server.setModules(buildModule('b2', join(world.folder, 'builds', kind)));
      const layoutIn = (folder: string) => deviceLayout(join(folder, 'device'));
      const words = (folder: string) => [
        'olpc-update',
        '--root',
        layoutIn(folder).root,
        '-s',
        server.url,
        'b2',
      ];
      const scenario = {
        name: `olpc-update-${kind}`,
        sample: { usual: 12 },
        prepare(folder: string) {
          copyDevice(world.device, layoutIn(folder).root);
          before1.set(folder, inodesOf(pristineTree(layoutIn(folder), b1)));
          return words(folder);
        },
        async check(folder: string) {
          const layout = layoutIn(folder);
          const isUntouched = () =>
            assert.deepEqual(inodesOf(pristineTree(layout, b1)), before1.get(folder), 'the inodes of b1');
          isUntouched();
          assertBootable(world, layout, ['b1', 'b2']);
          await must(...words(folder));
          assert.equal(assertBootable(world, layout, ['b2']), 'b2');
          assert.equal(openBootPointer(layout).read().alternate, 'b1');
          isUntouched();
          await must('verify', '--root', layout.root, '--full', '--all');
          ageTemporaries(layout.versions);
          await must('purge', '--root', layout.root);
          assert.deepEqual(temporariesBelow(layout.versions), []);
        },
      };
      context.diagnostic(saidOf(scenario, await tryCrashes(world, scenario)));
    });
});
