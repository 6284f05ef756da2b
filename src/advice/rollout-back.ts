import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { type BackPermit, backTarget, parseBackPermit } from '../repository/back-record.ts';
import { type Catalog, catalogOf } from '../repository/catalog.ts';
import type { ChangeContext } from '../repository/change-list.ts';
import { streamTarget } from '../repository/layout.ts';
import { followWithLite } from '../repository/lite-refresh.ts';
import { streamWithHead } from '../repository/publish.ts';
import {
  type BuildRecord,
  recordBytes,
  recordFormat,
  type StreamRecord,
  withRules,
} from '../repository/records.ts';
import { publishTargets } from '../trust/publisher.ts';
import type { SigningRequest } from '../trust/signing-request.ts';
import { changeStream } from './stream-change.ts';

/** Where a stream went back to. */
export type WentBack = {
  readonly stream: StreamName;
  readonly from: BuildName;
  readonly to: BuildName;
  /** There when an offline key has to permit it first; until then the stream is halted. */
  readonly signingRequest?: SigningRequest | undefined;
};

/** Which stream, and where to; without a build to the newest of its earlier heads, once. */
export type GoingBackTo = {
  readonly stream: StreamName;
  readonly build?: BuildName | undefined;
  readonly reason: string;
};

/**
 * Makes an earlier build the head of a stream again: devices that run a later one return to it at once, without a
 * rollout. Devices ask for a permit that the role of the builds has signed, so the offline keys are needed as for a new
 * build. What halted the stream ends with it. Throws `stream-not-found`, `build-not-found`, `rollout-nothing-before`,
 * `rollout-not-back`, `rollout-back-already`, `key-missing`.
 */
export async function goBack(context: ChangeContext, wanted: GoingBackTo): Promise<WentBack> {
  const { stream } = wanted;
  const since = recordTime(context.clock());
  const names: { from?: BuildName; to?: BuildName } = {};
  let leftBehind: BuildName[] = [];
  const outcome = await publishTargets(context, async (current) => {
    const catalog = catalogOf(context.store, current, context.signal);
    const held = await catalog.stream(stream);
    const build = await earlierBuild(catalog, held, wanted.build);
    names.from = held.build.name;
    names.to = build.name;
    leftBehind = (held.waypoints ?? [])
      .filter(({ sequence }) => sequence > build.sequence)
      .map((waypoint) => waypoint.build);
    const back = { reason: wanted.reason, since };
    const permit: BackPermit = {
      ...{ satchel: 'back', format: recordFormat, stream },
      from: await leftSequence(catalog, held),
      to: { build: build.name, sequence: build.sequence },
      ...back,
    };
    const head = await streamWithHead(catalog, stream, { build, deltas: await catalog.deltas(build.name) });
    const record = withRules(head, {
      ...{ halted: undefined, rollout: undefined, back },
      // What is not on the way to this head must not be led over.
      waypoints: head.waypoints?.filter(({ sequence }) => sequence < build.sequence),
    });
    return {
      builds: { add: [{ path: backTarget(stream), bytes: Buffer.from(JSON.stringify(permit), 'utf8') }] },
      streams: { add: [{ path: streamTarget(stream), bytes: recordBytes(record) }] },
    };
  });
  const went = { stream, from: names.from!, to: names.to! };
  const [last] = leftBehind;
  if (last !== undefined)
    context.reporter?.notice('rollout-back-waypoints', {
      stream,
      builds: leftBehind.join(', '),
      build: last,
    });
  if (outcome.outcome !== 'to-sign') {
    await followWithLite(context);
    return went;
  }
  await changeStream(context, stream, (record) =>
    withRules(record, { halted: record.halted ?? { reason: wanted.reason, since } }),
  );
  return { ...went, signingRequest: outcome.request };
}

/** Who went back once and goes back again takes those along who have not followed yet. */
async function leftSequence(catalog: Catalog, { stream, back, build }: StreamRecord): Promise<number> {
  const path = backTarget(stream);
  const bytes = back === undefined ? undefined : await catalog.note('builds', path);
  return Math.max(build.sequence, bytes === undefined ? 0 : parseBackPermit(bytes, path).from);
}

async function earlierBuild(
  catalog: Catalog,
  { stream, build: head, previous, back }: StreamRecord,
  named: BuildName | undefined,
): Promise<BuildRecord> {
  if (named !== undefined) {
    const build = await catalog.build(named);
    if (build.sequence < head.sequence) return build;
    throw new SatchelError('rollout-not-back', { stream, build: named, head: head.name });
  }
  // The same command twice must not lead a fleet back twice.
  if (back !== undefined)
    throw new SatchelError('rollout-back-already', { stream, build: head.name, since: back.since });
  for (const name of previous) {
    if (!catalog.hasBuild(name)) continue;
    const build = await catalog.build(name);
    // A name that was freed may stand for a newer build by now.
    if (build.sequence < head.sequence) return build;
  }
  throw new SatchelError('rollout-nothing-before', { stream, build: head.name });
}
