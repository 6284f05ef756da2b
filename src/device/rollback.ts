import { displayOf } from '../base/byte-string.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { readInstalled } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { runningVersion } from './running-version.ts';
import { bootNext } from './switch-version.ts';
import { failTrial, settleTrial } from './trial-settle.ts';
import { verifyTree } from './verify.ts';

export type RollbackOptions = {
  readonly layout: DeviceLayout;
  readonly clock: Clock;
  /** An installed version; absent: the one before the present. */
  readonly to?: BuildName | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

export type RolledBack = {
  readonly from: BuildName | null;
  readonly to: BuildName;
  readonly rebootNeeded: boolean;
  /** The version whose trial this ended: no stream brings it back by itself, and a report says so. */
  readonly gaveUp?: BuildName;
};

/**
 * Makes the previous version (or the named one) boot next, after looking at every inode of it; the present one becomes
 * the one to go back to. Going back from a version on trial ends the trial: it has failed by the word of its user.
 * Whatever else is gone to is on trial itself. The layers of both stay as they are. The caller holds the device lock.
 * Throws `rollback-nothing`, `version-not-installed`, `version-not-on-disk`, `rollback-target-damaged`,
 * `rollback-target-damaged-rsync`.
 */
export async function rollback(options: RollbackOptions): Promise<RolledBack> {
  const { layout, reporter } = options;
  const trial = settleTrial(options);
  const { current, alternate } = openBootPointer(layout).read();
  // In the last boot that a loader gives a version its pointer says the way back already.
  const to = options.to ?? trial?.previous ?? alternate;
  if (to === undefined) throw new SatchelError('rollback-nothing');
  const isGivingUp = trial !== undefined && to === trial.previous;
  if (to !== current || isGivingUp) {
    await requireSound(to, isGivingUp || to === alternate, options);
    reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
    if (isGivingUp) failTrial(options, trial, 'user');
    else bootNext(options, to);
  }
  return {
    from: (isGivingUp ? trial.build : current) ?? null,
    to,
    rebootNeeded: runningVersion(layout) !== to,
    ...(isGivingUp ? { gaveUp: trial.build } : {}),
  };
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
