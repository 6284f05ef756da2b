/** Versions that come to a device whose versions are sealed are sealed too. */
import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { readConfiguration, writeConfiguration } from './configuration.ts';
import { readInstalled } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { type SealVersionOptions, sealVersion } from './seal.ts';

/**
 * Remembers that what comes is to be sealed, unless an operator has said whether it is. Gives whether that is news. The
 * caller holds the device lock.
 */
export function sealFromNowOn(layout: DeviceLayout): boolean {
  const before = readConfiguration(layout) ?? {};
  if (before.seal !== undefined) return false;
  writeConfiguration(layout, { ...before, seal: true });
  return true;
}

/** True for a version on a device whose versions are sealed, when that has never been sealed itself. */
export function isSealDue(layout: DeviceLayout, name: BuildName): boolean {
  const record = readInstalled(layout, name);
  return record !== undefined && record.sealedAt === undefined && readConfiguration(layout)?.seal === true;
}

/**
 * Seals a complete version when that is due; else nothing happens. What stands in the way is said and not thrown: no
 * update fails for it. The caller holds the device lock. Throws `staged-tree-damaged` for files that are not what was
 * written, and `cancelled`.
 */
export async function sealNew(options: Omit<SealVersionOptions, 'full'>): Promise<void> {
  const { layout, name, reporter, signal } = options;
  if (!isSealDue(layout, name)) return;
  const damaged = await sealVersion({ ...options, full: false }).then(
    (found) => found.damaged,
    (error: unknown) => {
      if (signal?.aborted || !(error instanceof SatchelError)) throw error;
      reporter.notice('update-not-sealed', { name, reason: error.message });
      return [];
    },
  );
  const [first] = damaged;
  if (first === undefined) return;
  const parameters = { build: name, count: damaged.length, path: displayOf(first.path) };
  throw new SatchelError('staged-tree-damaged', parameters);
}
