/** Local changes through updates and ways back, with the real hook of the initramfs on a real file system. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { needsRoot } from '../../src/formats/gnu-tar.testkit.ts';
import { type Disk, type HookShell, hookShells, makeDisk, mustBoot, run } from '../doubles/boot-hook.ts';
import { must } from '../doubles/command.ts';
import { deviceInit, makeWorld, type World } from '../doubles/crash-world.ts';
import { scratchFolder } from '../doubles/scratch.ts';

let world: World;
let scratch: ReturnType<typeof scratchFolder>;
let dash: HookShell;

before(async () => {
  if (needsRoot !== false) return;
  scratch = scratchFolder('local-boot');
  world = await makeWorld();
  [dash] = hookShells(scratch.file('shells'));
});
after(() => {
  world?.remove();
  scratch?.remove();
});

/** A device with b1, booted with the hook; what the script does there is done by its user. */
async function deviceOn(disk: Disk): Promise<(script: string) => ReturnType<typeof mustBoot>> {
  await must(...deviceInit(disk.root, world.first));
  await must('update', '--root', disk.root);
  await must(...deviceInit(disk.root, world.second));
  return (script) => mustBoot(disk, { shell: dash, script });
}

test('changes go on to the next version, and each way back finds its own', {
  skip: needsRoot,
}, async (context) => {
  const disk = makeDisk(scratch.file('disk'));
  context.after(() => disk.remove());
  const boot = await deviceOn(disk);
  const first = boot('echo own >etc/own; rm etc/empty; echo 1 >etc/count; cat etc/name');
  assert.deepEqual([first.facts.build, first.facts.mode, first.output], ['b1', 'overlay', 'first\n']);
  await must('update', '--root', disk.root);
  const second = boot(
    'cat etc/name etc/own etc/count; ls etc/empty 2>&1 | grep -c "No such"; echo 2 >etc/count',
  );
  assert.equal(second.facts.build, 'b2', second.said);
  assert.equal(second.output, 'second\nown\n1\n1\n');
  assert.equal((await must('local', 'carry', '--root', disk.root)).to, null);
  await must('rollback', '--root', disk.root);
  assert.equal(boot('cat etc/name etc/count; echo 3 >etc/count').output, 'first\n1\n');
  await must('rollback', '--root', disk.root);
  assert.equal(boot('cat etc/name etc/count').output, 'second\n2\n');
  await must('rollback', '--root', disk.root);
  assert.equal(boot('cat etc/name etc/count').output, 'first\n3\n');
});

test('what is done between the update and the way down goes on too', { skip: needsRoot }, async (context) => {
  const disk = makeDisk(scratch.file('late'));
  context.after(() => disk.remove());
  const boot = await deviceOn(disk);
  boot('echo 1 >etc/count');
  await must('update', '--root', disk.root);
  // As if it were still running: the layer of b1 is written to once more.
  mkdirSync(disk.file('versions/updates/satchel/layers/b1/upper/srv'), { recursive: true });
  writeFileSync(disk.file('versions/updates/satchel/layers/b1/upper/etc/count'), 'late\n');
  await must('local', 'carry', '--root', disk.root);
  assert.equal(boot('cat etc/count').output, 'late\n');
});

test('where the file system shares blocks, carrying over costs no room', {
  skip: needsRoot,
}, async (context) => {
  const disk = makeDisk(scratch.file('sharing'), 'btrfs', 256);
  context.after(() => disk.remove());
  const boot = await deviceOn(disk);
  boot('mkdir -p srv; head -c 60000000 /dev/urandom >srv/large; sync');
  await must('update', '--root', disk.root);
  const used = () => Number(run('df', ['--output=used', '-B1', disk.root]).split('\n')[1]);
  const before = used();
  await must('local', 'carry', '--root', disk.root);
  run('sync', ['-f', disk.root]);
  assert.ok(used() - before < 30_000_000, `${used() - before} bytes`);
  const sums = run('sh', [
    '-c',
    'cksum < "$1/b1/upper/srv/large"; cksum < "$1/b2/upper/srv/large"',
    'sh',
    disk.file('versions/updates/satchel/layers'),
  ]).split('\n');
  assert.equal(sums[0], sums[1]);
});
