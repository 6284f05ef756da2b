import { panicLines } from './kernel-records.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { noteReport } from './report-make.ts';
import { runningVersion } from './running-version.ts';
import {
  readTrial,
  removeTrial,
  type Trial,
  type TrialContext,
  type TrialReason,
  whyLeft,
  writeTrial,
} from './trial.ts';
import { rememberFailure } from './trial-failures.ts';
import { appendBootLog, lastLines } from './trial-log.ts';
import { removeTrialMarks } from './trial-marks.ts';

/**
 * Brings what is written about a trial into line with what has happened meanwhile: the initramfs or the loader has gone
 * back, somebody chose the other version in a boot menu, or a power cut came between two steps. What failed is
 * remembered and a report is made of it, once. Gives the trial that is under way. The caller holds the device lock.
 * Throws `boot-pointer-wrong`, `version-not-on-disk`.
 */
export function settleTrial(context: TrialContext): Trial | undefined {
  const { layout } = context;
  const trial = readTrial(layout);
  if (trial === undefined) {
    removeTrialMarks(layout);
    return undefined;
  }
  if (trial.state === 'failed') {
    settleFailed(context, { ...trial, reason: reasonOf(layout, trial) });
    return undefined;
  }
  const why = whyLeft(layout, trial);
  if (why === 'not') {
    const boot = openBootPointer(layout);
    // A power cut between the two leaves a loader that still counts.
    if (trial.state === 'proven' && boot.triesLeft(trial.build) !== undefined) boot.markGood(trial.build);
    removeTrialMarks(layout, trial.previous);
    return trial;
  }
  if (why === 'never') {
    removeTrialMarks(layout);
    removeTrial(layout);
  } else failTrial(context, trial, why);
  return undefined;
}

/**
 * Leaves a version on trial: what was kept last boots next, and nothing of that has changed meanwhile. The caller holds
 * the device lock. Throws `version-not-on-disk`.
 */
export function failTrial(context: TrialContext, trial: Trial, reason: TrialReason): void {
  const { layout } = context;
  // The pointer first: whatever comes between, the device starts what is known to start.
  goBack(layout, trial);
  const failed: Trial = { ...trial, state: 'failed', reason };
  writeTrial(layout, failed);
  settleFailed(context, failed);
}

/**
 * Where the loader counts, the initramfs sees another version start and not why: a loader that has counted to its end
 * chose it, and no person.
 */
function reasonOf(layout: DeviceLayout, { build, reason = 'boots', told }: Trial): TrialReason {
  const hasCounted = !told && reason === 'user' && openBootPointer(layout).triesLeft(build) === 0;
  return hasCounted ? 'boots' : reason;
}

function settleFailed(context: TrialContext, trial: Trial): void {
  const { layout } = context;
  const { build, reason = 'boots' } = trial;
  goBack(layout, trial);
  if (!trial.told) rememberFailure(context, { build, reason });
  removeTrialMarks(layout);
  // What went wrong is told by the version that the device has gone back to; what a person decided is known now.
  if (trial.told || (reason !== 'user' && runningVersion(layout) === build)) return;
  tellFailure(context, trial, reason);
  writeTrial(layout, { ...trial, reason, told: true });
}

/** Only where the pointer still names what failed: an operator may have chosen something else since. */
function goBack(layout: DeviceLayout, { build, previous }: Pick<Trial, 'build' | 'previous'>): void {
  const boot = openBootPointer(layout);
  if (boot.read().current === build) boot.switchTo(previous, build);
}

function tellFailure(context: TrialContext, trial: Trial, reason: TrialReason): void {
  const { layout } = context;
  const { build, previous } = trial;
  const panic = reason === 'user' ? [] : panicLines(layout, trial);
  if (panic.length > 0) appendBootLog(layout, build, panic);
  const lines = reason === 'user' ? [] : lastLines(layout, build);
  noteReport(context, {
    event: 'rollback',
    result: {
      ...{ build: previous, from: build, result: 'done', code: `trial-failed-${reason}` },
      ...{ bytesReceived: 0, requests: 0, seconds: 0 },
      ...(lines.length > 0 ? { lines } : {}),
    },
  });
}
