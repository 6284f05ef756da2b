import type { Clock } from '../base/clock.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { readBootSettings } from './boot-settings.ts';
import { dropBootStage } from './boot-stage-order.ts';
import { prepareLayer } from './carry-over.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { type Purged, purgeVersions } from './purge.ts';
import { runningVersion } from './running-version.ts';
import { activeTrial, removeTrial, startTrial, type Trial, type TrialContext, writeTrial } from './trial.ts';
import { failureOf } from './trial-failures.ts';
import { removeTrialMarks } from './trial-marks.ts';

export type SwitchVersionOptions = {
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Points the device at an installed version and lets go of what is neither it nor the way back, so that there are at
 * most two, and those that are sticky. What is not known to start is on trial from then on, on a device that tells what
 * it runs. The caller holds the device
 * lock. Throws `version-not-on-disk`, `boot-setting-wrong`, `cancelled`.
 */
export async function switchVersion(
  layout: DeviceLayout,
  name: BuildName,
  { clock, reporter, signal }: SwitchVersionOptions,
): Promise<Purged> {
  await prepareLayer({
    ...{ layout, reporter, signal },
    from: runningVersion(layout) ?? openBootPointer(layout).read().current,
    to: name,
    // What was written by a version that did not prove itself may be why.
    evenIfUsed: hasFailed(layout, name),
  });
  bootNext({ layout, clock }, name);
  return purgeVersions(layout);
}

function hasFailed(layout: DeviceLayout, name: BuildName): boolean {
  const reason = failureOf(layout, name)?.reason;
  return reason === 'boots' || reason === 'checks';
}

/**
 * Makes a version boot next, on trial unless it is the one that runs or the one that a trial goes back to. A version
 * that was never proven is passed over: the way back stays what was kept last. At no moment does the pointer name a
 * version that is neither on trial nor known to start. The caller holds the device lock. Throws `version-not-on-disk`,
 * `boot-setting-wrong`.
 */
export function bootNext(context: TrialContext, name: BuildName): void {
  const { layout } = context;
  const boot = openBootPointer(layout);
  const { current } = boot.read();
  if (current === name) return;
  // An order is to replace what boots now.
  dropBootStage(layout);
  const trial = activeTrial(layout);
  const running = runningVersion(layout);
  if (name === running || name === trial?.previous) {
    replaceTrial(layout, trial);
    boot.switchTo(name, current);
    endTrial(layout);
    return;
  }
  const unproven = trial?.state === 'proven' ? undefined : trial;
  // What has proved that it runs is the better way back than what has never been booted.
  const previous = unproven?.previous ?? running;
  // Where nothing tells what runs, nothing could ever prove itself: such a device has a way back and no trials.
  if (previous === undefined) {
    boot.switchTo(name, current);
    endTrial(layout);
    return;
  }
  const { tries } = readBootSettings(layout);
  // The file holds one trial: while it is about the new version, nothing would count the boots of the other.
  if (unproven !== undefined) {
    replaceTrial(layout, unproven);
    boot.switchTo(previous, current);
  }
  startTrial(context, { build: name, previous });
  boot.switchTo(name, previous, { tries });
}

/** What boots next is about to be passed over: a power cut from here on is not taken for the choice of its user. */
function replaceTrial(layout: DeviceLayout, trial: Trial | undefined): void {
  if (trial !== undefined) writeTrial(layout, { ...trial, replaced: true });
}

/** The pointer has moved to what needs no trial. */
function endTrial(layout: DeviceLayout): void {
  removeTrialMarks(layout);
  removeTrial(layout);
}
