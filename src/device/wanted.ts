import { hash } from 'node:crypto';
import type { AskingDevice, Decision, DecisionTimes, StayingOn } from '../advice/decision.ts';
import { decisionSentence, type Sentence } from '../advice/explain.ts';
import { notUnderstood } from '../advice/next-build.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { compareVersions, programVersion } from '../base/version.ts';
import { type BackPermit, backTarget, parseBackPermit } from '../repository/back-record.ts';
import { buildTarget, deltasTarget, streamTarget } from '../repository/layout.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  type StreamRecord,
} from '../repository/records.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';
import { decideHere } from './asking.ts';
import type { DeviceLayout } from './layout.ts';

/** What a person or a stream file asks for. */
export type Choice = { readonly build: BuildName } | { readonly stream: StreamName };

/** The build that the device should run, and how to get it; both signed. */
export type Wanted = {
  readonly build: BuildRecord;
  readonly deltas: DeltasRecord;
  readonly stream?: StreamName | undefined;
  /** What the rules of the stream say of this device; absent where a build was named. See `stayingOn`. */
  readonly advice?: Advice | undefined;
};

/** A decision, in words, with the record that it follows from. */
export type Advice = {
  readonly decision: Decision;
  readonly why: Sentence;
  readonly record: StreamRecord;
  /** That devices may go back along the stream, where somebody has signed that. */
  readonly permit?: BackPermit | undefined;
};

/** Verified metadata, the source that it came from, and the device that asks. */
export type WantedContext = {
  readonly client: TrustClient;
  readonly store: ReadableStore;
  readonly layout: DeviceLayout;
  readonly times: DecisionTimes;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Finds the wanted build in verified metadata: one that was named, or what the rules of a stream give this device
 * (the stream's build where they give it nothing new). A stream may only name what the `builds` role has signed.
 * Throws `build-not-found`, `stream-not-found`, `stream-names-unsigned-build`, `client-too-old`, `stream-goes-back`.
 */
export async function findWanted(context: WantedContext, choice: Choice): Promise<Wanted> {
  if ('stream' in choice) return alongStream(context, choice.stream);
  const wanted = await namedBuild(context, choice.build);
  requireClient(wanted.build.name, wanted.build.minimumClient);
  return wanted;
}

function requireClient(build: BuildName, wanted: string): void {
  if (wanted !== '' && compareVersions(programVersion, wanted) < 0)
    throw new SatchelError('client-too-old', { build, wanted, version: programVersion });
}

async function namedBuild({ client, store, signal }: WantedContext, name: BuildName): Promise<Wanted> {
  const [path, deltasPath] = [buildTarget(name), deltasTarget(name)];
  if (client.targetInfo(path) === undefined)
    throw new SatchelError('build-not-found', { name, location: store.location });
  const [build, deltas] = await Promise.all([
    client.target(path, { signal }),
    client.target(deltasPath, { signal }),
  ]);
  const wanted = { build: parseBuildRecord(build, path), deltas: parseDeltasRecord(deltas, deltasPath) };
  if (wanted.build.name !== name) throw new SatchelError('record-invalid', { what: path, field: 'name' });
  return wanted;
}

async function alongStream(context: WantedContext, stream: StreamName): Promise<Wanted> {
  const { layout, times } = context;
  const record = await signedStream(context, stream);
  const { device, decision } = decideHere(layout, record, times);
  if (decision.decision === 'stay') refuseStaying(record, device, decision);
  const why = decisionSentence(record, decision, { device, times });
  const permit = record.back === undefined ? undefined : await signedPermit(context, stream);
  const advice: Advice = { decision, why, record, permit };
  if (decision.decision === 'stay' || decision.build === record.build.name)
    return { build: record.build, deltas: record.deltas, stream, advice };
  return { ...(await waypointOf(context, record, decision.build)), stream, advice };
}

/** What somebody has to do something about is no reason to stay in silence. */
function refuseStaying(record: StreamRecord, device: AskingDevice, { because }: StayingOn): void {
  if (because === 'client-too-old') {
    const { build, minimumClient } = notUnderstood(record, device);
    requireClient(build, minimumClient);
  }
  if (because !== 'newer') return;
  const from = device.running?.build ?? '';
  throw new SatchelError('stream-goes-back', { stream: record.stream, from, to: record.build.name });
}

async function signedStream(
  { client, store, signal }: WantedContext,
  stream: StreamName,
): Promise<StreamRecord> {
  const path = streamTarget(stream);
  if (client.targetInfo(path) === undefined)
    throw new SatchelError('stream-not-found', { name: stream, location: store.location });
  const { record, buildBytes } = parseStreamRecord(await client.target(path, { signal }), path);
  const signed = client.targetInfo(buildTarget(record.build.name));
  if (signed?.length !== buildBytes.length || signed.sha256 !== hash('sha256', buildBytes))
    throw new SatchelError('stream-names-unsigned-build', {
      stream,
      source: store.location,
      build: record.build.name,
    });
  return record;
}

/** The records of a waypoint; what the stream says of it must be what was signed about that build. */
async function waypointOf(
  context: WantedContext,
  { stream, waypoints = [] }: StreamRecord,
  name: BuildName,
): Promise<Wanted> {
  const wanted = await namedBuild(context, name);
  const said = waypoints.find(({ build }) => build === name);
  if (said?.sequence !== wanted.build.sequence)
    throw new SatchelError('stream-names-unsigned-build', {
      stream,
      source: context.store.location,
      build: name,
    });
  requireClient(name, wanted.build.minimumClient);
  return wanted;
}

async function signedPermit(
  { client, signal }: WantedContext,
  stream: StreamName,
): Promise<BackPermit | undefined> {
  const path = backTarget(stream);
  if (client.targetInfo(path) === undefined) return undefined;
  return parseBackPermit(await client.target(path, { signal }), path);
}
