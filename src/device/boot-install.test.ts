import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { copyLibraries } from '../../test/doubles/linked-program.ts';
import { isSatchelError } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import { needsRoot } from '../formats/gnu-tar.testkit.ts';
import { findProgram } from '../os/process.ts';
import { type BootInstallOptions, installBoot } from './boot-install.ts';
import { loaderMenu } from './boot-loader-menu.ts';
import { temporaryFolder } from './device.fixture.ts';

/** A system with merged folders, as Debian has them, and a kernel. */
function systemTree(context: TestContext): string {
  const tree = join(temporaryFolder(context), 'tree');
  for (const path of ['boot', 'etc', 'usr/bin', 'usr/sbin', 'usr/lib/modules/6.1', 'usr/lib/systemd'])
    mkdirSync(join(tree, path), { recursive: true });
  for (const name of ['bin', 'sbin', 'lib']) symlinkSync(`usr/${name}`, join(tree, name));
  writeFileSync(join(tree, 'usr/lib/systemd/systemd'), '');
  writeFileSync(join(tree, 'boot/vmlinuz-6.1'), 'kernel');
  return tree;
}

function program(tree: string, path: string, text: string): void {
  writeFileSync(join(tree, path), text);
  chmodSync(join(tree, path), 0o755);
}

const install = (tree: string, options: Partial<BootInstallOptions> = {}) =>
  installBoot({ tree, reporter: silentReporter, ...options });

test('hooks, services that start, checks and lists come into a system, and what operators changed stays', async (context) => {
  const tree = systemTree(context);
  mkdirSync(join(tree, 'etc/satchel/persist.d'), { recursive: true });
  writeFileSync(join(tree, 'etc/satchel/persist.d/50-usual.list'), '/etc/hostname\n');
  const done = await install(tree, { generator: 'initramfs-tools', filesOnly: true });
  assert.deepEqual(done.kept, ['etc/satchel/persist.d/50-usual.list']);
  for (const path of [
    'usr/lib/satchel/satchel-boot',
    'usr/share/initramfs-tools/hooks/satchel',
    'usr/share/initramfs-tools/scripts/local-bottom/satchel',
    'usr/lib/systemd/system/satchel-boot-check.service',
  ])
    assert.ok(existsSync(join(tree, path)), path);
  assert.ok(!existsSync(join(tree, 'usr/lib/satchel/satchel-lite')));
  assert.ok(!existsSync(join(tree, 'usr/lib/systemd/system/satchel-serve.service')));
  assert.equal(lstatSync(join(tree, 'usr/share/initramfs-tools/hooks/satchel')).mode & 0o777, 0o755);
  assert.equal(
    readlinkSync(join(tree, 'etc/systemd/system/multi-user.target.wants/satchel-boot-check.service')),
    '/usr/lib/systemd/system/satchel-boot-check.service',
  );
  assert.equal(readlinkSync(join(tree, 'boot/vmlinuz')), 'vmlinuz-6.1');
  for (const kind of ['required.d', 'wanted.d'])
    for (const name of readdirSync(join(tree, 'etc/satchel/check', kind)))
      assert.equal(lstatSync(join(tree, 'etc/satchel/check', kind, name)).mode & 0o111, 0o111);
  const again = await install(tree, { generator: 'initramfs-tools', filesOnly: true });
  assert.ok(again.kept.length > done.kept.length && !again.files.includes('boot/vmlinuz'));
});

test('dracut gets a module, and a system without systemd no services', async (context) => {
  const tree = systemTree(context);
  execFileSync('rm', ['-r', join(tree, 'usr/lib/systemd')]);
  const { files } = await install(tree, { generator: 'dracut', filesOnly: true });
  assert.ok(files.includes('usr/lib/dracut/modules.d/90satchel/module-setup.sh'));
  assert.ok(!files.some((path) => path.includes('systemd')));
});

test('what cannot be done is refused before anything is written', async (context) => {
  const tree = systemTree(context);
  const before = execFileSync('find', [tree]).toString();
  const refusals = [
    [{}, 'boot-generator-unknown'],
    [{ generator: 'dracut' }, 'boot-generator-missing'],
    [{ tree: join(tree, 'boot'), generator: 'dracut', filesOnly: true }, 'boot-tree-wrong'],
    [{ tree: join(tree, 'none'), generator: 'dracut', filesOnly: true }, 'boot-tree-wrong'],
  ] as const;
  for (const [options, code] of refusals)
    await assert.rejects(install(tree, options), (error) => isSatchelError(error, code));
  assert.equal(execFileSync('find', [tree]).toString(), before);
  program(tree, 'usr/bin/dracut', '');
  execFileSync('rm', [join(tree, 'boot/vmlinuz-6.1')]);
  await assert.rejects(install(tree), (error) => isSatchelError(error, 'boot-kernel-missing'));
});

test('links of a system lead into that system, never out of it', async (context) => {
  const tree = systemTree(context);
  const outside = join(dirname(tree), 'outside');
  mkdirSync(outside);
  mkdirSync(join(tree, 'data'));
  symlinkSync('/data', join(tree, 'etc/satchel'));
  symlinkSync('../../../../../../data', join(tree, 'usr/share'));
  await install(tree, { generator: 'initramfs-tools', filesOnly: true });
  assert.ok(existsSync(join(tree, 'data/check')) && existsSync(join(tree, 'data/initramfs-tools')));
  assert.deepEqual(readdirSync(dirname(tree)).sort(), ['outside', 'tree']);
});

test('the generator of the system makes the initramfs, in the system itself', {
  skip: needsRoot,
}, async (context) => {
  const tree = systemTree(context);
  for (const path of ['proc', 'dev', 'sys', 'usr/lib64']) mkdirSync(join(tree, path), { recursive: true });
  symlinkSync('usr/lib64', join(tree, 'lib64'));
  const busybox = findProgram('busybox') ?? assert.fail('busybox is missing');
  copyLibraries(busybox, tree);
  cpSync(busybox, join(tree, 'usr/bin/busybox'));
  symlinkSync('busybox', join(tree, 'usr/bin/sh'));
  program(
    tree,
    'usr/sbin/update-initramfs',
    '#!/bin/sh\necho "$*" >>/called\n[ -e /proc/self/status ] && [ -c /dev/null ] && echo made >"/boot/initrd.img-$3"\n',
  );
  const { kernels, files } = await install(tree);
  assert.deepEqual(kernels, ['6.1']);
  assert.ok(files.includes('boot/initrd.img'));
  assert.equal(readFileSync(join(tree, 'boot/initrd.img'), 'utf8'), 'made\n');
  await install(tree);
  assert.equal(readFileSync(join(tree, 'called'), 'utf8'), '-c -k 6.1\n-u -k 6.1\n');
  assert.deepEqual(readdirSync(join(tree, 'proc')), [], 'nothing stays mounted');
  program(tree, 'usr/sbin/update-initramfs', '#!/bin/sh\necho "no space" >&2\nexit 7\n');
  await assert.rejects(
    install(tree),
    (error) => isSatchelError(error, 'boot-generator-failed') && /no space/.test(error.message),
  );
});

test('the menu of a loader reads kernels through the links, and has the other version', async (context) => {
  const grub = loaderMenu({ loader: 'grub', rootDevice: 'LABEL=Root' });
  assert.match(
    grub,
    /search --no-floppy --set=root --label Root\n {2}linux \/boot\/vmlinuz root=LABEL=Root rw panic=10\n/,
  );
  assert.match(
    grub,
    /linux \/boot-alt\/vmlinuz root=LABEL=Root rw panic=10 altboot\n {2}initrd \/boot-alt\/initrd\.img/,
  );
  // Damaged links must not leave a machine without a kernel.
  assert.match(grub, /^set fallback="2"$/m);
  assert.match(grub, /linux \/versions\/running\/boot\/vmlinuz root=LABEL=Root rw panic=10\n/);
  const partitioned = loaderMenu({
    loader: 'grub',
    rootDevice: '/dev/vda2',
    bootPartition: '/dev/disk/by-label/Boot',
    kernelOptions: 'ro panic=3',
  });
  assert.match(partitioned, /--label Boot\n.*root=\/dev\/vda2 ro panic=3\n/);
  const tree = systemTree(context);
  const { loaderFile } = await install(tree, {
    generator: 'dracut',
    filesOnly: true,
    loader: { loader: 'extlinux', rootDevice: 'UUID=1-2' },
  });
  const text = readFileSync(loaderFile ?? '', 'utf8');
  assert.match(text, /^DEFAULT satchel$/m);
  assert.match(
    text,
    /LINUX \/boot-alt\/vmlinuz\n {2}INITRD \/boot-alt\/initrd\.img\n {2}APPEND root=UUID=1-2 rw panic=10 altboot/,
  );
});
