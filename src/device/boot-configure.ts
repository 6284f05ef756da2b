import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { symlinkAtomic } from '../os/atomic-file.ts';
import { readLink } from './boot-link.ts';
import {
  type BootSettings,
  type BootSettingsChange,
  readBootSettings,
  writeBootSettings,
} from './boot-settings.ts';
import { type DeviceLayout, deviceLayout, requireDevice } from './layout.ts';
import { lockDevice } from './lock.ts';

export type BootConfiguration = BootSettingsChange & {
  /** True to make the links `boot` and `boot-alt` on the real root, by which the loaders of old find a version. */
  readonly links?: boolean | undefined;
};

/** The links of devices with one partition (facts, 5.1). */
const linkTargets = [
  ['boot', 'versions/boot/current/boot'],
  ['boot-alt', 'versions/boot/alt/boot'],
] as const;

/** True when a change says anything. */
export function changesBoot(change: BootConfiguration): boolean {
  return Object.values(change).some((value) => value !== undefined && value !== false);
}

/**
 * Refuses a change that the device could not boot with; touches nothing. Throws `boot-options-missing`,
 * `boot-link-taken`.
 */
export function requireBootChange(root: string, { links, kind, options }: BootConfiguration): void {
  const layout = deviceLayout(root);
  if (kind === 'bls' && (options ?? optionsNow(layout)) === undefined)
    throw new SatchelError('boot-options-missing');
  if (links) missingLinks(layout);
}

/**
 * Sets how a device boots and gives all of it; what was only found out before stands in the file afterwards, because
 * the initramfs does not guess. Everything is looked at before anything is written. Throws `device-not-initialised`,
 * `update-running`, `boot-options-missing`, `boot-link-taken`, `shared-value-not-allowed`, `boot-setting-wrong`.
 */
export function configureBoot(root: string, change: BootConfiguration): BootSettings {
  const layout = deviceLayout(root);
  requireDevice(layout);
  using _lock = lockDevice(layout);
  requireBootChange(root, change);
  const { links, ...settings } = change;
  const after = writeBootSettings(layout, settings);
  if (links) for (const [path, target] of missingLinks(layout)) symlinkAtomic(target, path);
  return after;
}

/** Whatever else is wrong in the file may be what is being set. */
function optionsNow(layout: DeviceLayout): string | undefined {
  try {
    return readBootSettings(layout).options;
  } catch (error) {
    if (error instanceof SatchelError && error.code === 'boot-setting-wrong') return undefined;
    throw error;
  }
}

/** Links that are still to be made. Throws `boot-link-taken` where something else has the name. */
function missingLinks({ root }: DeviceLayout): (readonly [path: string, target: string])[] {
  return linkTargets
    .map(([name, target]) => [join(root, name), target] as const)
    .filter(([path, target]) => {
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) return true;
      if (!found.isSymbolicLink() || readLink(path) !== target)
        throw new SatchelError('boot-link-taken', { path, target });
      return false;
    });
}
