import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { bootPointerWrong, nameFrom, readLink } from './boot-link.ts';
import type { BootPointer, BootState } from './boot-pointer.ts';
import { requireTree } from './boot-tree.ts';
import type { DeviceLayout } from './layout.ts';
import { pointLoader } from './loader-link.ts';

/** Directory parts that the initramfs accepts in `current`; anything else aborts its boot (facts, 5.1). */
const acceptedParents = ['/versions/pristine', '/versions/run', '../../run'];

/**
 * The boot pointer of the laptops with one partition (facts, 5.1): `/versions/boot` is a symlink to
 * `configs/<cfg>`, which holds the symlinks `current` and `alt`. A switch makes a new `<cfg>` and renames
 * one symlink over `/versions/boot`.
 */
export function olpcBootPointer(layout: DeviceLayout): BootPointer {
  return {
    kind: 'olpc',
    read: () => readState(layout),
    switchTo: (build, alternate) => switchTo(layout, build, alternate),
    // The initramfs counts.
    triesLeft: () => undefined,
    markGood() {},
    forgetOthers() {
      const used = currentConfig(layout);
      if (used !== undefined) removeOtherConfigs(layout, used);
    },
  };
}

/** The directory in `configs` that `/versions/boot` points to; undefined when there is no pointer. */
export function currentConfig(layout: DeviceLayout): string | undefined {
  const target = readLink(layout.boot);
  if (target === undefined) return undefined;
  const config = basename(target);
  if (dirname(target) !== 'configs' || config === '.' || config === '..')
    throw bootPointerWrong(layout.boot, target);
  return config;
}

function readState(layout: DeviceLayout): BootState {
  const config = currentConfig(layout);
  if (config === undefined) return {};
  const current = versionFrom(join(layout.configs, config, 'current'));
  if (current === undefined) return {};
  const alternate = versionFrom(join(layout.configs, config, 'alt'));
  return alternate === undefined ? { current } : { current, alternate };
}

function switchTo(layout: DeviceLayout, build: BuildName, alternate: BuildName | undefined): void {
  for (const name of [build, alternate]) if (name !== undefined) requireTree(layout, name);
  const before = readState(layout);
  if (before.current === build && before.alternate === alternate) return;
  removeTemporaries(layout.versions);
  const config = `cfg.${randomBytes(5).toString('hex')}`;
  makeConfig(join(layout.configs, config), build, alternate);
  pointLoader(`configs/${config}`, layout.boot);
  removeOtherConfigs(layout, config);
}

function makeConfig(path: string, build: BuildName, alternate: BuildName | undefined): void {
  withSystemErrors('mkdir', path, () => {
    mkdirSync(path, 0o755);
    symlinkSync(`/versions/pristine/${build}`, join(path, 'current'));
    if (alternate !== undefined) symlinkSync(`/versions/pristine/${alternate}`, join(path, 'alt'));
  });
}

/** The switch has happened: what cannot be removed now is harmless, and goes with the next switch or purge. */
function removeOtherConfigs(layout: DeviceLayout, kept: string): void {
  for (const name of readdirSync(layout.configs)) {
    if (name === kept) continue;
    try {
      removeTree(join(layout.configs, name));
    } catch (error) {
      if (!isSatchelError(error)) throw error;
    }
  }
}

function versionFrom(path: string): BuildName | undefined {
  const target = readLink(path);
  if (target === undefined) return undefined;
  if (!acceptedParents.includes(dirname(target))) throw bootPointerWrong(path, target);
  return nameFrom(path, target);
}
