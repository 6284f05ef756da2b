/**
 * A version that was switched to is on trial until it has proved itself: the initramfs counts its boots and goes back
 * when they are used up, the checks of its health are run when it is up, and then it may be lived with for a while
 * before the version before it is let go. The file is read and written by the initramfs too.
 */
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { recordTime } from '../base/fields.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { readBootSettings } from './boot-settings.ts';
import { readKeyValues, writeKeyValues } from './key-values.ts';
import type { DeviceLayout } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { runningVersion } from './running-version.ts';
import { markWayBack } from './trial-marks.ts';

/** Why a version was left again: its boots were used up, a check of its health failed, or somebody went back. */
export type TrialReason = 'boots' | 'checks' | 'user';

/** All reasons, for whoever has to name them. */
export const trialReasons: readonly TrialReason[] = ['boots', 'checks', 'user'];

/**
 * How far a trial is. `waiting`: switched to and not booted; `booting`: booted at least once, not proven; `proven`: the
 * checks have passed, and it is lived with; `failed`: the device has gone back.
 */
export type TrialState = 'waiting' | 'booting' | 'proven' | 'failed';

const states: readonly TrialState[] = ['waiting', 'booting', 'proven', 'failed'];

/** A version on trial, or the last one that failed. */
export type Trial = {
  readonly build: BuildName;
  /** What the device goes back to: the last version that was kept. */
  readonly previous: BuildName;
  readonly state: TrialState;
  /** When it has failed. */
  readonly reason?: TrialReason;
  /** Boots that it may make before it is proven, and that it has made. */
  readonly tries: number;
  readonly boots: number;
  /** When it was switched to, ISO 8601. */
  readonly since: string;
  /** When its checks passed, ISO 8601. */
  readonly proven?: string;
  /** How long it is lived with after that, in seconds. */
  readonly soakSeconds: number;
  /** True when a report about its failure has been made. */
  readonly told: boolean;
  /** True from the moment on at which something else is switched to: then its end is nobody's verdict. */
  readonly replaced?: boolean;
};

/** The device and what time it is. */
export type TrialContext = { readonly layout: DeviceLayout; readonly clock: Clock };

/** What the file says; undefined when nothing is on trial, or when the disk has damaged it. */
export function readTrial({ trial: path }: DeviceLayout): Trial | undefined {
  const fields = readKeyValues(path);
  if (fields === undefined) return undefined;
  const { build = '', previous = '', since = '', proven } = fields;
  const state = states.find((known) => known === fields.state);
  if (!isBuildName(build) || !isBuildName(previous) || state === undefined) return undefined;
  const reason = trialReasons.find((known) => known === fields.reason);
  return {
    ...{ build, previous, state, since },
    ...(reason === undefined ? {} : { reason }),
    tries: numberIn(fields.tries) ?? 1,
    boots: numberIn(fields.boots) ?? 0,
    ...(proven === undefined ? {} : { proven }),
    soakSeconds: numberIn(fields.soak) ?? 0,
    told: fields.told === 'yes',
    ...(fields.replaced === 'yes' ? { replaced: true } : {}),
  };
}

/** The trial that is under way: of what boots next, or of what runs now for the last time that its loader gave it. */
export function activeTrial(layout: DeviceLayout): Trial | undefined {
  const trial = readTrial(layout);
  if (trial === undefined || trial.state === 'failed') return undefined;
  return whyLeft(layout, trial) === 'not' ? trial : undefined;
}

/**
 * What has become of a trial whose file has not noticed it: `not`: it is under way; `never`: the switch that it was
 * written for did not come, or something else was switched to; else why the version was left. Throws `boot-pointer-wrong`.
 */
export function whyLeft(
  layout: DeviceLayout,
  { build, previous, replaced }: Trial,
): TrialReason | 'not' | 'never' {
  const boot = openBootPointer(layout);
  const { current, alternate } = boot.read();
  if (current === build) return 'not';
  if (replaced) return 'never';
  // A loader that has counted to its end boots the other one next; the last of the boots may be this one.
  if (boot.triesLeft(build) === 0) return runningVersion(layout) === build ? 'not' : 'boots';
  return current === previous && alternate === build ? 'user' : 'never';
}

/** Replaces the file, durably. */
export function writeTrial(layout: DeviceLayout, trial: Trial): void {
  const { build, previous, state, reason, tries, boots, since, proven, soakSeconds } = trial;
  writeKeyValues(layout.trial, {
    ...{ build, previous, state, reason, tries, boots, since, proven },
    soak: soakSeconds,
    told: trial.told ? 'yes' : undefined,
    replaced: trial.replaced ? 'yes' : undefined,
  });
}

/**
 * Puts a version on trial, before the pointer moves to it: first the mark that keeps the way back from being purged,
 * then the file. Until the pointer moves both mean nothing, and what a power cut leaves of them is tidied up by
 * `settleTrial`. The caller holds the device lock. Throws `boot-setting-wrong`.
 */
export function startTrial(
  { layout, clock }: TrialContext,
  { build, previous }: Pick<Trial, 'build' | 'previous'>,
): Trial {
  const { tries, soakSeconds } = readBootSettings(layout);
  const since = recordTime(trialTime({ layout, clock }));
  const trial = {
    build,
    previous,
    state: 'waiting',
    tries,
    boots: 0,
    since,
    soakSeconds,
    told: false,
  } as const;
  markWayBack(layout, previous);
  writeTrial(layout, trial);
  return trial;
}

/** Its checks have passed: boots are counted no longer. The caller holds the device lock. */
export function proveTrial({ layout, clock }: TrialContext, trial: Trial): Trial {
  // First the loader: one that goes on counting would leave what this file calls proven.
  openBootPointer(layout).markGood(trial.build);
  const proven: Trial = { ...trial, state: 'proven', proven: recordTime(trialTime({ layout, clock })) };
  writeTrial(layout, proven);
  return proven;
}

/** Forgets the trial. The caller holds the device lock. */
export function removeTrial({ trial: path }: DeviceLayout): void {
  withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
  syncDirectory(dirname(path));
}

/** Milliseconds for which a proven version is still to be lived with; 0: it may be kept. */
export function soakLeft({ layout, clock }: TrialContext, { proven = '', soakSeconds }: Trial): number {
  const ends = Date.parse(proven) + soakSeconds * 1000;
  // Without a time nobody could ever tell that it is over.
  return Number.isNaN(ends) ? 0 : Math.max(0, ends - trialTime({ layout, clock }));
}

/** The clock of a device may stand in 1970: what was signed for it since is a better guess. */
function trialTime({ layout, clock }: TrialContext): number {
  return openTimeFloor(join(layout.trust, 'floor'), clock).now();
}

function numberIn(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
