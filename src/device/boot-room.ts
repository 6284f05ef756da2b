import { lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ByteString } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { FileEntry } from '../build/entry.ts';
import { type EntryList, entryAt, pathOf } from '../build/index-table.ts';
import { allocatedSize, freeSpace } from '../os/disk.ts';
import { listIfThere } from '../os/if-there.ts';
import { readEntries, shortHash } from './bls-files.ts';
import { requireBootPartition, requireBootRoom } from './boot-partition.ts';
import type { BootSettings } from './boot-settings.ts';
import { readBootSettings } from './boot-settings.ts';
import { initramfsNames, kernelNames } from './boot-tree.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';

/** Most links on the way to a kernel. */
const mostLinks = 8;

/**
 * Refuses a build that this device could not be told to boot, before its content moves: no boot partition, no kernel in
 * the build, no room for it. Where the index does not tell for sure the switch itself looks. Throws
 * `boot-partition-missing`, `boot-options-missing`, `boot-files-missing`, `boot-partition-full`.
 */
export function requireStartable(layout: DeviceLayout, build: BuildName, entries: EntryList): void {
  const settings = readBootSettings(layout);
  if (settings.kind === 'olpc') return;
  requireBootPartition(layout);
  const needed =
    settings.kind === 'bls' ? bytesForEntry(layout, settings, entries) : bytesForCopy(layout, build, entries);
  requireBootRoom(layout, build, Math.max(0, needed - bytesThatMayGo(layout, settings)));
}

/** What the copy of the folder `boot` takes; nothing when there is one already. */
function bytesForCopy(layout: DeviceLayout, build: BuildName, entries: EntryList): number {
  if (listIfThere(join(layout.bootPartition, 'boot-versions')).includes(build)) return 0;
  const { blockSize } = freeSpace(layout.bootPartition);
  let bytes = 0;
  for (let number = firstAtOrAfter(entries, 'boot/'); ; number += 1) {
    if (!pathOf(entries, number)?.startsWith('boot/')) break;
    const entry = entries.at(number);
    bytes += allocatedSize(entry?.type === 'file' ? entry.size : 1, blockSize);
  }
  const folder = entryAt(entries, 'boot');
  // Where `boot` is a link, only the tree itself can tell.
  if (bytes === 0 && folder?.type !== 'symlink')
    throw new SatchelError('boot-files-missing', { build, path: 'boot' });
  return bytes;
}

/** What kernel and initramfs take; nothing when the same ones lie there already. */
function bytesForEntry(layout: DeviceLayout, { options }: BootSettings, entries: EntryList): number {
  if (options === undefined) throw new SatchelError('boot-options-missing');
  const kernel = firstFile(entries, kernelNames);
  const initramfs = firstFile(entries, initramfsNames);
  if (kernel === undefined || initramfs === undefined) return 0;
  const ending = `-${shortHash({ linux: kernel.sha256, initrd: initramfs.sha256 })}`;
  if (readEntries(layout).some(({ linux }) => dirname(linux).endsWith(ending))) return 0;
  const { blockSize } = freeSpace(layout.bootPartition);
  return allocatedSize(kernel.size, blockSize) + allocatedSize(initramfs.size, blockSize);
}

/** What a switch removes when it needs room: everything of versions that do not boot now. */
function bytesThatMayGo(layout: DeviceLayout, { kind }: BootSettings): number {
  const { current } = openBootPointer(layout).read();
  const folder = kind === 'bls' ? 'EFI/satchel' : 'boot-versions';
  const place = readEntries(layout).find(({ build }) => build === current)?.linux ?? '';
  const stays = kind === 'bls' ? dirname(place).split('/').at(-1) : current;
  const path = join(layout.bootPartition, folder);
  return listIfThere(path)
    .filter((name) => name !== stays)
    .reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

function bytesBelow(path: string): number {
  const found = lstatSync(path);
  if (!found.isDirectory()) return found.blocks * 512;
  return readdirSync(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

function firstFile(entries: EntryList, names: readonly string[]): FileEntry | undefined {
  for (const name of names) {
    const found = fileAt(entries, `boot/${name}`, mostLinks);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The file that a path of the index leads to, through links beside it. */
function fileAt(entries: EntryList, path: string, links: number): FileEntry | undefined {
  const entry = entryAt(entries, path);
  if (entry === undefined || links === 0) return undefined;
  if (entry.type === 'file') return entry;
  if (entry.type === 'hardlink') return fileAt(entries, entry.link, links - 1);
  if (entry.type !== 'symlink') return undefined;
  const { target } = entry;
  return fileAt(entries, target.startsWith('/') ? target.slice(1) : join(dirname(path), target), links - 1);
}

function firstAtOrAfter(entries: EntryList, path: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((pathOf(entries, middle) ?? '') < (path as ByteString)) low = middle + 1;
    else high = middle;
  }
  return low;
}
