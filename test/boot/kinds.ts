/** One update on each other kind of device: how it is told what to boot, and how its running tree is made. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Guest } from './guest.ts';
import { type DeviceWish, makeWorld, sharedWorld, type World } from './world.ts';

/** A device that runs A, switched on. */
async function start(world: World, wish: DeviceWish): Promise<Guest> {
  const image = await world.device(wish);
  const log = join(world.folder, `console-${wish.name}.log`);
  const firmware = wish.kind === 'bls' ? { firmware: efi(world) } : {};
  return Guest.start({ disks: [{ image }], log, ...firmware });
}

/** UEFI with variables of its own. */
function efi({ folder }: World) {
  const variables = join(folder, 'variables.fd');
  copyFileSync('/usr/share/OVMF/OVMF_VARS_4M.fd', variables);
  return { code: '/usr/share/OVMF/OVMF_CODE_4M.fd', variables };
}

/** A to B: booted and proven. Tells what the hook added to the first boot of B. */
async function update(guest: Guest, world: World, mode: string, t: TestContext): Promise<void> {
  await guest.ready();
  await guest.runs('A', mode);
  await guest.satchel(`device set --source ${world.source}`);
  await guest.must('echo mine >/etc/note-of-the-user; echo my-laptop >/etc/hostname');
  await guest.satchel('update B');
  await guest.reboot();
  const { milliseconds } = await guest.runs('B', mode);
  t.diagnostic(`B was started by the hook in ${milliseconds} ms`);
  await guest.checked();
  assert.equal(await guest.must('cat /etc/hostname'), 'my-laptop', 'it belongs to the machine');
  // Elsewhere than in a layer nobody can tell what the user has changed.
  if (mode === 'overlay') assert.equal(await guest.must('cat /etc/note-of-the-user'), 'mine');
}

async function isKept(guest: Guest): Promise<void> {
  assert.deepEqual(await guest.trial(), {}, 'it is kept');
  assert.equal(await guest.must('ls /versions/pristine'), 'B');
  await guest.must('satchel verify');
}

test('a boot partition with links; the other version is chosen in the menu', async (t) => {
  const world = await sharedWorld();
  const wish = {
    name: 'partitioned',
    kind: 'olpc-partitioned',
    size: 2500,
    words: ['--soak', '2d'],
  } as const;
  await using guest = await start(world, wish);
  await update(guest, world, 'overlay', t);
  assert.equal((await guest.trial()).state, 'proven');
  assert.equal(
    await guest.must('readlink /bootpart/boot /bootpart/boot-versions/B/alt'),
    'boot-versions/B\n../A',
  );
  guest.restart();
  await guest.machine.line(/Satchel: the other version/, { prompt: true });
  // Ctrl-N: the codes of an arrow key would have to come fast enough.
  guest.machine.type('\x0e\r');
  await guest.machine.line(/A starts instead of B, as was asked for/);
  await guest.ready();
  await guest.runs('A');
  assert.equal((await guest.trial()).state, 'failed');
  assert.equal(await guest.must('cat /etc/note-of-the-user'), 'mine');
  assert.equal(await guest.must('readlink /bootpart/boot'), 'boot-versions/A');
  await guest.shutDown();
});

test('systemd-boot under UEFI counts the boots of entries', async (t) => {
  const world = await sharedWorld();
  await using guest = await start(world, { name: 'bls', kind: 'bls', size: 2500 });
  await update(guest, world, 'overlay', t);
  await isKept(guest);
  const entries = 'ls /bootpart/loader/entries';
  assert.match(await guest.must(entries), /^satchel-\d+-B\.conf$/, 'it is counted no longer');
  await guest.satchel('update C');
  assert.match(await guest.must(entries), /^satchel-\d+-C\+3\.conf$/m);
  guest.restart();
  for (let boot = 1; boot <= 3; boot += 1) await guest.machine.line(/this init is broken/);
  await guest.ready();
  await guest.runs('B');
  await guest.must('satchel boot check');
  const { failed } = await guest.satchel('status');
  assert.deepEqual(
    failed.map(({ build, reason }: Record<string, string>) => ({ build, reason })),
    [{ build: 'C', reason: 'boots' }],
  );
  await guest.shutDown();
});

test('reflinks on btrfs', async (t) => {
  const world = await sharedWorld();
  const wish = { name: 'btrfs', kind: 'olpc', fileSystem: 'btrfs', size: 3000 } as const;
  await using guest = await start(world, { ...wish, words: ['--run-mode', 'reflink'] });
  await update(guest, world, 'reflink', t);
  await isKept(guest);
  await guest.shutDown();
});

test('an initramfs made by dracut', async (t) => {
  const world = await makeWorld('dracut');
  try {
    await using guest = await start(world, { name: 'dracut', kind: 'olpc', size: 2500 });
    await update(guest, world, 'overlay', t);
    await isKept(guest);
    await guest.shutDown();
  } finally {
    await world.close();
  }
});
