import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';

export type FileSystem = 'ext4' | 'btrfs';

/** What goes on a disk. */
export type DiskContent = {
  /** A folder with what the root file system holds. */
  readonly root: string;
  readonly fileSystem: FileSystem;
  /** A folder with what the EFI partition holds; without one the disk starts by its boot sector. */
  readonly efi?: string;
  /** Words for the kernel; GRUB's lines carry them. */
  readonly kernelOptions: string;
};

const sector = 512;
const mebibyte = 1024 * 1024;
const rootBytes = 768 * mebibyte;
const efiBytes = 128 * mebibyte;
const partitionTypes = { efi: 0xef, linux: 0x83 } as const;

/**
 * Makes a disk with a partition table, file systems and a loader that reads kernel and initramfs from it: GRUB in the
 * boot sector follows the symlink `/boot`; with an EFI partition systemd-boot chooses among the entries there.
 */
export function makeGuestDisk(disk: string, { root, fileSystem, efi, kernelOptions }: DiskContent): void {
  const part = `${disk}.part`;
  const partitions: { type: number; file: string }[] = [];
  try {
    if (efi !== undefined) {
      makeEfiPartition(`${part}-efi`, efi);
      partitions.push({ type: partitionTypes.efi, file: `${part}-efi` });
    }
    makeRoot(`${part}-root`, root, fileSystem);
    partitions.push({ type: partitionTypes.linux, file: `${part}-root` });
    putTogether(disk, partitions);
    if (efi === undefined) installGrub(disk, fileSystem, kernelOptions);
  } finally {
    for (const name of ['efi', 'root']) rmSync(`${part}-${name}`, { force: true });
  }
}

function makeRoot(file: string, root: string, fileSystem: FileSystem): void {
  newFile(file, rootBytes);
  if (fileSystem === 'ext4') run('mke2fs', '-q', '-t', 'ext4', '-L', 'OLPCRoot', '-d', root, file);
  else {
    run('mkfs.btrfs', '-q', '-L', 'OLPCRoot', file);
    // What `mkfs.btrfs --rootdir` of btrfs-progs 6.2 writes is forgotten when a kernel replays its log.
    copyThroughKernel(root, file);
  }
}

function copyThroughKernel(root: string, file: string): void {
  const place = `${file}.mounted`;
  mkdirSync(place);
  run('mount', '-o', 'loop', file, place);
  try {
    run('cp', '-a', `${root}/.`, place);
  } finally {
    run('umount', place);
    rmdirSync(place);
  }
}

function makeEfiPartition(file: string, content: string): void {
  newFile(file, efiBytes);
  run('mformat', '-i', file, '-F', '-v', 'Boot', '::');
  run('mcopy', '-s', '-m', '-i', file, ...readFolders(content), '::');
}

function readFolders(content: string): string[] {
  const names = execFileSync('ls', ['-A', content], { encoding: 'utf8' }).trim().split('\n');
  return names.filter(Boolean).map((name) => join(content, name));
}

/** A table of the old kind, which BIOS and UEFI both read, and the partitions one after the other from 1 MiB on. */
function putTogether(disk: string, partitions: readonly { type: number; file: string }[]): void {
  newFile(disk, mebibyte);
  const table = Buffer.alloc(sector);
  table.writeUInt16LE(0xaa55, 510);
  table.writeUInt32LE(0x5a7c4e11, 440);
  let start = mebibyte;
  for (const [number, { type, file }] of partitions.entries()) {
    const { size } = statSync(file);
    const at = 446 + 16 * number;
    table.writeUInt8(number === 0 ? 0x80 : 0, at);
    table.writeUInt8(type, at + 4);
    table.writeUInt32LE(start / sector, at + 8);
    table.writeUInt32LE(size / sector, at + 12);
    const place = ['bs=1M', `seek=${start / mebibyte}`, 'conv=notrunc,sparse', 'status=none'];
    run('dd', `if=${file}`, `of=${disk}`, ...place);
    start += size;
  }
  truncateSync(disk, start);
  writeAt(disk, table, 0);
}

/** Writes GRUB as its own installer does, but without a device: boot sector, then the core in the gap behind it. */
function installGrub(disk: string, fileSystem: FileSystem, kernelOptions: string): void {
  const folder = '/usr/lib/grub/i386-pc';
  const lines = [
    'serial',
    'terminal_output serial',
    'set root=(hd0,msdos1)',
    `linux /boot/vmlinuz ${kernelOptions}`,
    'initrd /boot/initrd.img',
    'boot',
  ];
  const configuration = `${disk}.grub.cfg`;
  const image = `${disk}.grub.img`;
  writeFileSync(configuration, lines.map((line) => `${line}\n`).join(''));
  const modules = [
    'biosdisk',
    'part_msdos',
    fileSystem === 'ext4' ? 'ext2' : 'btrfs',
    'linux',
    'serial',
    'terminal',
  ];
  run(
    'grub-mkimage',
    '-O',
    'i386-pc',
    '-d',
    folder,
    '-p',
    '/none',
    '-c',
    configuration,
    '-o',
    image,
    ...modules,
  );
  const core = readFileSync(image);
  // Where the rest of the core lies: written at the end of its first sector (`diskboot.S`).
  core.writeUInt32LE(2, sector - 12);
  core.writeUInt32LE(0, sector - 8);
  core.writeUInt16LE(Math.ceil(core.length / sector) - 1, sector - 4);
  core.writeUInt16LE(0x820, sector - 2);
  const boot = readFileSync(join(folder, 'boot.img'));
  const table = firstSector(disk);
  const first = Buffer.concat([boot.subarray(0, 440), table.subarray(440)]);
  first.writeUInt32LE(1, 0x5c);
  first.writeUInt32LE(0, 0x60);
  writeAt(disk, first, 0);
  if (core.length > mebibyte - sector) throw new Error('GRUB does not fit before the first partition');
  writeAt(disk, core, sector);
  for (const file of [configuration, image]) rmSync(file);
}

function firstSector(disk: string): Buffer {
  const handle = openSync(disk, 'r');
  const bytes = Buffer.alloc(sector);
  readSync(handle, bytes, 0, sector, 0);
  closeSync(handle);
  return bytes;
}

function newFile(file: string, size: number): void {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, '');
  truncateSync(file, size);
}

function writeAt(file: string, bytes: Buffer, position: number): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, position);
  closeSync(handle);
}

function run(program: string, ...words: string[]): void {
  execFileSync(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' },
  });
}
