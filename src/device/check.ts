import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { DeviceSession } from './session.ts';
import { situationOf } from './situation.ts';
import { type Advised, advisedOn, stayingOn } from './staying.ts';
import { type Choice, findWanted } from './wanted.ts';

/** What a device should run. */
export type Checked = Advised & {
  readonly build: BuildName;
  /** What it boots now. */
  readonly from: BuildName | null;
  readonly stream?: StreamName | undefined;
  /** True when it should be updated. */
  readonly available: boolean;
  readonly bytesReceived: number;
  readonly requests: number;
};

/** Asks what the device should run, and fetches nothing else. */
export async function check(options: {
  readonly session: DeviceSession;
  readonly choice: Choice;
  readonly signal?: AbortSignal | undefined;
}): Promise<Checked> {
  const { session, choice, signal } = options;
  const wanted = await findWanted({ ...session, signal }, choice);
  const staying = stayingOn(session.layout, wanted);
  if (staying !== undefined)
    return { ...staying, from: staying.build, available: false, ...session.counters() };
  const { current, isCurrent } = situationOf(session.layout, wanted);
  return {
    build: wanted.build.name,
    from: current ?? null,
    stream: wanted.stream,
    available: !isCurrent,
    ...advisedOn(wanted),
    ...session.counters(),
  };
}
