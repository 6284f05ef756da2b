import { recordTime } from '../base/fields.ts';
import { type BackPermit, permitsBack } from './back-record.ts';
import { parseDeviceSet } from './device-set.ts';
import type { SignedText } from './lite-signed.ts';
import type { StreamRecord } from './records.ts';
import type { Group, Rollout } from './rollout-record.ts';

/** What a stream's file for satchel-lite says of the list of a build. */
export type ListFacts = { readonly sha256: string; readonly length: number };

/** A waypoint with what a machine needs to go there. */
export type LiteWaypoint = ListFacts & {
  readonly build: string;
  readonly sequence: number;
  /** Of its tree. */
  readonly bytes: number;
};

/**
 * The rules of a stream as plain lines, for machines with a shell only; docs/formats.md describes them. They say the
 * same as the signed record, with every time as it is in UTC, so that a shell has no times to reckon with.
 */
export function ruleLines(
  record: StreamRecord,
  extra: {
    /** Newest first. */
    readonly waypoints: readonly LiteWaypoint[];
    readonly permit: BackPermit | undefined;
  },
): string[] {
  const { halted, rollout, previous } = record;
  const back = backFrom(record, extra.permit);
  return [
    ...(halted === undefined ? [] : [`halted ${halted.since}`]),
    ...(back === undefined ? [] : [`back ${back}`]),
    ...extra.waypoints.map(
      ({ build, sequence, bytes, sha256, length }) =>
        `waypoint ${build} ${sequence} ${bytes} ${sha256} ${length}`,
    ),
    // By these a machine knows on which side of a waypoint a build lies whose place it does not know.
    ...(extra.waypoints.length === 0 ? [] : previous.map((name) => `previous ${name}`)),
    ...(rollout === undefined ? [] : rolloutLines(rollout)),
  ];
}

/** The waypoints that a stream's file names, newest first. */
export function waypointsNamedIn({ text }: SignedText): LiteWaypoint[] {
  const pattern = /^waypoint (\S+) (\d{1,15}) (\d{1,15}) ([0-9a-f]{64}) (\d{1,12})$/gm;
  return [...text.toString('latin1').matchAll(pattern)].map(
    ([, build = '', sequence, bytes, sha256 = '', length]) => ({
      ...{ build, sequence: Number(sequence), bytes: Number(bytes), sha256, length: Number(length) },
    }),
  );
}

/** The newest place from which machines may go back, where that is signed for this head. */
function backFrom({ back, stream, build }: StreamRecord, permit: BackPermit | undefined): number | undefined {
  if (back === undefined || permit === undefined) return undefined;
  return permitsBack(permit, { stream, running: permit.from, head: build }) ? permit.from : undefined;
}

function rolloutLines(rollout: Rollout): string[] {
  const { salt, began, steps, early, only, notBefore, quiet = [], paused, reserved } = rollout;
  const afterBegan = (seconds: number) => recordTime(Date.parse(began) + seconds * 1000);
  return [
    `rollout ${salt}`,
    ...steps.map(({ share, after }) => `step ${afterBegan(after)} ${share}`),
    ...(paused === undefined ? [] : [`paused ${paused.since}`]),
    ...(notBefore === undefined ? [] : [`not-before ${notBefore}`]),
    ...quiet.map(({ from, to }) => `quiet ${from} ${to}`),
    ...(early === undefined ? [] : groupLines('early', early)),
    ...(only === undefined ? [] : groupLines('only', only)),
    ...(reserved === undefined ? [] : [`reserved-until ${afterBegan(reserved.until)}`]),
    ...deviceLines('reserved', reserved?.devices),
  ];
}

/** The first line says that there is such a group, even if nobody is in it. */
function groupLines(
  name: 'early' | 'only',
  { serials = [], models = [], builds = [], devices }: Group,
): string[] {
  return [
    `${name} group`,
    ...serials.map((pattern) => `${name} serial ${pattern}`),
    ...models.map((pattern) => `${name} model ${pattern}`),
    ...builds.map((build) => `${name} build ${build}`),
    ...deviceLines(name, devices),
  ];
}

function deviceLines(name: string, set: string | undefined): string[] {
  const numbers = set === undefined ? [] : (parseDeviceSet(set) ?? []);
  return numbers.map((number) => `${name} device ${number.toString(16).padStart(8, '0')}`);
}
