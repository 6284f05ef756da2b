import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { sleep } from '../base/sleep.ts';
import type { Lock } from '../os/file-lock.ts';
import { readBootFacts } from './boot-facts.ts';
import { type CheckResult, checkHealth, failureLines, type HealthOptions } from './health.ts';
import { keepIfDue } from './keep.ts';
import { markLayerUsed } from './layers.ts';
import { lockDevice } from './lock.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { noteReport } from './report-make.ts';
import { runningVersion } from './running-version.ts';
import { activeTrial, proveTrial, soakLeft, type Trial, type TrialContext, writeTrial } from './trial.ts';
import { appendBootLog, fittingLines } from './trial-log.ts';
import { failTrial, settleTrial } from './trial-settle.ts';

/** What a look at the health of the running version came to. */
export type BootChecked = {
  /** What runs; null where nothing tells. */
  readonly build: BuildName | null;
  /**
   * `none`: what runs is not on trial; `kept`: it has proved itself and the version before was let go of; `soaking`: it
   * has, and is to be lived with; `again`: it has not, and may try again; `back`: it has not, and the version before
   * boots next; `ill`: it has not, and nothing was done about it.
   */
  readonly outcome: 'none' | 'kept' | 'soaking' | 'again' | 'back' | 'ill';
  readonly isWell: boolean;
  readonly results: readonly CheckResult[];
  /** What the device goes back to, or could. */
  readonly previous?: BuildName;
  /** Boots that are left to a version that has not proved itself. */
  readonly triesLeft?: number;
  /** Milliseconds for which it is still to be lived with. */
  readonly soakLeft?: number;
};

export type BootCheckOptions = TrialContext &
  HealthOptions & {
    /** False: a failure is told and has no consequence. */
    readonly mayGoBack: boolean;
  };

/** A short piece of work of somebody else is waited for; longer ones look at the health themselves. */
const lockPatience = 15 * 60_000;

/**
 * Runs the checks, and on the running version's trial does what follows from them: what passes is proven, and kept when
 * there is no time to live with it (what was let go of lies in the trash then); what fails counts as a boot that failed, and after the last one the device goes
 * back. The caller starts the machine anew after `again` and `back`. Throws `update-running` after a quarter of an hour,
 * `cancelled`.
 */
export async function checkBoot(options: BootCheckOptions): Promise<BootChecked> {
  const { layout } = options;
  {
    using _lock = await lockWhenFree(options);
    settleTrial(options);
  }
  const { isWell, results } = await checkHealth(options);
  using _lock = await lockWhenFree(options);
  const running = runningVersion(layout);
  const checked = { build: running ?? null, isWell, results };
  const trial = activeTrial(layout);
  if (running === undefined) return { ...checked, outcome: 'none' };
  markLayerUsed(layout, running);
  if (trial?.build !== running) return { ...checked, outcome: 'none' };
  noteUnwell(options, trial, results);
  const { previous } = trial;
  if (isWell || trial.state === 'proven') return { ...checked, previous, ...provenNow(options, trial) };
  return { ...checked, previous, ...(options.mayGoBack ? countFailure(options, trial) : { outcome: 'ill' }) };
}

/** Proves what has passed, and keeps it when it has been lived with long enough. */
function provenNow(options: BootCheckOptions, trial: Trial): Pick<BootChecked, 'outcome' | 'soakLeft'> {
  const isNews = trial.state !== 'proven';
  const proven = isNews ? proveTrial(options, trial) : trial;
  const kept = keepIfDue(options);
  // Whoever rolls it out is waiting for this.
  if (isNews) noteReport(options, { event: 'state' });
  return kept === undefined
    ? { outcome: 'soaking', soakLeft: soakLeft(options, proven) }
    : { outcome: 'kept' };
}

/** One boot that failed: the device tries again, or goes back after the last. */
function countFailure(options: BootCheckOptions, trial: Trial): Pick<BootChecked, 'outcome' | 'triesLeft'> {
  const { layout } = options;
  const counted = countedBoot(options, trial);
  const left = counted.tries - counted.boots;
  if (left <= 0) {
    failTrial(options, counted, 'checks');
    return { outcome: 'back', triesLeft: 0 };
  }
  writeTrial(layout, counted);
  return { outcome: 'again', triesLeft: left };
}

/** The trial with this boot: counted by our initramfs, by the loader, or else by us. */
function countedBoot({ layout }: BootCheckOptions, trial: Trial): Trial {
  const left = openBootPointer(layout).triesLeft(trial.build);
  if (left !== undefined) return { ...trial, state: 'booting', boots: Math.max(0, trial.tries - left) };
  if (readBootFacts(layout)?.counted === true) return trial;
  return { ...trial, state: 'booting', boots: trial.boots + 1 };
}

/** Writes down what failed, and tells of what was only wanted: nothing else would. */
function noteUnwell(options: BootCheckOptions, trial: Trial, results: readonly CheckResult[]): void {
  const lines = failureLines(results);
  if (lines.length === 0) return;
  const { build, previous: from } = trial;
  appendBootLog(options.layout, build, lines);
  const isOnlyWanted = results.every(({ kind, outcome }) => kind === 'wanted' || outcome === 'passed');
  if (!isOnlyWanted) return;
  const result = { build, from, result: 'done', code: 'check-wanted-failed', seconds: 0 } as const;
  noteReport(options, {
    event: 'state',
    result: { ...result, bytesReceived: 0, requests: 0, lines: fittingLines(lines) },
  });
}

async function lockWhenFree({ layout, signal }: BootCheckOptions): Promise<Lock> {
  const began = performance.now();
  for (;;) {
    try {
      return lockDevice(layout);
    } catch (error) {
      const isBusy = isSatchelError(error, 'update-running') && performance.now() - began < lockPatience;
      if (!isBusy) throw error;
      await sleep(500, signal);
    }
  }
}
