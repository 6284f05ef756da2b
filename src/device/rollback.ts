import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { BootPointer } from './boot-pointer.ts';
import { readInstalled } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { runningVersion } from './running-version.ts';
import { verifyTree } from './verify.ts';

export type RollbackOptions = {
  readonly layout: DeviceLayout;
  readonly boot: BootPointer;
  /** An installed version; absent: the one before the present. */
  readonly to?: BuildName | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

export type RolledBack = {
  readonly from: BuildName | null;
  readonly to: BuildName;
  readonly rebootNeeded: boolean;
};

/**
 * Makes the previous version (or the named one) boot next, after looking at every inode of it; the present
 * one becomes the one to go back to. The caller holds the device lock. Throws `rollback-nothing`,
 * `version-not-installed`, `version-not-on-disk`, `rollback-target-damaged`, `rollback-target-damaged-rsync`.
 */
export async function rollback(options: RollbackOptions): Promise<RolledBack> {
  const { layout, boot, reporter } = options;
  const { current, alternate } = boot.read();
  const to = options.to ?? alternate;
  if (to === undefined) throw new SatchelError('rollback-nothing');
  if (to !== current) {
    await requireSound(to, to === alternate, options);
    reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
    boot.switchTo(to, current);
  }
  return { from: current ?? null, to, rebootNeeded: runningVersion(layout) !== to };
}

/** A version that the boot pointer itself names may be from before Satchel; any other must have a record. */
async function requireSound(name: BuildName, isAlternate: boolean, options: RollbackOptions): Promise<void> {
  const { layout, reporter, signal } = options;
  if (isAlternate && readInstalled(layout, name) === undefined) {
    reporter.notice('rollback-unverified', { name });
    return;
  }
  const { damaged } = await verifyTree({ layout, name, full: false, reporter, signal });
  const [first] = damaged;
  if (first === undefined) return;
  // What came from no repository cannot be repaired from one.
  const isOfRepository = readInstalled(layout, name)?.sequence !== undefined;
  throw new SatchelError(isOfRepository ? 'rollback-target-damaged' : 'rollback-target-damaged-rsync', {
    name,
    count: damaged.length,
    path: displayOf(first.path),
  });
}
