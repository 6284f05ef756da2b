import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { purgeVersions } from './purge.ts';
import { runningVersion } from './running-version.ts';
import { activeTrial, removeTrial, soakLeft, type Trial, type TrialContext } from './trial.ts';
import { forgetFailure } from './trial-failures.ts';
import { removeTrialMarks } from './trial-marks.ts';

/** What keeping a version did. */
export type Kept = {
  readonly build: BuildName;
  /** Versions that were let go of. */
  readonly removed: readonly string[];
};

/**
 * Ends a trial well: the version before is let go of, its tree and its layer. What is deleted lies in the trash then.
 * The file of the trial goes last, so that what a power cut interrupts is done again. The caller holds the device lock
 * and knows that the version is proven. `spared`: a version that stays although nothing names it yet.
 */
export function keepTrial({ layout }: TrialContext, { build }: Trial, spared?: BuildName): Kept {
  const boot = openBootPointer(layout);
  boot.markGood(build);
  // The pointer must never name a version that is going.
  if (boot.read().alternate !== undefined) boot.switchTo(build);
  removeTrialMarks(layout);
  const { removed } = purgeVersions(layout, { isKeeping: true, spared });
  forgetFailure(layout, build);
  removeTrial(layout);
  return { build, removed };
}

/** Keeps what is proven and has been lived with long enough; undefined when nothing is that far. */
export function keepIfDue(context: TrialContext): Kept | undefined {
  const trial = activeTrial(context.layout);
  if (trial?.state !== 'proven' || soakLeft(context, trial) > 0) return undefined;
  return keepTrial(context, trial);
}

/**
 * Keeps what a person wants to be kept, without waiting for the end of its time. The caller holds the device lock.
 * Throws `keep-nothing`, `keep-not-running`, `trial-not-proven`.
 */
export function keepNow(context: TrialContext): Kept {
  const { layout } = context;
  const trial = activeTrial(layout);
  if (trial === undefined) throw new SatchelError('keep-nothing');
  const { build } = trial;
  const running = runningVersion(layout);
  if (running !== build) throw new SatchelError('keep-not-running', { build, running: running ?? '—' });
  if (trial.state !== 'proven') throw new SatchelError('trial-not-proven', { build });
  return keepTrial(context, trial);
}
