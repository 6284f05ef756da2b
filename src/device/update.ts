import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { WayKind } from '../plan/ways.ts';
import type { Changed } from './change.ts';
import { recordEnd } from './journal.ts';
import { lockDevice } from './lock.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { runningVersion } from './running-version.ts';
import type { DeviceSession } from './session.ts';
import { situationOf } from './situation.ts';
import { type Advised, advisedOn, type Staying, stayingOn } from './staying.ts';
import type { UpdateOptions } from './update-options.ts';
import { findWanted } from './wanted.ts';

/** What an update did; the field names are relied on by scripts. */
export type UpdateResult = Advised & {
  readonly build: BuildName;
  readonly from: BuildName | null;
  readonly plan: WayKind;
  /** The build between, for the plan `chain`. */
  readonly via?: BuildName | undefined;
  /** Every byte read from sockets, headers included. */
  readonly bytesReceived: number;
  readonly requests: number;
  readonly seconds: number;
  readonly rebootNeeded: boolean;
  readonly stream?: StreamName | undefined;
  /** Paths of a version on the device that were not as they were published. */
  readonly damaged?: readonly string[];
  /** There when the build is complete on the device and is to be switched to another time. */
  readonly waiting?: true;
  /** There when the build is received, and the next boot stages it in place of the version that runs. */
  readonly inPlace?: true;
};

/** Brings the device to the wanted build: check, plan, fetch, stage, verify, switch. */
export async function update(options: UpdateOptions): Promise<UpdateResult> {
  const { session, choice, signal } = options;
  const started = performance.now();
  options.reporter.progress({ step: 'check', done: 0, unit: 'entries' });
  const wanted = await findWanted({ ...session, signal }, choice);
  const staying = stayingOn(session.layout, wanted);
  if (staying !== undefined) return stayed(options, staying, started);
  const situation = situationOf(session.layout, wanted);
  const finish = ({ plan, via, damaged = [], waiting, inPlace }: Partial<Changed>): UpdateResult => ({
    build: wanted.build.name,
    from: situation.current ?? null,
    plan: plan ?? 'none',
    via,
    ...session.counters(),
    seconds: (performance.now() - started) / 1000,
    rebootNeeded: inPlace === true || isRebootNeeded(session, wanted.build.name),
    stream: wanted.stream,
    ...advisedOn(wanted),
    ...(damaged.length > 0 ? { damaged } : {}),
    ...(waiting ? { waiting } : {}),
    ...(inPlace ? { inPlace } : {}),
  });
  if (situation.isCurrent && !options.verifyFully) return finish({});

  // Most runs end above and need nothing of this.
  const [{ change }, { collectTrash }, { endTrialBefore }] = await Promise.all([
    import('./change.ts'),
    import('./trash.ts'),
    import('./trial-update.ts'),
  ]);
  using _lock = lockDevice(session.layout);
  const ended = { layout: session.layout, clock: options.clock };
  try {
    if (!situation.isCurrent) await endTrialBefore({ ...options, ...ended }, wanted.build.name);
    const result = finish(await change(options, situation));
    // What waits has not come to an end.
    if (!result.waiting && !result.inPlace) recordEnd(ended, result, 'done');
    collectTrash(session.layout);
    return result;
  } catch (error) {
    if (error instanceof SatchelError) {
      recordEnd(ended, finish({}), error.code === 'cancelled' ? 'cancelled' : 'failed', error.code);
    }
    throw error;
  }
}

function stayed({ session }: UpdateOptions, staying: Staying, started: number): UpdateResult {
  return {
    ...staying,
    from: staying.build,
    plan: 'none',
    ...session.counters(),
    seconds: (performance.now() - started) / 1000,
    rebootNeeded: isRebootNeeded(session, staying.build),
  };
}

function isRebootNeeded({ layout }: DeviceSession, build: BuildName): boolean {
  const current = openBootPointer(layout).read().current;
  return current === build && runningVersion(layout) !== build;
}
