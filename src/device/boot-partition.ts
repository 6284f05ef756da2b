import { lstatSync, readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { freeSpace } from '../os/disk.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';

/** Left free on a boot partition: for folders, links and entries. */
const reserve = 64 * 1024;

/**
 * The folder of the boot partition. What nothing is mounted on and nothing lies in is a mount point that waits: copied
 * there, a kernel would never be seen by the loader. Throws `boot-partition-missing`.
 */
export function requireBootPartition({ bootPartition: path }: DeviceLayout): string {
  const found = withSystemErrors('stat', path, () => lstatSync(path, { throwIfNoEntry: false }));
  if (!found?.isDirectory()) throw new SatchelError('boot-partition-missing', { path });
  const isMounted = lstatSync(dirname(path)).dev !== found.dev;
  if (!isMounted && withSystemErrors('readdir', path, () => readdirSync(path)).length === 0)
    throw new SatchelError('boot-partition-missing', { path });
  return path;
}

/** True when the boot partition has room for this many bytes and what belongs beside them. */
export function hasBootRoom({ bootPartition }: DeviceLayout, bytes: number): boolean {
  return bytes + reserve <= freeSpace(bootPartition).bytes;
}

/** Throws `boot-partition-full`, with the numbers. */
export function requireBootRoom(layout: DeviceLayout, build: BuildName, bytes: number): void {
  if (hasBootRoom(layout, bytes)) return;
  const path = layout.bootPartition;
  throw new SatchelError('boot-partition-full', {
    build,
    path,
    needed: formatBytes(bytes + reserve),
    free: formatBytes(freeSpace(path).bytes),
  });
}
