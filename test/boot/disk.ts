/** Disk images that boot by themselves: partitions, file systems and a loader that reads the kernel from the disk. */
import {
  closeSync,
  copyFileSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BootKind } from '../../src/device/boot-pointer.ts';
import { command } from './tool.ts';

/** What a disk is to be. */
export type DiskPlan = {
  /** The image; made anew. */
  readonly file: string;
  readonly kind: BootKind;
  /** Of the root; ext4 when absent. */
  readonly fileSystem?: 'ext4' | 'btrfs';
  /** Of the root's file system, in MiB. */
  readonly size: number;
  /** Words for `mkfs` of the root. */
  readonly features?: readonly string[];
  /** What the root's file system, an ext4, has in the end, in MiB: as when an image is made for smaller disks. */
  readonly shrunkTo?: number;
};

/** The label of the root's file system, as on the old images. */
export const rootLabel = 'OLPCRoot';
/** The label of the boot partition, likewise; FAT has only capitals. */
export const bootLabels = { 'olpc-partitioned': 'Boot', bls: 'BOOT' } as const;

const mebibyte = 1024 * 1024;
/** Where the first partition begins, and what a boot partition has, in MiB. */
const firstAt = 1;
const bootSize = 256;

/**
 * Makes a disk and gives its root, mounted, to `fill`; the boot partition is mounted below it at `bootpart`. Needs
 * root. The menu of GRUB is the file `grub/grub.cfg` of the file system that it reads.
 */
export async function makeDisk(plan: DiskPlan, fill: (root: string) => Promise<void>): Promise<void> {
  const hasBoot = plan.kind !== 'olpc';
  const rootAt = firstAt + (hasBoot ? bootSize : 0);
  partition(plan, rootAt);
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-disk-'));
  const root = join(scratch, 'root');
  mkdirSync(root);
  try {
    using _root = mounted(plan.file, root, { at: rootAt, size: plan.size, make: rootMaker(plan) });
    if (plan.kind === 'bls') await fillBeforeCopying(plan, root, scratch, fill);
    else await fillWithLinks(plan, root, fill);
  } finally {
    rmSync(scratch, { recursive: true });
  }
  if (plan.shrunkTo !== undefined) shrink(plan.file, { at: rootAt, size: plan.size }, plan.shrunkTo);
}

/** Makes an ext4 that is not mounted smaller. */
function shrink(image: string, place: Place, size: number): void {
  using loop = attached(image, place);
  command('e2fsck', ['-f', '-p', loop.device]);
  // What it takes for the minimum is a cautious guess.
  command('resize2fs', ['-f', loop.device, `${size}M`]);
  command('e2fsck', ['-f', '-n', loop.device]);
}

function rootMaker({ fileSystem = 'ext4', features = [] }: DiskPlan): string[] {
  return fileSystem === 'ext4'
    ? ['mkfs.ext4', '-q', '-L', rootLabel, '-m', '1', ...features]
    : ['mkfs.btrfs', '-q', '-L', rootLabel, ...features];
}

/** One partition for the root, with one for booting before it where the kind has that. */
function partition(plan: DiskPlan, rootAt: number): void {
  rmSync(plan.file, { force: true });
  const image = openSync(plan.file, 'w');
  ftruncateSync(image, (rootAt + plan.size + 1) * mebibyte);
  closeSync(image);
  const isEfi = plan.kind === 'bls';
  const boot = `start=${firstAt}MiB, size=${bootSize}MiB, type=${isEfi ? 'U' : 'L, bootable'}\n`;
  const table = `label: ${isEfi ? 'gpt' : 'dos'}\n${plan.kind === 'olpc' ? '' : boot}start=${rootAt}MiB, size=${plan.size}MiB, type=L\n`;
  command('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', plan.file], { input: table });
}

/** GRUB reads what the links lead to: on the root, or on a boot partition that Linux can mount here. */
async function fillWithLinks(plan: DiskPlan, root: string, fill: (root: string) => Promise<void>) {
  if (plan.kind === 'olpc') {
    await fill(root);
    installGrub(plan.file, rootLabel);
    return;
  }
  const partition = join(root, 'bootpart');
  mkdirSync(partition);
  const make = ['mkfs.ext4', '-q', '-L', bootLabels['olpc-partitioned']];
  using _boot = mounted(plan.file, partition, { at: firstAt, size: bootSize, make });
  await fill(root);
  installGrub(plan.file, bootLabels['olpc-partitioned']);
}

/** Not every kernel can mount FAT: the EFI partition is a folder first, and is copied by mtools. */
async function fillBeforeCopying(
  plan: DiskPlan,
  root: string,
  scratch: string,
  fill: (root: string) => Promise<void>,
): Promise<void> {
  const partition = join(root, 'bootpart');
  const folder = join(scratch, 'efi');
  mkdirSync(partition);
  mkdirSync(join(folder, 'EFI/BOOT'), { recursive: true });
  copyFileSync('/usr/lib/systemd/boot/efi/systemd-bootx64.efi', join(folder, 'EFI/BOOT/BOOTX64.EFI'));
  command('mount', ['--bind', folder, partition]);
  try {
    await fill(root);
  } finally {
    command('umount', [partition]);
  }
  const place = `${plan.file}@@${firstAt}M`;
  command('mformat', ['-i', place, '-F', '-v', bootLabels.bls, '-T', `${(bootSize * mebibyte) / 512}`, '::']);
  command('sh', ['-c', 'mcopy -s -m -Q -i "$1" "$2"/* ::/', 'sh', place, folder]);
}

/**
 * GRUB as it stands on any disk with an old partition table: its first sector, and the rest in the gap before the
 * first partition. `grub-install` writes the same, but wants the disk to be one of this machine.
 */
function installGrub(image: string, label: string): void {
  const folder = '/usr/lib/grub/i386-pc';
  const scratch = mkdtempSync(join(tmpdir(), 'satchel-grub-'));
  try {
    const early = join(scratch, 'early.cfg');
    const core = join(scratch, 'core.img');
    writeFileSync(
      early,
      `serial --unit=0 --speed=115200\nterminal_input serial\nterminal_output serial\nsearch --no-floppy --label ${label} --set=root\nconfigfile /grub/grub.cfg\n`,
    );
    command('grub-mkimage', [
      ...['--format=i386-pc', `--directory=${folder}`, '--prefix=/grub', `--config=${early}`],
      ...[`--output=${core}`, 'biosdisk', 'part_msdos', 'ext2', 'btrfs', 'search', 'search_label', 'linux'],
      ...[
        'normal',
        'configfile',
        'regexp',
        'echo',
        'serial',
        'terminal',
        'test',
        'sleep',
        'reboot',
        'ls',
        'halt',
      ],
    ]);
    const bytes = readFileSync(core);
    if (bytes.length > firstAt * mebibyte - 512) throw new Error('GRUB is too large for its gap');
    const disk = openSync(image, 'r+');
    // The table of partitions follows the loader in the first sector.
    writeSync(disk, readFileSync(join(folder, 'boot.img')), 0, 440, 0);
    writeSync(disk, bytes, 0, bytes.length, 512);
    closeSync(disk);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

type Place = {
  /** MiB. */
  readonly at: number;
  readonly size: number;
  /** The program that makes the file system, when it is not there yet. */
  readonly make?: readonly string[];
};

/** A part of an image as a block device, until it is disposed of. */
function attached(image: string, { at, size }: Place): Disposable & { readonly device: string } {
  const device = command('losetup', [
    ...['--find', '--show', `--offset=${at * mebibyte}`, `--sizelimit=${size * mebibyte}`, image],
  ]).trim();
  return { device, [Symbol.dispose]: () => void command('losetup', ['--detach', device]) };
}

/** A part of an image as a mounted file system, until it is disposed of. */
export function mounted(image: string, folder: string, place: Place): Disposable {
  const { make } = place;
  using stack = new DisposableStack();
  const { device } = stack.use(attached(image, place));
  if (make !== undefined) command(make[0]!, [...make.slice(1), device]);
  command('mount', [device, folder]);
  stack.defer(() => void command('umount', [folder]));
  return stack.move();
}
