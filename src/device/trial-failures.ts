import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import type { DeviceLayout } from './layout.ts';
import { type Fields, readStateFile, writeStateFile } from './state-file.ts';
import { readTrial, type TrialReason, trialReasons, whyLeft } from './trial.ts';

/** A build that this device has left again: no stream brings it back by itself. */
export type FailedBuild = {
  readonly build: BuildName;
  readonly reason: TrialReason;
  /** When the device found out, ISO 8601. */
  readonly at: string;
};

const format = 1;

/** The oldest are forgotten when there are more. */
const mostRemembered = 16;

/**
 * What was left, the oldest first, also what has just been left and is not written down yet. A damaged file counts as
 * none: then a stream brings a build once more.
 */
export function failedBuilds(layout: DeviceLayout): readonly FailedBuild[] {
  const trial = readTrial(layout);
  const known = remembered(layout);
  if (trial === undefined || trial.told) return known;
  const { build, state, since: at } = trial;
  const reason = state === 'failed' ? (trial.reason ?? 'boots') : whyLeft(layout, trial);
  if (reason === 'not' || reason === 'never') return known;
  return known.some((failed) => failed.build === build) ? known : [...known, { build, reason, at }];
}

function remembered({ failedBuilds: path }: DeviceLayout): readonly FailedBuild[] {
  try {
    return readStateFile(path, format, parse) ?? [];
  } catch (error) {
    if (isSatchelError(error, 'device-file-damaged', 'device-file-newer')) return [];
    throw error;
  }
}

/** That a build was left here; undefined when it was not. */
export function failureOf(layout: DeviceLayout, build: BuildName): FailedBuild | undefined {
  return failedBuilds(layout).find((failed) => failed.build === build);
}

/** Remembers that a build was left. The caller holds the device lock. */
export function rememberFailure(
  { layout, clock }: { readonly layout: DeviceLayout; readonly clock: Clock },
  { build, reason }: Pick<FailedBuild, 'build' | 'reason'>,
): void {
  const before = remembered(layout);
  if (before.some((failed) => failed.build === build && failed.reason === reason)) return;
  const failed = { build, reason, at: recordTime(clock()) };
  write(layout, [...without(before, build), failed].slice(-mostRemembered));
}

/** Forgets that a build was left: it has proved itself since. The caller holds the device lock. */
export function forgetFailure(layout: DeviceLayout, build: BuildName): void {
  const before = remembered(layout);
  const after = without(before, build);
  if (after.length < before.length) write(layout, after);
}

function without(builds: readonly FailedBuild[], build: BuildName): readonly FailedBuild[] {
  return builds.filter((failed) => failed.build !== build);
}

function write({ failedBuilds: path }: DeviceLayout, builds: readonly FailedBuild[]): void {
  writeStateFile(path, format, { builds });
}

function parse({ builds }: Fields): readonly FailedBuild[] | undefined {
  return Array.isArray(builds) ? builds.flatMap(parseOne) : undefined;
}

function parseOne(value: unknown): FailedBuild[] {
  if (typeof value !== 'object' || value === null) return [];
  const { build, reason, at } = value as Fields;
  const known = trialReasons.find((name) => name === reason);
  if (typeof build !== 'string' || !isBuildName(build) || typeof at !== 'string') return [];
  return known === undefined ? [] : [{ build, reason: known, at }];
}
