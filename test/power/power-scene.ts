import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import type { BootKind } from '../../src/device/boot-pointer.ts';
import { writeBootSettings } from '../../src/device/boot-settings.ts';
import { deviceLayout } from '../../src/device/layout.ts';
import { must } from '../doubles/command.ts';
import type { MachineOptions } from '../doubles/machine.ts';
import { type FileSystem, makeGuestDisk } from './guest-disk.ts';
import { makeGuestTree } from './guest-tree.ts';

/** A kind of machine: its file system and how it is told what to boot. */
export type PowerKind = { readonly fileSystem: FileSystem; readonly boot: BootKind };

/** Builds that a device goes through again and again, in this order. */
export const builds = ['power-1', 'power-2', 'power-3'] as const;

/** What all machines share. */
export type PowerBuilds = {
  readonly repository: string;
  readonly rootHash: string;
  readonly program: string;
};

/** A disk that holds the first build, and what else its machine is made of. */
export type PowerDisk = { readonly image: string; readonly firmware?: MachineOptions['firmware'] };

const checkout = resolve(import.meta.dirname, '../..');
const firmwareCode = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const firmwareVariables = '/usr/share/OVMF/OVMF_VARS_4M.fd';
const loader = '/usr/lib/systemd/boot/efi/systemd-bootx64.efi';

/** Publishes the builds, one after the other with a delta; from the last to the first there is none. */
export async function publishPowerBuilds(folder: string): Promise<PowerBuilds> {
  const [repository, program] = [join(folder, 'repository'), join(folder, 'program')];
  const { rootSha256 } = await must('init', '--repo', repository);
  for (const [number, build] of builds.entries()) {
    const tree = join(folder, build);
    makeGuestTree(tree, build);
    const deltas = number === 0 ? [] : ['--deltas', '1', '--wait'];
    await must('publish', '--repo', repository, '--name', build, ...deltas, tree);
    rmSync(tree, { recursive: true });
  }
  bundleInto(program);
  return { repository, rootHash: rootSha256, program };
}

/** The program as a device has it, and Node.js itself. */
function bundleInto(folder: string): void {
  execFileSync(process.execPath, [join(checkout, 'scripts/bundle.ts'), folder], { stdio: 'ignore' });
  rmSync(join(folder, 'node_modules/.bin'), { recursive: true });
  copyFileSync(process.execPath, join(folder, 'node'));
  copyFileSync(join(import.meta.dirname, 'guest/observer.cjs'), join(folder, 'observer.cjs'));
}

/** Makes a disk on which the first build is installed and kept. */
export async function makePowerDisk(folder: string, from: PowerBuilds, kind: PowerKind): Promise<PowerDisk> {
  const root = join(folder, 'root');
  const efi = kind.boot === 'bls' ? join(folder, 'efi') : undefined;
  const rootDevice = efi === undefined ? '/dev/vda1' : '/dev/vda2';
  const kernelOptions = `root=${rootDevice} rootfstype=${kind.fileSystem} console=ttyS0 panic=1 loglevel=6 no_timer_check`;
  for (const name of 'home proc sys dev run security bootpart'.split(' '))
    mkdirSync(join(root, name), { recursive: true });
  await must('device', 'init', '--root', root, '--source', from.repository, '--trust', from.rootHash);
  if (efi !== undefined) layLoader(root, kernelOptions);
  await must('update', '--root', root, builds[0]);
  if (efi === undefined) symlinkSync('versions/boot/current/boot', join(root, 'boot'));
  symlinkSync(`pristine/${builds[0]}`, join(root, 'versions/running'));
  cpSync(from.program, join(root, 'home/satchel'), { recursive: true });
  if (efi !== undefined) {
    renameSync(join(root, 'bootpart'), efi);
    mkdirSync(join(root, 'bootpart'));
  }
  const image = join(folder, 'disk.img');
  makeGuestDisk(image, { root, fileSystem: kind.fileSystem, kernelOptions, ...(efi ? { efi } : {}) });
  rmSync(root, { recursive: true });
  if (efi === undefined) return { image };
  const variables = join(folder, 'variables.fd');
  copyFileSync(firmwareVariables, variables);
  return { image, firmware: { code: firmwareCode, variables } };
}

/** The loader on the boot partition; the entries are for the device's own code to make. */
function layLoader(root: string, kernelOptions: string): void {
  if (!existsSync(loader)) throw new Error(`${loader} is missing (Debian: systemd-boot-efi)`);
  const partition = join(root, 'bootpart');
  mkdirSync(join(partition, 'EFI/BOOT'), { recursive: true });
  mkdirSync(join(partition, 'loader/entries'), { recursive: true });
  copyFileSync(loader, join(partition, 'EFI/BOOT/BOOTX64.EFI'));
  writeFileSync(join(partition, 'loader/loader.conf'), 'default satchel-*\ntimeout 0\n');
  writeBootSettings(deviceLayout(root), { kind: 'bls', bootpart: '/dev/vda1', options: kernelOptions });
}
