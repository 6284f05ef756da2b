import { lstatSync, mkdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import { removeTemporaries, symlinkAtomic, syncDirectory } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { exchangeNames, syncFilesystem } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { bootPointerWrong, nameFrom, readLink } from './boot-link.ts';
import { hasBootRoom, requireBootPartition, requireBootRoom } from './boot-partition.ts';
import type { BootPointer, BootState } from './boot-pointer.ts';
import { requireTree } from './boot-tree.ts';
import { bytesOfTree, copyBootTree, requireBootTree, sameBootTree } from './boot-tree-copy.ts';
import type { DeviceLayout } from './layout.ts';
import { pointLoader, settleOnDisk } from './loader-link.ts';

/**
 * The boot pointer of devices with a boot partition (facts, 5.1): `boot -> boot-versions/<id>` there, where
 * `boot-versions/<id>` is a copy of the folder `boot` of the version, and `boot-versions/<id>/alt -> ../<other>`; the
 * loader finds that one by `boot-alt -> boot/alt`. Copies are complete, synced and read back before a link names them.
 */
export function partitionedBootPointer(layout: DeviceLayout): BootPointer {
  return {
    kind: 'olpc-partitioned',
    read: () => readState(layout),
    switchTo: (build, alternate) => switchTo(layout, build, alternate),
    // The initramfs counts.
    triesLeft: () => undefined,
    markGood() {},
    forgetOthers: (kept) => forgetOthers(layout, kept),
  };
}

function placeOf(layout: DeviceLayout, name: string): string {
  return join(layout.bootPartition, 'boot-versions', name);
}

function readState(layout: DeviceLayout): BootState {
  const current = versionBehind(join(layout.bootPartition, 'boot'), 'boot-versions');
  if (current === undefined) return {};
  const alternate = versionBehind(join(placeOf(layout, current), 'alt'), '..');
  return alternate === undefined ? { current } : { current, alternate };
}

function versionBehind(path: string, folder: string): BuildName | undefined {
  const target = readLink(path);
  if (target === undefined) return undefined;
  if (dirname(target) !== folder) throw bootPointerWrong(path, target);
  return nameFrom(path, target);
}

function switchTo(layout: DeviceLayout, build: BuildName, alternate: BuildName | undefined): void {
  for (const name of [build, alternate]) if (name !== undefined) requireTree(layout, name);
  const partition = requireBootPartition(layout);
  const before = readState(layout);
  removeLeftovers(layout);
  if (alternate !== undefined && !isDirectory(placeOf(layout, alternate)))
    placeCopy(layout, alternate, { build, alternate, before });
  placeCopy(layout, build, { build, alternate, before });
  pointAlternate(placeOf(layout, build), alternate);
  syncFilesystem(layout.versions);
  if (before.current !== build) pointLoader(`boot-versions/${build}`, join(partition, 'boot'));
  if (readLink(join(partition, 'boot-alt')) === undefined)
    symlinkAtomic('boot/alt', join(partition, 'boot-alt'));
  syncFilesystem(partition);
}

/** The link in a copy that says what to go back to. */
function pointAlternate(place: string, alternate: BuildName | undefined): void {
  const link = join(place, 'alt');
  if (alternate === undefined) withSystemErrors('unlink', link, () => rmSync(link, { force: true }));
  else if (readLink(link) !== `../${alternate}`) symlinkAtomic(`../${alternate}`, link);
}

/** Names that have to stay while a switch is made. */
type Switch = {
  readonly build: BuildName;
  readonly alternate: BuildName | undefined;
  readonly before: BootState;
};

/** Makes the copy of a version right: what is there and right stays, and a copy that boots is replaced in one step. */
function placeCopy(layout: DeviceLayout, name: BuildName, names: Switch): void {
  const from = requireBootTree(layout, name);
  const place = placeOf(layout, name);
  if (isDirectory(place) && sameBootTree(from, place)) return;
  makeRoom(layout, name, bytesOfTree(from, layout.bootPartition), names);
  const temporary = placeOf(layout, `tmp.${name}`);
  withSystemErrors('mkdir', temporary, () => mkdirSync(temporary, { recursive: true, mode: 0o755 }));
  copyBootTree(from, temporary);
  const link = readLink(join(place, 'alt'));
  if (link !== undefined)
    withSystemErrors('symlink', temporary, () => symlinkSync(link, join(temporary, 'alt')));
  settleOnDisk(layout.bootPartition);
  if (names.before.current === name && isDirectory(place)) exchangeNames(temporary, place);
  else {
    removeTree(place);
    withSystemErrors('rename', temporary, () => renameSync(temporary, place));
  }
  settleOnDisk(layout.bootPartition);
  removeTree(temporary);
}

/** Where a copy does not fit, those go first that nothing will name after the switch. */
function makeRoom(
  layout: DeviceLayout,
  name: BuildName,
  bytes: number,
  { build, alternate, before }: Switch,
): void {
  if (!hasBootRoom(layout, bytes))
    forgetOthers(
      layout,
      new Set<string>(
        [build, alternate, before.current, ...listIfThere(layout.sticky)].filter(
          (kept) => kept !== undefined,
        ),
      ),
    );
  requireBootRoom(layout, name, bytes);
}

function forgetOthers(layout: DeviceLayout, kept: ReadonlySet<string>): void {
  const { current, alternate } = readState(layout);
  if (current === undefined) return;
  removeLeftovers(layout);
  if (alternate !== undefined && alternate !== current && !kept.has(alternate)) {
    // The link first: it must never name what is going.
    rmSync(join(placeOf(layout, current), 'alt'), { force: true });
    syncDirectory(placeOf(layout, current));
  }
  for (const name of listIfThere(placeOf(layout, '')))
    if (name !== current && !kept.has(name)) removeTree(placeOf(layout, name));
}

/** What a power cut left half made. No version has such a name. */
function removeLeftovers(layout: DeviceLayout): void {
  removeTemporaries(layout.bootPartition);
  for (const name of listIfThere(placeOf(layout, '')))
    if (name.startsWith('tmp.')) removeTree(placeOf(layout, name));
    else removeTemporaries(placeOf(layout, name));
}

function isDirectory(path: string): boolean {
  return (
    withSystemErrors('lstat', path, () => lstatSync(path, { throwIfNoEntry: false }))?.isDirectory() ?? false
  );
}
