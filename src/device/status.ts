import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Decision } from '../advice/decision.ts';
import type { Sentence } from '../advice/explain.ts';
import type { Clock } from '../base/clock.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { listIfThere } from '../os/if-there.ts';
import { openTimeFloor } from '../trust/floor.ts';
import { readBootStageOrder } from './boot-stage-order.ts';
import { chooseStream, readConfiguration } from './configuration.ts';
import { readDataCount } from './data-account.ts';
import { type DataMonth, dataMonth } from './data-month.ts';
import { heldAdvice } from './held-advice.ts';
import { listVersions } from './installed.ts';
import { type Journal, readJournal, type UpdateResult } from './journal.ts';
import { deviceLayout, requireDevice } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { countOwed } from './owed.ts';
import { runningVersion } from './running-version.ts';
import { activeTrial, soakLeft, type Trial, type TrialContext } from './trial.ts';
import { type FailedBuild, failedBuilds } from './trial-failures.ts';
import { trialMarks } from './trial-marks.ts';

/** One version on a device. */
export type VersionStatus = {
  readonly name: BuildName;
  /** False: without a record, so not installed by Satchel or not completely. */
  readonly complete: boolean;
  /** Bytes of all its files by its index; unknown without a record. Versions share most of them on disk. */
  readonly size?: number;
  readonly entries?: number;
  readonly contentsHash?: string;
  readonly installedAt?: string;
  /** Protected from being purged. */
  readonly sticky: boolean;
  /** Paths to which owner, mode, attributes or the device itself are owed. */
  readonly owed: number;
};

/** A version on trial. */
export type TrialStatus = Pick<
  Trial,
  'build' | 'previous' | 'state' | 'tries' | 'boots' | 'since' | 'proven'
> & {
  /** Seconds for which it is still to be lived with; absent before it is proven. */
  readonly soakLeft?: number;
};

/** Everything about a device that a person or the fleet wants to know; nothing is fetched for it. */
export type DeviceStatus = {
  readonly root: string;
  /** Undefined: not versioned, or not booted that way. */
  readonly running?: BuildName;
  readonly nextBoot?: BuildName;
  readonly previous?: BuildName;
  readonly rebootNeeded: boolean;
  /** What boots next has yet to prove itself, or to be lived with. */
  readonly trial?: TrialStatus;
  /** Builds that this device has left again, the oldest first; no stream brings them back by itself. */
  readonly failed?: readonly FailedBuild[];
  /** What the next boot puts in place of what boots now. */
  readonly ordered?: BuildName;
  readonly versions: readonly VersionStatus[];
  /** Absent before `device init`. */
  readonly source?: string;
  readonly stream: StreamName;
  /** Who chose the stream: a file's path, `configuration` or `default`. */
  readonly streamSaidBy: string;
  /** What the stream gave this device when it asked last, and that in words; absent before. */
  readonly decision?: Decision;
  readonly why?: Sentence;
  /** Bytes received for an update that is not finished. */
  readonly spoolBytes: number;
  readonly pending?: NonNullable<Journal['pending']>;
  readonly lastUpdate?: UpdateResult;
  /** What was received this month, and what is left of the budget. */
  readonly data: DataMonth;
};

/**
 * The state of the device below `root`, from small files only. Throws `boot-pointer-wrong`,
 * `update-stream-wrong`, `device-file-…`.
 */
export function deviceStatus(root: string, clock: Clock): DeviceStatus {
  const layout = deviceLayout(root);
  requireDevice(layout);
  const { current, alternate } = openBootPointer(layout).read();
  const running = runningVersion(layout);
  const configuration = readConfiguration(layout);
  const { stream, saidBy, never } = chooseStream(layout, undefined, configuration);
  const advice = never ? undefined : heldAdvice(layout, stream, clock);
  const floor = openTimeFloor(join(layout.trust, 'floor'), clock);
  const { pending, last } = readJournal(layout);
  const trial = activeTrial(layout);
  const failed = failedBuilds(layout);
  const order = readBootStageOrder(layout);
  const ordered = order?.from === current ? order?.to : undefined;
  // The mark of a trial says nothing that the trial itself does not say.
  const ours = trialMarks(layout);
  const sticky = new Set(listIfThere(layout.sticky).filter((name) => !ours.includes(name)));
  const versions = listVersions(layout).map(({ name, record }) => ({
    name,
    complete: record !== undefined,
    ...(record && { size: record.size, entries: record.entries, installedAt: record.installedAt }),
    ...(record?.contentsHash !== undefined && { contentsHash: record.contentsHash }),
    sticky: sticky.has(name),
    owed: countOwed(layout, name),
  }));
  return {
    root: layout.root,
    ...(running && { running }),
    ...(current && { nextBoot: current }),
    ...(alternate && { previous: alternate }),
    rebootNeeded: ordered !== undefined || (current !== undefined && current !== running),
    ...(trial && { trial: trialStatus({ layout, clock }, trial) }),
    ...(failed.length > 0 && { failed }),
    ...(ordered && { ordered }),
    versions,
    ...(configuration?.source !== undefined && { source: configuration.source }),
    stream,
    streamSaidBy: saidBy,
    ...(advice && { decision: advice.decision, why: advice.why }),
    spoolBytes: spoolBytes(layout.spool),
    ...(pending && { pending }),
    ...(last && { lastUpdate: last }),
    data: dataMonth(readDataCount(layout, floor.now()), configuration?.monthlyBytes),
  };
}

function trialStatus(context: TrialContext, trial: Trial): TrialStatus {
  const { build, previous, state, tries, boots, since, proven } = trial;
  const soak = state === 'proven' ? { soakLeft: Math.ceil(soakLeft(context, trial) / 1000) } : {};
  return {
    build,
    previous,
    state,
    tries,
    boots,
    since,
    ...(proven === undefined ? {} : { proven }),
    ...soak,
  };
}

function spoolBytes(directory: string): number {
  return listIfThere(directory)
    .map((name) => lstatSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
