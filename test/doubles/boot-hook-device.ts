/** What stands on the disk of a device that the hook boots: versions, the boot pointer of each kind, settings, trials. */
import { hash } from 'node:crypto';
import { mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { buildName, type Sha256 } from '../../src/base/identifiers.ts';
import { writeInstalled } from '../../src/device/installed.ts';
import { deviceLayout, initialiseDevice } from '../../src/device/layout.ts';
import { type Disk, makeDisk } from './boot-hook.ts';

/** How a device finds what it boots. */
export type Adapter = 'olpc' | 'olpc-partitioned' | 'bls';

/** A device on its disk or disks. */
export type HookDevice = {
  readonly adapter: Adapter;
  readonly disk: Disk;
  /** The boot partition, where it has one. */
  readonly bootpart: Disk | undefined;
  /** A path below `versions/updates/satchel`. */
  own(...names: string[]): string;
  remove(): void;
};

/** Makes a device without versions; `settings` are more lines of `boot.conf`. */
export function makeDevice(
  folder: string,
  {
    adapter = 'olpc',
    kind = 'ext4',
    settings = [],
    megabytes,
  }: {
    readonly adapter?: Adapter;
    readonly kind?: Disk['kind'];
    readonly settings?: readonly string[];
    readonly megabytes?: number;
  } = {},
): HookDevice {
  const disk = makeDisk(join(folder, 'disk'), kind, megabytes);
  const bootpart = adapter === 'olpc' ? undefined : makeDisk(join(folder, 'bootpart'), 'ext4', 16);
  const { own } = initialiseDevice(disk.root);
  const partition = bootpart === undefined ? [] : [`bootpart=${bootpart.device}`];
  const lines = [`adapter=${adapter}`, ...partition, 'surprise=ignored', ...settings];
  writeFileSync(join(own, 'boot.conf'), `${lines.join('\n')}\n`);
  return {
    adapter,
    disk,
    bootpart,
    own: (...names) => join(own, ...names),
    remove: () => {
      disk.remove();
      bootpart?.remove();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The index that a version of this name has here. */
export const indexOf = (name: string): Sha256 => hash('sha256', name) as Sha256;

/** Installs a version: `etc/name` holds its name; `files` come beside it. */
export function addVersion(
  { disk, bootpart, adapter }: HookDevice,
  name: string,
  { files = {}, recorded = true }: { files?: Readonly<Record<string, string>>; recorded?: boolean } = {},
): void {
  const tree = disk.file('versions/pristine', name);
  for (const folder of ['bin', 'etc', 'home', 'versions', 'security', 'bootpart', 'boot'])
    mkdirSync(join(tree, folder), { recursive: true });
  const all = { 'etc/name': `${name}\n`, 'boot/vmlinuz': `kernel ${name}\n`, ...files };
  for (const [path, text] of Object.entries(all)) writeText(join(tree, path), text);
  writeText(disk.file('versions/contents', name), `contents of ${name}\n`);
  if (recorded)
    writeInstalled(deviceLayout(disk.root), {
      name: buildName(name),
      index: indexOf(name),
      installedAt: '2026-01-01T00:00:00Z',
      size: 100,
      entries: 10,
    });
  if (bootpart === undefined) return;
  const place = adapter === 'bls' ? `EFI/satchel/${name}-1234/linux` : `boot-versions/${name}/vmlinuz`;
  writeText(bootpart.file(place), `kernel ${name}\n`);
}

/** Lets the device start a version next; for `bls` the entries are made, which one starts the caller's words say. */
export function pointTo({ adapter, disk, bootpart }: HookDevice, current: string, alternate?: string): void {
  if (adapter === 'olpc') {
    const folder = disk.file('versions/configs/first');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder);
    symlinkSync(`/versions/pristine/${current}`, join(folder, 'current'));
    if (alternate !== undefined) symlinkSync(`/versions/pristine/${alternate}`, join(folder, 'alt'));
    link('configs/first', disk.file('versions/boot'));
  } else if (bootpart !== undefined && adapter === 'olpc-partitioned') {
    link(`boot-versions/${current}`, bootpart.file('boot'));
    if (alternate !== undefined) link(`../${alternate}`, bootpart.file('boot-versions', current, 'alt'));
  } else if (bootpart !== undefined) {
    for (const [i, name] of [current, alternate].entries())
      if (name !== undefined) {
        const text = `title ${name}\noptions root=LABEL=root satchel.version=${name} ro\n`;
        writeText(bootpart.file(`loader/entries/satchel-${9 - i}-${name.replaceAll('+', '_')}.conf`), text);
      }
  }
}

/** What the pointer says now: `current alternate`. */
export function pointer({ adapter, disk, bootpart }: HookDevice): string {
  const [first, second] =
    adapter === 'olpc-partitioned' && bootpart !== undefined
      ? [bootpart.file('boot'), bootpart.file('boot/alt')]
      : [disk.file('versions/boot/current'), disk.file('versions/boot/alt')];
  return `${nameAt(first)} ${nameAt(second)}`;
}

/** Words of the kernel for a boot of this version; only `bls` needs to be told. */
export const wordsFor = ({ adapter }: HookDevice, name: string): string =>
  adapter === 'bls' ? `root=LABEL=root ro satchel.version=${name}` : 'root=LABEL=root ro';

/** Puts a version on trial. */
export function startTrial(
  { disk, own }: HookDevice,
  build: string,
  previous: string,
  { state = 'waiting', boots = 0, tries = 3 }: { state?: string; boots?: number; tries?: number } = {},
): void {
  writeFileSync(disk.file('versions/sticky', previous), 'of a trial\n');
  const lines = [`build=${build}`, `previous=${previous}`, `state=${state}`, `tries=${tries}`];
  const rest = [`boots=${boots}`, 'since=2026-01-02T03:04:05Z', 'soak=0'];
  writeFileSync(own('trial'), `${[...lines, ...rest].join('\n')}\n`);
}

/** Writes a file, with the folders above it. */
export function writeText(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** The text of a file, or undefined when there is none. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function nameAt(path: string): string {
  try {
    return basename(readlinkSync(path));
  } catch {
    return '-';
  }
}

function link(target: string, path: string): void {
  rmSync(path, { force: true });
  symlinkSync(target, path);
}
