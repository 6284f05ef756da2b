/**
 * Machines that really boot lose their power at random moments, with what their disks had not written yet.
 * `npm run test:powercut` does the same 200 times and with every kind of machine.
 */
import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { startFaultServer } from '../doubles/fault-server.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { cutPowers, fractionsFrom } from '../power/cut-powers.ts';
import { visitStates } from '../power/disk-states.ts';
import { copyImage, viewOfLoader } from '../power/loader-view.ts';
import { booted, powerOn, tell } from '../power/power-machine.ts';
import { builds, makePowerDisk, type PowerBuilds, publishPowerBuilds } from '../power/power-scene.ts';

const scratch = scratchFolder('power-cut');
let from: PowerBuilds;

before(async () => {
  from = await publishPowerBuilds(scratch.path);
});
after(() => scratch.remove());

test('a power cut takes what the guest had not flushed, and nothing else', async () => {
  const folder = scratch.file('lost');
  mkdirSync(folder);
  const disk = await makePowerDisk(folder, from, { fileSystem: 'ext4', boot: 'olpc' });
  const options = { socket: `${folder}/socket`, share: 0, log: `${folder}/console.log` };

  const first = await powerOn(disk, options);
  await booted(first.machine);
  // The kernel itself flushes after some seconds unless it is told not to.
  await tell(first.machine, 'run', 'mount -o remount,commit=600 /home');
  await tell(first.machine, 'run', 'echo flushed >/home/flushed; sync; echo lost >/home/lost');
  await first.cutPower();

  const second = await powerOn(disk, options);
  try {
    await booted(second.machine);
    assert.ok((await tell(second.machine, 'run', 'cat /home/flushed')).includes('flushed'));
    await tell(second.machine, 'run', '! [ -e /home/lost ]');
  } finally {
    await second.cutPower();
  }
});

test('a loader, which replays no journal, finds a kernel and its initramfs at every moment', async (context) => {
  const folder = scratch.file('loader');
  mkdirSync(folder);
  const disk = await makePowerDisk(folder, from, { fileSystem: 'ext4', boot: 'olpc' });
  const image = `${folder}/again.img`;
  copyImage(disk.image, image);
  const record = `${folder}/record`;
  const server = await startFaultServer(from.repository);
  const { machine, cutPower } = await powerOn(disk, {
    ...{ socket: `${folder}/socket`, share: 0, log: `${folder}/console.log`, record },
  });
  try {
    await booted(machine);
    await tell(machine, 'check');
    await tell(machine, 'update', `${builds[1]} --source http://10.0.2.2:${server.port}/`);
    machine.type('reboot\n');
    assert.equal((await booted(machine)).build, builds[1]);
    await tell(machine, 'check');
    await tell(machine, 'run', 'sync');
  } finally {
    await cutPower();
    await server.close();
  }

  const before = viewOfLoader(image);
  const after = viewOfLoader(disk.image);
  assert.ok(before && after);
  assert.notEqual(before.initramfs, after.initramfs);
  let dead = 0;
  const seed = Math.floor(Math.random() * 2 ** 31);
  const random = fractionsFrom(seed);
  const states = visitStates({
    ...{ image, record, each: 2, random },
    visit() {
      const view = viewOfLoader(image);
      const isWhole = [before, after].some(
        (one) => one.kernelBytes === view?.kernelBytes && one.initramfs === view.initramfs,
      );
      if (!isWhole) dead += 1;
    },
  });
  context.diagnostic(`${states} states of the disk, seed ${seed}`);
  assert.ok(states > 100);
  assert.equal(dead, 0);
});

test('8 machines in 8 whose power is cut at a random moment boot a complete version and update', async (context) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  context.diagnostic(`seed ${seed}`);
  const { summary, casualties } = await cutPowers({
    ...{ folder: scratch.path, from, cuts: 8, machines: 2, kinds: ['ext4-olpc', 'btrfs-bls'], seed },
    onLine: (line) => context.diagnostic(line),
  });
  assert.deepEqual(casualties, []);
  assert.equal(summary.survived, 8);
  assert.equal(summary.made, 8);
});
