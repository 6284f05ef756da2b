import { lstatSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
import { allocatedSize, freeSpace } from '../os/disk.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type BlsEntry, inLoaderOrder, isOwnEntry, parseEntry } from './bls-entry.ts';
import { copyNewFile, hashOfFile, readBack, writeNewFile } from './boot-copy.ts';
import type { BootFiles } from './boot-tree.ts';
import type { DeviceLayout } from './layout.ts';
import { readIfPresent } from './state-file.ts';

/** Which entries the loader takes without being asked. */
const defaultEntries = 'satchel-*';

const ownFolder = '/EFI/satchel';

/** Where a version's kernel and initramfs lie on the partition. */
export type BlsPlace = { readonly linux: string; readonly initrd: string };

function entriesFolder(layout: DeviceLayout): string {
  return join(layout.bootPartition, 'loader/entries');
}

/** The entries of Satchel that the loader can boot, in its order. What a power cut left is none. */
export function readEntries(layout: DeviceLayout): BlsEntry[] {
  const folder = entriesFolder(layout);
  const found = listIfThere(folder)
    .filter(isOwnEntry)
    .map((file) => parseEntry(file, readIfPresent(join(folder, file)) ?? ''));
  return inLoaderOrder(
    found.filter((entry) => entry !== undefined).filter((entry) => hasFiles(layout, entry)),
  );
}

function hasFiles({ bootPartition }: DeviceLayout, { linux, initrd }: BlsPlace): boolean {
  return [linux, initrd].every((path) =>
    lstatSync(join(bootPartition, path), { throwIfNoEntry: false })?.isFile(),
  );
}

/** Kernel and initramfs of a version with the hashes of what is in them. */
export type HashedFiles = BootFiles & { readonly linux: Sha256; readonly initrd: Sha256 };

/** Reads both files once. */
export function hashFiles(files: BootFiles): HashedFiles {
  return { ...files, linux: hashOfFile(files.kernel), initrd: hashOfFile(files.initramfs) };
}

/**
 * Where kernel and initramfs of a version lie already, synced and named by an entry; undefined where they do not. Files
 * that came back wrong are not used again.
 */
export function placeFound(
  { bootPartition }: DeviceLayout,
  files: HashedFiles,
  entries: readonly BlsEntry[],
): BlsPlace | undefined {
  const found = entries.find(
    ({ linux, initrd }) =>
      dirname(linux).endsWith(`-${shortHash(files)}`) &&
      hashOfFile(join(bootPartition, linux)) === files.linux &&
      hashOfFile(join(bootPartition, initrd)) === files.initrd,
  );
  return found && { linux: found.linux, initrd: found.initrd };
}

/** Bytes that kernel and initramfs take on the partition. */
export function bytesOfFiles(layout: DeviceLayout, { kernel, initramfs }: BootFiles): number {
  const { blockSize } = freeSpace(layout.bootPartition);
  const sizes = [kernel, initramfs].map((path) => allocatedSize(lstatSync(path).size, blockSize));
  return sizes.reduce((sum, size) => sum + size, 2 * blockSize);
}

/**
 * Copies kernel and initramfs of a version into a folder that nothing has, synced and read back. Throws
 * `boot-copy-wrong`.
 */
export function placeFiles(layout: DeviceLayout, build: BuildName, files: HashedFiles): BlsPlace {
  const folder = freeFolder(layout, `${build}-${shortHash(files)}`);
  const place = { linux: `${folder}/linux`, initrd: `${folder}/initrd` };
  const below = (path: string) => join(layout.bootPartition, path);
  withSystemErrors('mkdir', below(folder), () => mkdirSync(below(folder), { recursive: true }));
  for (const path of [folder, ownFolder, '/EFI', '/']) syncDirectory(below(path));
  const written: [string, Sha256][] = [
    [below(place.linux), copyNewFile(files.kernel, below(place.linux))],
    [below(place.initrd), copyNewFile(files.initramfs, below(place.initrd))],
  ];
  syncFilesystem(layout.bootPartition);
  for (const [path, hash] of written) readBack(path, hash);
  return place;
}

/** Writes an entry under a name that nothing has, synced and read back. Its files must be complete. */
export function placeEntry(layout: DeviceLayout, file: string, text: string): void {
  const folder = entriesFolder(layout);
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true }));
  const path = join(folder, file);
  const hash = writeNewFile(path, [Buffer.from(text)]);
  syncFilesystem(layout.bootPartition);
  readBack(path, hash);
}

/** Removes entries, durably. */
export function removeEntries(layout: DeviceLayout, entries: readonly Pick<BlsEntry, 'file'>[]): void {
  if (entries.length === 0) return;
  const folder = entriesFolder(layout);
  for (const { file } of entries)
    withSystemErrors('unlink', join(folder, file), () => rmSync(join(folder, file), { force: true }));
  settle(layout, folder);
}

/** On FAT only the sync of a file or a folder makes the drive itself keep what it was given. */
function settle({ bootPartition }: DeviceLayout, folder: string): void {
  syncFilesystem(bootPartition);
  syncDirectory(folder);
}

/**
 * Removes what no entry that can be booted needs: entries without their files, or cut off, and folders that none
 * names. Names count without regard to case, as the file system takes them.
 */
export function removeUnused(layout: DeviceLayout): void {
  const entries = readEntries(layout);
  const sound = new Set(entries.map(({ file }) => file));
  const broken = listIfThere(entriesFolder(layout)).filter((file) => isOwnEntry(file) && !sound.has(file));
  removeEntries(
    layout,
    broken.map((file) => ({ file })),
  );
  // Where no entry is sound, what lies there may be all that is left to start from by hand.
  if (entries.length === 0) return;
  const named = new Set(
    entries.flatMap(({ linux, initrd }) =>
      [linux, initrd].map((path) => basename(dirname(path)).toLowerCase()),
    ),
  );
  const folder = join(layout.bootPartition, ownFolder);
  for (const name of listIfThere(folder)) if (!named.has(name.toLowerCase())) removeTree(join(folder, name));
}

/** Tells the loader which entries are ours to start; what else stands in its settings stays. */
export function requireDefault({ bootPartition }: DeviceLayout): void {
  const path = join(bootPartition, 'loader/loader.conf');
  const text = readIfPresent(path) ?? '';
  const lines = text.split('\n').filter((line) => line !== '');
  const wanted = `default ${defaultEntries}`;
  const found = lines.filter((line) => /^\s*default\s/.test(line));
  if (found.length === 1 && found[0]?.trim().replace(/\s+/, ' ') === wanted) return;
  withSystemErrors('mkdir', dirname(path), () => mkdirSync(dirname(path), { recursive: true }));
  const others = lines.filter((line) => !found.includes(line));
  writeFileAtomic(path, `${[wanted, ...others].join('\n')}\n`);
}

/** The content of both files in a few letters: a name that was used before never stands for other files. */
export function shortHash({ linux, initrd }: Pick<HashedFiles, 'linux' | 'initrd'>): string {
  return `${linux.slice(0, 6)}${initrd.slice(0, 6)}`;
}

function freeFolder({ bootPartition }: DeviceLayout, name: string): string {
  for (let number = 0; ; number += 1) {
    // The hash stays at the end, where it is looked for.
    const folder = `${ownFolder}/${number === 0 ? '' : `${number}.`}${name}`;
    if (lstatSync(join(bootPartition, folder), { throwIfNoEntry: false }) === undefined) return folder;
  }
}
