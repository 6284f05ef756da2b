/** A whole new release on a disk that has no room for two: staged by the initramfs, in place of the old version. */
import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { done } from '../doubles/satchel-program.ts';
import { Guest } from './guest.ts';
import { command } from './tool.ts';
import { nextVersion, programFolder, type Spoiling } from './versions.ts';
import { makeWorld, spoiltTree, type World } from './world.ts';

const mebibyte = 1024 * 1024;
/** Journal and tables of the file system, in MiB. */
const tables = 15;
/** Hashing hundreds of megabytes in an emulator takes its time; the console says nothing meanwhile. */
const patience = { silence: 1800 };

test('a release in which every program changes, on a disk of 1.2 times its size', async (t) => {
  // What the update needs whatever the size of the system weighs less in one that is not quite as small.
  await using world = disposable(await makeWorld('initramfs-tools', { programs: 440 }));
  const tree = join(world.folder, 'tree');
  const treeSize = Math.ceil(
    Number(command('du', ['--summarize', '--block-size=1', tree]).split('\t')[0]) / mebibyte,
  );
  await publishRelease(world, tree);
  // Where the device is made there is room for what the first version is received as.
  const size = 2 * treeSize;
  const shrunkTo = Math.ceil(1.2 * treeSize) + tables;
  const features = ['-m', '0', '-N', '40960', '-J', 'size=8'];
  const image = await world.device({ name: 'small', kind: 'olpc', size, shrunkTo, features });
  await using guest = await Guest.start({ disks: [{ image }], log: join(world.folder, 'console-small.log') });
  await guest.ready();
  await guest.runs('A');
  const total = Number(await guest.must('df --output=size -B1M /versions | tail -n 1'));
  t.diagnostic(`the tree has ${treeSize} MiB, the disk ${total} MiB`);
  assert.ok(total <= 1.2 * treeSize + 1, `${total} MiB are more than 1.2 × ${treeSize}`);
  await guest.must('echo mine >/etc/note-of-the-user');
  const refused = await guest.run(`satchel update --source ${world.source} --reclaim F`);
  assert.equal(refused.code, 4, refused.stderr);
  await guest.satchel(`update --source ${world.source} --in-place F`);
  guest.restart();
  await guest.machine.line(/satchel: staging F in place of A/, { ...patience, boots: 2 });
  await guest.machine.line(/satchel: F is complete and boots from now on/, patience);
  await guest.ready({ ...patience, boots: 2 });
  await guest.runs('F');
  await guest.checked();
  // What the first start of F may still have needed of A goes with the next one, or when somebody asks.
  assert.deepEqual((await guest.satchel('purge')).removed, ['A']);
  assert.equal(await guest.must('ls /versions/pristine'), 'F');
  assert.equal(await guest.must('cat /etc/note-of-the-user'), 'mine');
  await guest.must('satchel verify --full');
  await guest.shutDown();
});

const disposable = (world: World) => ({ ...world, [Symbol.asyncDispose]: () => world.close() });

/** The release, and the delta that leads to it. */
async function publishRelease({ repository, folder }: World, tree: string): Promise<void> {
  const { builds } = await done<{ builds: readonly { name: string }[] }>(['list', '--repo', repository]);
  if (builds.some(({ name }) => name === 'F')) return;
  using spoilt = spoiltTree(tree, folder, everyProgram);
  await done(['publish', '--repo', repository, '--name', 'F', '--stream', 'stable', spoilt.path]);
  await done(['delta', 'create', '--repo', repository, 'A', 'F']);
}

/**
 * All programs, libraries and modules of the kernel are other files: nothing of the system can be shared. But Satchel is
 * the same: it carries out the change, so its old files stay until the end, beside new ones.
 */
const everyProgram: Spoiling = (tree) => {
  nextVersion('F')(tree);
  // `find` and not `readdir`, which would go through links that lead out of the tree.
  const program = join(tree, programFolder);
  for (const path of command('find', [tree, '-path', program, '-prune', '-o', '-type', 'f', '-print0'])
    .split('\0')
    .slice(0, -1)) {
    const file = openSync(path, 'r+');
    const start = Buffer.alloc(4);
    readSync(file, start, 0, 4, 0);
    // What follows the end of a program means nothing to anybody.
    if (start.equals(elf) || /^(vmlinuz|initrd)/.test(basename(path)))
      writeSync(file, trailer, 0, trailer.length, fstatSync(file).size);
    closeSync(file);
  }
};

const elf = Buffer.from('\x7fELF');
const trailer = Buffer.alloc(16);
