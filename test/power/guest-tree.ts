import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  globSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { noise } from '../doubles/story-trees.ts';
import { type GuestSoftware, provideGuestSoftware } from './guest-software.ts';

const guest = join(import.meta.dirname, 'guest');
const initramfs = join(import.meta.dirname, '../../initramfs');

/** What the initramfs has to load before it can mount the root and the running tree. */
const bootModules = ['virtio_pci', 'virtio_blk', 'overlay', 'vfat', 'nls_cp437', 'nls_ascii'];
/** Every build has the same time, so that what did not change is shared with the build before. */
const buildTime = new Date('2026-01-01T00:00:00Z');

/** Bytes of a build that no other build has, and that no codec makes smaller. */
const ownBytes = 2_000_000;

/**
 * Makes the tree of a build of the guest's system: busybox, the libraries of Node.js, the kernel with an initramfs of
 * its own that runs the hook, and files of which some change with every build.
 */
export function makeGuestTree(tree: string, build: string): void {
  const software = provideGuestSoftware();
  for (const folder of 'bin sbin lib/modules lib64 etc boot proc sys dev tmp run home versions security bootpart usr/share/data'.split(
    ' ',
  ))
    mkdirSync(join(tree, folder), { recursive: true });
  const write = (path: string, content: string | Uint8Array, mode = 0o644) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
    chmodSync(join(tree, path), mode);
  };
  installBusybox(join(tree, 'bin'), software);
  copyLibraries(tree);
  copyFileSync(join(guest, 'init'), join(tree, 'sbin/init'));
  chmodSync(join(tree, 'sbin/init'), 0o755);
  copyModules(join(tree, 'lib/modules'), software.modules(['virtio_net']));
  write('etc/satchel-build', `${build}\n`);
  write('etc/guest-release', `${software.release}\n`);
  write('etc/satchel/check/required.d/10-alive', '#!/bin/sh\n[ -e /run/satchel/boot ]\n', 0o755);
  write('usr/share/data/own', noise(build, ownBytes));
  write('usr/share/data/same', noise('same', ownBytes));
  write('usr/share/data/grows', Buffer.concat([noise('grows', 500_000), Buffer.from(build)]));
  for (let number = 0; number < 100; number += 1)
    write(`usr/share/small/${number}`, number % 3 === 0 ? `${build} ${number}\n` : `${number}\n`);
  copyFileSync(software.kernel, join(tree, 'boot/vmlinuz'));
  writeFileSync(join(tree, 'boot/initrd.img'), makeInitramfs(`${tree}.initramfs`, { build, software }));
  writeSums(tree);
  setAllTimes(tree);
}

function installBusybox(folder: string, { busybox }: GuestSoftware): void {
  copyFileSync(busybox, join(folder, 'busybox'));
  for (const name of execFileSync(busybox, ['--list'], { encoding: 'utf8' }).trim().split('\n'))
    if (name !== 'busybox') symlinkSync('busybox', join(folder, name));
}

/** Node.js itself lies on /home; what it is linked with belongs to the system. */
function copyLibraries(tree: string): void {
  const listed = execFileSync('ldd', [process.execPath], { encoding: 'utf8' });
  for (const [, path] of listed.matchAll(/(?:=> |^\s*)(\/\S+) \(/gm)) {
    mkdirSync(join(tree, dirname(path!)), { recursive: true });
    copyFileSync(path!, join(tree, path!));
    chmodSync(join(tree, path!), 0o755);
  }
}

function copyModules(folder: string, files: readonly string[]): void {
  mkdirSync(folder, { recursive: true });
  for (const file of files) copyFileSync(file, join(folder, basename(file)));
  writeFileSync(join(folder, 'order'), files.map((file) => `${basename(file)}\n`).join(''));
}

/** Two archives one after the other, as kernels take them: what all builds share, and the name of the build. */
function makeInitramfs(
  folder: string,
  { build, software }: { readonly build: string; readonly software: GuestSoftware },
): Buffer {
  const [shared, own] = [join(folder, 'shared'), join(folder, 'own')];
  for (const name of 'bin proc sys dev run root modules'.split(' '))
    mkdirSync(join(shared, name), { recursive: true });
  installBusybox(join(shared, 'bin'), software);
  copyModules(join(shared, 'modules'), software.modules(bootModules));
  copyModules(join(shared, 'modules/btrfs'), software.modules(['btrfs']));
  for (const [name, source] of [
    ['init', join(guest, 'initramfs-init')],
    ['satchel-start', join(guest, 'initramfs-start')],
    ...['satchel-boot', 'satchel-boot-stage'].map((name) => [name, join(initramfs, name)]),
  ] as [string, string][]) {
    copyFileSync(source, join(shared, name));
    chmodSync(join(shared, name), 0o755);
  }
  mkdirSync(own);
  writeFileSync(join(own, 'initramfs-of'), `${build}\n`);
  setAllTimes(folder);
  const compressed = gzipSync(archiveOf(shared, software), { level: 1 });
  // A kernel looks for the next archive at a multiple of four.
  const gap = Buffer.alloc((4 - (compressed.length % 4)) % 4);
  const archives = Buffer.concat([compressed, gap, archiveOf(own, software)]);
  rmSync(folder, { recursive: true });
  return archives;
}

function archiveOf(folder: string, { busybox }: GuestSoftware): Buffer {
  const names = globSync('**', { cwd: folder }).sort();
  return execFileSync(busybox, ['cpio', '-o', '-H', 'newc'], {
    cwd: folder,
    input: names.map((name) => `${name || '.'}\n`).join(''),
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: 1 << 28,
  });
}

/** In the form of `md5sum`: the guest compares without any code of ours. */
function writeSums(tree: string): void {
  const lines = globSync('**', { cwd: tree })
    .filter((name) => lstatSync(join(tree, name)).isFile())
    .sort()
    .map((name) => `${hash('md5', readFileSync(join(tree, name)))}  ${name}\n`);
  writeFileSync(join(tree, 'etc/guest-sums'), lines.join(''));
}

function setAllTimes(tree: string): void {
  for (const name of ['', ...globSync('**', { cwd: tree })].sort().reverse())
    lutimesSync(join(tree, name), buildTime, buildTime);
}
