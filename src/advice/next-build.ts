import type { BuildName } from '../base/identifiers.ts';
import { compareVersions } from '../base/version.ts';
import type { StreamRecord } from '../repository/records.ts';
import type { Waypoint } from '../repository/rollout-record.ts';
import type { AskingDevice, Taking } from './decision.ts';

/** The build that a device would go to next, and what stands in the way of the head. */
export type Step = { readonly build: BuildName; readonly because: Taking['because'] };

/**
 * The next build on a device's way to the head: the oldest waypoint that it has not booted yet, else the head. Where
 * nothing is installed there is nothing to pass over: the newest build that its client understands. Undefined when its
 * client is too old for what comes next.
 */
export function nextBuild(record: StreamRecord, device: AskingDevice): Step | undefined {
  const head = headOf(record);
  const understandsHead = understands(device, head);
  if (device.running === undefined) {
    if (understandsHead) return { build: head.build, because: 'everybody' };
    const newest = before(record).find((waypoint) => understands(device, waypoint));
    return newest && { build: newest.build, because: 'client' };
  }
  const oldest = beyond(record, device.running).at(-1) ?? head;
  if (!understands(device, oldest)) return undefined;
  if (oldest === head) return { build: head.build, because: 'everybody' };
  return { build: oldest.build, because: understandsHead ? 'waypoint' : 'client' };
}

/** What a device would have to run next and its client does not understand. */
export function notUnderstood(record: StreamRecord, device: AskingDevice): Waypoint {
  const head = headOf(record);
  if (device.running === undefined || !understands(device, head)) return head;
  return beyond(record, device.running).at(-1) ?? head;
}

/** True when a device has a client that may install a build. */
export function understands({ client }: AskingDevice, { minimumClient }: Waypoint): boolean {
  return minimumClient === '' || compareVersions(client, minimumClient) >= 0;
}

/** The head as waypoints are described. */
export function headOf({ build }: StreamRecord): Waypoint {
  return { build: build.name, sequence: build.sequence, minimumClient: build.minimumClient };
}

/** The place of what a device runs in the order of publications, where the device or the record tells. */
export function sequenceOf(
  { build, waypoints = [] }: StreamRecord,
  running: NonNullable<AskingDevice['running']>,
): number | undefined {
  if (running.sequence !== undefined) return running.sequence;
  if (running.build === build.name) return build.sequence;
  return waypoints.find((waypoint) => waypoint.build === running.build)?.sequence;
}

/**
 * The waypoints that a device still has before it, newest first. Of a build whose place nobody knows (it came by rsync,
 * or on a drive) only the heads before tell whether it is older; else it counts as older than everything.
 */
function beyond(record: StreamRecord, running: NonNullable<AskingDevice['running']>): readonly Waypoint[] {
  const waypoints = before(record);
  const sequence = sequenceOf(record, running);
  if (sequence !== undefined) return waypoints.filter((waypoint) => waypoint.sequence > sequence);
  const place = record.previous.indexOf(running.build);
  if (place === -1) return waypoints;
  const later = record.previous.slice(0, place);
  return waypoints.filter(({ build }) => later.includes(build));
}

/** Waypoints that are older than the head: a stream that was led back has others too. */
function before({ waypoints = [], build }: StreamRecord): readonly Waypoint[] {
  return waypoints.filter(({ sequence }) => sequence < build.sequence);
}
