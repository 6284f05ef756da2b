/** Sealing in a machine that boots: the kernel under the tests may lack fs-verity, Debian's kernel has it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type TestContext, test } from 'node:test';
import { findProgram } from '../../src/os/process.ts';
import { must } from '../doubles/command.ts';
import { type Machine, startMachine } from '../doubles/machine.ts';
import { scratchFolder } from '../doubles/scratch.ts';
import { type FileSystem, makeGuestDisk } from '../power/guest-disk.ts';
import { makeGuestTree } from '../power/guest-tree.ts';

const checkout = resolve(import.meta.dirname, '../..');
const build = 'sealed-1';
const next = 'sealed-2';
/** A file of the guest's system that it needs for nothing. */
const damaged = 'usr/share/data/same';

/** A disk on which one version is installed, with a repository to heal from; the file system can seal. */
async function makeDisk(folder: string, fileSystem: FileSystem): Promise<string> {
  const [root, repository, tree, nextTree] = ['root', 'root/home/repository', 'tree', 'next'].map((name) =>
    join(folder, name),
  );
  for (const name of 'home proc sys dev run security bootpart'.split(' '))
    mkdirSync(join(root!, name), { recursive: true });
  makeGuestTree(tree!, build);
  makeGuestTree(nextTree!, next);
  const { rootSha256 } = await must('init', '--repo', repository!);
  await must('publish', '--repo', repository!, '--name', build, tree!);
  await must('publish', '--repo', repository!, '--name', next, nextTree!);
  await must('device', 'init', '--root', root!, '--source', repository!, '--trust', rootSha256);
  await must('update', '--root', root!, build);
  symlinkSync('versions/boot/current/boot', join(root!, 'boot'));
  symlinkSync(`pristine/${build}`, join(root!, 'versions/running'));
  const program = join(root!, 'home/satchel');
  execFileSync(process.execPath, [join(checkout, 'scripts/bundle.ts'), program], { stdio: 'ignore' });
  copyFileSync(process.execPath, join(program, 'node'));
  for (const file of ['test/power/guest/observer.cjs', 'test/doubles/guest-seal.sh'])
    cpSync(join(checkout, file), join(program, file.slice(file.lastIndexOf('/'))));
  copyFileSync(findProgram('filefrag') ?? '/usr/sbin/filefrag', join(program, 'filefrag'));
  const image = join(folder, 'disk.img');
  const kernelOptions = `root=/dev/vda1 rootfstype=${fileSystem} console=ttyS0 panic=1 loglevel=4`;
  makeGuestDisk(image, { root: root!, fileSystem, kernelOptions });
  if (fileSystem === 'ext4')
    execFileSync('/usr/sbin/tune2fs', ['-O', 'verity', `${image}?offset=${1024 * 1024}`], { stdio: 'pipe' });
  return image;
}

async function untilReady(machine: Machine): Promise<void> {
  const [, state] = (await machine.line(/^@ (whole|broken|mixed|dead)/)) ?? [];
  assert.equal(state, 'whole');
  await machine.line(/^@ ready/);
}

async function startOn(context: TestContext, fileSystem: FileSystem): Promise<Machine> {
  const scratch = scratchFolder('seal');
  context.after(() => scratch.remove());
  const image = await makeDisk(scratch.path, fileSystem);
  const log = process.env.SATCHEL_GUEST_LOG;
  const machine = await startMachine({ disks: [{ image }], memory: 768, ...(log ? { log } : {}) });
  await untilReady(machine);
  return machine;
}

/** Has the guest seal what it runs; `filefrag` empty: without losing a block of the disk. Gives the last words. */
async function seal(machine: Machine, filefrag: string): Promise<string> {
  const settings = `SATCHEL=satchel SOURCE=/home/repository FILEFRAG=${filefrag}`;
  machine.type(`run set -- ${damaged}; ${settings}; (. /home/satchel/guest-seal.sh)\n`);
  const [, said] = await machine.line(/^@ (sealed(?: and healed)?|seal: .*)$/);
  return said!;
}

test('on btrfs too a version is sealed, and from then on what comes', async (context) => {
  await using machine = await startOn(context, 'btrfs');
  assert.equal(await seal(machine, ''), 'sealed');
  await machine.line(/^@ ended run 0$/);
  machine.type(`update ${next} --source /home/repository\n`);
  await machine.line(/^@ ended update 0$/);
  machine.type(`run satchel verify --root / --json ${next}\n`);
  const [, answer = ''] = await machine.line(/^(\{"versions":.*\})$/);
  const { versions } = JSON.parse(answer);
  const { build: name, seals, damaged } = versions[0];
  assert.deepEqual({ name, damaged }, { name: next, damaged: [] });
  assert.ok(seals.files > 100 && seals.sealed === seals.files, JSON.stringify(seals));
  await machine.line(/^@ ended run 0$/);
  machine.type('reboot\n');
  assert.match((await machine.line(/^@ up (.*)$/))[1] ?? '', new RegExp(next));
  await untilReady(machine);
});

test('a sealed version is guarded by the kernel, and healed while it runs', async (context) => {
  await using machine = await startOn(context, 'ext4');
  assert.equal(await seal(machine, '/home/satchel/filefrag'), 'sealed and healed');
  await machine.line(/^@ ended run 0$/);
  machine.type('reboot\n');
  await untilReady(machine);
  machine.type('verify\n');
  await machine.line(/^@ ended verify 0$/);
  machine.type('run until [ -z "$(ls /versions/updates/satchel/held)" ]; do sleep 0.2; done\n');
  await machine.line(/^@ ended run 0$/);
});
