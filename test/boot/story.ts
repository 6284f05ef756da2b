/** The life of one device, as its user sees it: GRUB, links on one partition, overlay, systemd. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Guest } from './guest.ts';
import { nameFile, sharedSettings } from './versions.ts';
import { sharedWorld, type World } from './world.ts';

const own = '/versions/updates/satchel';

/** In the order in which they happen to one device. */
const steps: readonly (readonly [string, (guest: Guest, world: World) => Promise<void>])[] = [
  ['the first version runs from its overlay', startsA],
  ['an update is booted, proves itself and is kept', updatesToB],
  ['what the user changed is there, and what the version changed', findsChanges],
  ['a version whose init fails is left after three boots', leavesC],
  ['a version whose check fails is left', leavesD],
  ['a version that is lived with is left by one command', goesBackFromE],
  ['a full disk refuses an update and boots', survivesFullDisk],
  ['a mangled boot pointer boots what ran last', survivesMangledPointer],
];

test('a device with GRUB and links on one partition', async (t) => {
  const world = await sharedWorld();
  const image = await world.device({ name: 'unpartitioned', kind: 'olpc', size: 2500 });
  const log = join(world.folder, 'console-story.log');
  await using guest = await Guest.start({ disks: [{ image }], log });
  const times: string[] = [];
  let isBroken = false;
  const step = (name: string, work: () => Promise<void>) =>
    t.test(name, async (inner) => {
      // The machine is then in no state that the next step expects.
      assert.ok(!isBroken, 'an earlier step failed');
      isBroken = true;
      await work();
      times.push(await hookTime(guest, inner));
      isBroken = false;
    });
  for (const [name, work] of steps) await step(name, () => work(guest, world));
  await guest.shutDown();
  t.diagnostic(`the hook took ${times.join(', ')} ms`);
});

/** What the hook adds to a boot, as it measures itself. */
async function hookTime(guest: Guest, t: TestContext): Promise<string> {
  const { build, milliseconds = '?' } = await guest.facts();
  t.diagnostic(`${build} was started by the hook in ${milliseconds} ms`);
  return milliseconds;
}

async function startsA(guest: Guest, world: World): Promise<void> {
  await guest.ready();
  await guest.runs('A');
  await guest.satchel(`device set --source ${world.source}`);
  const routes = await guest.must('cat /proc/net/route');
  assert.doesNotMatch(routes, /^\S+\t00000000\t/m, 'no way to any other network');
  await guest.must('echo my-laptop >/etc/hostname');
  await guest.must('echo mine >/etc/note-of-the-user');
  await guest.must(`sed -i '1s/.*/line of the user/' /${sharedSettings}`);
  await guest.must('rm /etc/debconf.conf; echo mine >/usr/share/left-behind');
  const { stdout } = await guest.run('satchel local diff');
  for (const path of ['etc/note-of-the-user', 'etc/debconf.conf', 'usr/share/left-behind'])
    assert.match(stdout, new RegExp(path));
}

async function updatesToB(guest: Guest): Promise<void> {
  const { build, from, rebootNeeded } = await guest.satchel('update B');
  assert.deepEqual({ build, from, rebootNeeded }, { build: 'B', from: 'A', rebootNeeded: true });
  assert.equal((await guest.trial()).state, 'waiting');
  assert.match(await guest.must('ls /versions/sticky'), /^A$/);
  await guest.reboot();
  const { counted } = await guest.runs('B');
  assert.equal(counted, 'yes');
  await guest.checked();
  assert.deepEqual(await guest.trial(), {}, 'it is kept');
  assert.equal(await guest.must('ls /versions/pristine; ls /versions/sticky'), 'B', 'the old one is let go');
}

async function findsChanges(guest: Guest): Promise<void> {
  assert.equal(await guest.must('hostname; cat /etc/hostname'), 'my-laptop\nmy-laptop');
  assert.equal(await guest.must('cat /etc/note-of-the-user'), 'mine');
  const settings = await guest.must(`cat /${sharedSettings}`);
  assert.match(settings, /^line of the user\n/);
  assert.match(settings, /\nline of the next version$/);
  assert.equal(await guest.must('ls /usr/share/only-in-B'), '/usr/share/only-in-B');
  for (const gone of ['/etc/debconf.conf', '/etc/issue.net', '/usr/share/left-behind'])
    assert.notEqual((await guest.run(`ls ${gone}`)).code, 0, gone);
  await guest.must('satchel verify --full');
}

/** Nothing that the first program of C does is health: the machine itself starts anew, and the hook has counted. */
async function leavesC(guest: Guest): Promise<void> {
  await guest.satchel('update C');
  guest.restart();
  for (const boot of [1, 2, 3]) {
    await guest.machine.line(new RegExp(`C is on trial: boot ${boot} of 3`));
    await guest.machine.line(/this init is broken/);
  }
  await guest.machine.line(/C did not prove itself in 3 boots; back to B/);
  await guest.ready();
  const { fellback } = await guest.runs('B');
  assert.equal(fellback, 'C');
  await expectFailure(guest, 'C', 'boots');
  assert.match(await guest.must(`cat ${own}/boots/C.log`), /C is on trial: boot 3 of 3/);
}

async function leavesD(guest: Guest): Promise<void> {
  await guest.satchel('update D');
  guest.restart();
  for (const boot of [1, 2, 3]) await guest.machine.line(new RegExp(`D is on trial: boot ${boot} of 3`));
  await guest.machine.line(/satchel: B starts/);
  await guest.ready();
  await guest.runs('B');
  await expectFailure(guest, 'D', 'checks');
  assert.match(await guest.must(`cat ${own}/boots/D.log`), /the loudspeaker is missing/);
}

/** The device says what failed, to its user and in its report; it does not take it again by itself. */
async function expectFailure(guest: Guest, build: string, reason: string): Promise<void> {
  await guest.must('satchel boot check');
  const { failed } = await guest.satchel('status');
  const found = failed.find((failure: { build: string }) => failure.build === build);
  assert.equal(found?.reason, reason, JSON.stringify(failed));
  assert.equal(await guest.must('ls /versions/sticky'), '', 'no mark is left');
}

async function goesBackFromE(guest: Guest): Promise<void> {
  await guest.satchel('device set --soak 2d');
  await guest.satchel('update E');
  await guest.reboot();
  await guest.runs('E');
  await guest.checked();
  assert.equal((await guest.trial()).state, 'proven');
  assert.equal(await guest.must('ls /versions/pristine'), 'B\nE');
  await guest.must('echo changed >/etc/note-of-the-user; echo new >/etc/note-of-e');
  await guest.satchel('rollback');
  await guest.reboot();
  await guest.runs('B');
  assert.equal(await guest.must('cat /etc/note-of-the-user'), 'mine', 'the layer is as it was');
  assert.notEqual((await guest.run('ls /etc/note-of-e')).code, 0);
  await expectFailure(guest, 'E', 'user');
}

async function survivesFullDisk(guest: Guest): Promise<void> {
  const fill = 'fallocate -l "$(df --output=avail -B1 /versions | tail -n 1)" /home/fill';
  await guest.must(`${fill}; dd if=/dev/zero of=/home/rest bs=64k 2>/dev/null; sync; df /versions >&2`);
  const { code, stderr } = await guest.run('satchel update C');
  // By its own check before content moves, or because not even the index has room.
  assert.ok(code === 4 || code === 1, stderr);
  assert.match(stderr, /\bfull\b|\broom\b|\bspace\b|bytes/);
  assert.doesNotMatch(stderr, /\n {4}at /);
  await guest.reboot();
  await guest.runs('B');
  await guest.must('rm /home/fill /home/rest');
}

async function survivesMangledPointer(guest: Guest): Promise<void> {
  await guest.must('ln -sfn nowhere/at-all /versions/boot; sync');
  await guest.reboot();
  await guest.runs('B');
  // Until then its check may hold the lock.
  await guest.checked();
  await guest.satchel('device set --soak 0');
  await guest.satchel('update E');
  await guest.reboot();
  await guest.runs('E');
  assert.equal(await guest.must(`cat /${nameFile}`), 'E');
}
