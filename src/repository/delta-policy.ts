import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Catalog } from './catalog.ts';
import { type BuildRecord, type DeltaReference, rememberedHeads, type StreamRecord } from './records.ts';

/** So many of the last builds of a stream get a delta to its head, unless the operator says otherwise. */
export const defaultKeepDeltas = 3;

/** Why a delta goes: no policy names it any more, or a build that it was made for is not there any more. */
export type DropReason = 'unnamed' | 'build-gone';

/** A delta that is there, or that a stream wants. */
export type DeltaState = {
  readonly from: BuildName;
  readonly to: BuildName;
  /** Undefined when it is wanted and has not been made. */
  readonly reference: DeltaReference | undefined;
  /** The streams whose policy names it. */
  readonly streams: readonly StreamName[];
  /** Absent when it stays. */
  readonly drop?: DropReason;
};

/** What the policy says of every delta of a repository, by build in byte order of the names. */
export async function deltaStates(catalog: Catalog): Promise<DeltaState[]> {
  const wanted = await wantedDeltas(catalog);
  const states: DeltaState[] = [];
  for (const to of catalog.buildNames()) {
    const streamsFrom = wanted.get(to) ?? new Map<BuildName, StreamName[]>();
    const { deltas } = await catalog.deltas(to);
    for (const reference of deltas) {
      const streams = streamsFrom.get(reference.from) ?? [];
      const drop = await dropReason(catalog, reference, streams);
      states.push({ from: reference.from, to, reference, streams, ...(drop ? { drop } : {}) });
    }
    const there = new Set(deltas.map(({ from }) => from));
    for (const [from, streams] of streamsFrom)
      if (!there.has(from)) states.push({ from, to, reference: undefined, streams });
  }
  return states;
}

/** The deltas that streams want and that have not been made for the builds of today. */
export async function missingDeltas(catalog: Catalog): Promise<DeltaState[]> {
  const states = await deltaStates(catalog);
  return states.filter(
    ({ reference, streams, drop }) => streams.length > 0 && (reference === undefined || drop !== undefined),
  );
}

/** Says of a delta whether it goes, judged by what a repository holds. */
export async function dropTest(catalog: Catalog): Promise<(delta: DeltaReference, to: BuildName) => boolean> {
  const dropped = (await deltaStates(catalog)).filter(({ drop }) => drop !== undefined);
  const pairs = new Set(dropped.map(({ from, to }) => `${from} ${to}`));
  return ({ from }, to) => pairs.has(`${from} ${to}`);
}

/** The heads that a stream remembers once `next` is its head, newest first, each once. */
export function previousAfter(held: StreamRecord | undefined, next: BuildName): BuildName[] {
  if (held === undefined) return [];
  const heads = new Set([held.build.name, ...held.previous]);
  heads.delete(next);
  return [...heads].slice(0, rememberedHeads);
}

/** By build and by the earlier build: the streams that want the delta. */
async function wantedDeltas(catalog: Catalog): Promise<Map<BuildName, Map<BuildName, StreamName[]>>> {
  const wanted = new Map<BuildName, Map<BuildName, StreamName[]>>();
  for (const stream of catalog.streamNames()) {
    for (const { to, from } of await wantedBy(catalog, await catalog.stream(stream))) {
      const streamsFrom = wanted.get(to) ?? new Map<BuildName, StreamName[]>();
      for (const name of from) streamsFrom.set(name, [...(streamsFrom.get(name) ?? []), stream]);
      wanted.set(to, streamsFrom);
    }
  }
  return wanted;
}

type Wanted = { readonly to: BuildName; readonly from: readonly BuildName[] };

/**
 * The builds from which a stream wants deltas: those of its last heads that are still there, from each the delta to
 * what comes next on the way, which is the head or a waypoint before it.
 */
async function wantedBy(catalog: Catalog, record: StreamRecord): Promise<Wanted[]> {
  const { build, previous, keepDeltas } = record;
  const heads = await buildsThere(catalog, previous);
  const waypoints = (record.waypoints ?? []).filter(({ sequence }) => sequence < build.sequence);
  const there = (
    await buildsThere(
      catalog,
      waypoints.map((waypoint) => waypoint.build),
    )
  ).filter((found) => waypoints.some(({ sequence }) => sequence === found.sequence));
  const stops = [build, ...there];
  return stops.map((to, place) => {
    const stop = stops[place + 1];
    // A name that was freed may stand for a newer build by now, and no device is led back from that.
    const between = heads.filter(
      ({ sequence }) => sequence < to.sequence && sequence >= (stop?.sequence ?? 0),
    );
    const last = between.slice(0, keepDeltas).map(({ name }) => name);
    const from = stop === undefined || keepDeltas === 0 ? last : [...new Set([...last, stop.name])];
    return { to: to.name, from };
  });
}

/** The records of those builds that are still there, in the same order. */
async function buildsThere(catalog: Catalog, names: readonly BuildName[]): Promise<BuildRecord[]> {
  return Promise.all(names.filter((name) => catalog.hasBuild(name)).map((name) => catalog.build(name)));
}

async function dropReason(
  catalog: Catalog,
  { from, fromIndex, why }: DeltaReference,
  streams: readonly StreamName[],
): Promise<DropReason | undefined> {
  // A name that was freed may stand for another build by now.
  if (!catalog.hasBuild(from) || (await catalog.build(from)).index.sha256 !== fromIndex) return 'build-gone';
  return why === 'asked' || streams.length > 0 ? undefined : 'unnamed';
}
