import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { EntryList } from '../build/index-table.ts';
import { objectOrdinals, objectsOf } from '../build/objects.ts';
import { coalesceFrames, framesHolding } from '../pack/locate.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import type { Way } from '../plan/ways.ts';
import { type BuildIndex, missingMapBytes } from './lists.ts';
import type { Route } from './route.ts';
import type { Spool } from './spool.ts';
import type { Base, NeededObject, StagePlan } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

/** What a way costs on the link. */
type LinkCost = Pick<Way, 'bytes' | 'requests' | 'roundTrips'>;

/** Requests that are sent at the same time cost one round trip together. */
const atOnce = 3;

/** Ways whose price the signed record tells, before anything has been fetched: lists are in it. */
export function recordedWays(
  { build, deltas }: Wanted,
  base: BuildName,
): ({ readonly kind: 'objects' | 'everything' } & LinkCost)[] {
  const lists = build.index.length + deltas.map.length;
  const cost = deltas.costs.find(({ from }) => from === base);
  return [
    ...(cost === undefined ? [] : [{ kind: 'objects' as const, ...withLists(cost.bytes, cost.requests) }]),
    { kind: 'everything' as const, ...withLists(deltas.everything + lists, 3) },
  ];
}

/** The index and the map come first, both at once; then the ranges of packs. */
function withLists(bytes: number, requests: number): LinkCost {
  return { bytes, requests, roundTrips: 1 + Math.ceil(Math.max(0, requests - 2) / atOnce) };
}

/** The ways of a build whose map is known, to the byte. */
export function priceByMap(options: {
  readonly index: BuildIndex;
  readonly stage: StagePlan;
  readonly map: ObjectMap;
  readonly spool: Spool;
}): Way[] {
  const { index, stage, map, spool } = options;
  const missing: number[] = [];
  index.objects.forEach(({ sha256 }, ordinal) => {
    const needed = stage.objects.get(sha256);
    if (needed && needed.source === undefined) missing.push(ordinal);
  });
  const own = stageDisk(index.entries, stage);
  const all = index.objects.keys();
  const everything = wayOf('everything', costOfObjects(map, all, spool), own);
  if (missing.length === index.objects.length) return [everything];
  return [wayOf('objects', costOfObjects(map, missing, spool), own), everything];
}

/** A way by deltas whose heads have been read, to the byte: what was to come before they were asked for. */
export async function priceRoute(options: {
  readonly route: Route;
  readonly wanted: Wanted;
  readonly spool: Spool;
  readonly index: BuildIndex;
  /** The new tree beside the base of the last delta. */
  readonly stage: StagePlan;
  /** The base of the last delta. */
  readonly base: Base;
  readonly map: () => Promise<ObjectMap>;
  /** What the tree of a build between takes. */
  readonly between?: StageDisk | undefined;
}): Promise<Way> {
  const { route, wanted, spool, index, stage, base, map, between = noDisk } = options;
  const tree = stageDisk(index.entries, stage);
  // What a damaged base keeps the delta from giving is priced with it.
  const beside = objectsBesideDelta(stage, base);
  const mapBytes = beside.length === 0 ? 0 : missingMapBytes({ spool, wanted });
  const extra = beside.length === 0 ? nothing : await costBeside(beside, index, await map(), spool);
  const lists = mapBytes === 0 ? 0 : 1;
  const cost = {
    bytes: route.bytes + mapBytes + extra.bytes,
    requests: route.requests + lists + extra.requests,
    roundTrips: route.roundTrips + lists + extra.roundTrips,
  };
  const disk = { disk: tree.disk + between.disk + route.scratch, inodes: tree.inodes + between.inodes };
  return { ...wayOf(kindOf(route), cost, disk), ...via(route), memory: route.memory };
}

/** Ways by deltas that are not taken, by their signed sizes; of the tree of a build between the disk is estimated. */
export function priceOtherRoutes(routes: readonly Route[], index: BuildIndex, stage: StagePlan): Way[] {
  const own = stageDisk(index.entries, stage);
  const directories = stage.directories.length;
  return routes.map((route) => {
    const content = route.between?.reference.output;
    const between =
      content === undefined ? noDisk : { disk: content + directories * directoryDisk, inodes: directories };
    const disk = { disk: own.disk + between.disk + route.scratch, inodes: own.inodes + between.inodes };
    return { ...wayOf(kindOf(route), route, disk), ...via(route), memory: route.memory };
  });
}

/** Ways whose price on the link is recorded, with what they take on this device. */
export function priceRecorded(wanted: Wanted, base: BuildName, index: BuildIndex, stage: StagePlan): Way[] {
  const own = stageDisk(index.entries, stage);
  return recordedWays(wanted, base).map(({ kind, ...cost }) => wayOf(kind, cost, own));
}

function kindOf({ between }: Route): 'delta' | 'chain' {
  return between === undefined ? 'delta' : 'chain';
}

function via({ between }: Route): { readonly via?: BuildName } {
  return between === undefined ? {} : { via: between.name };
}

function costBeside(
  objects: readonly NeededObject[],
  index: BuildIndex,
  map: ObjectMap,
  spool: Spool,
): LinkCost {
  const ordinals = objectOrdinals(index.objects);
  return costOfObjects(
    map,
    objects.map(({ sha256 }) => ordinals.get(sha256)!),
    spool,
  );
}

const nothing: LinkCost = { bytes: 0, requests: 0, roundTrips: 0 };
const noDisk: StageDisk = { disk: 0, inodes: 0 };

/** Objects that the old build has, so that no delta makes them, and whose file on this device is damaged. */
export function objectsBesideDelta(stage: StagePlan, base: Base): NeededObject[] {
  if (stage.damaged.length === 0) return [];
  const had = new Set<Sha256>(objectsOf(base.entries).map(({ sha256 }) => sha256));
  return [...stage.objects.values()].filter(({ sha256, source }) => source === undefined && had.has(sha256));
}

function costOfObjects(map: ObjectMap, ordinals: Iterable<number>, spool: Spool): LinkCost {
  let bytes = 0;
  let requests = 0;
  for (const { pack, offset, length } of coalesceFrames(map, framesHolding(map, ordinals))) {
    const gaps = spool.missing(map.pack(pack).sha256, { start: offset, end: offset + length });
    requests += gaps.length;
    for (const { start, end } of gaps) bytes += end - start;
  }
  return { bytes, requests, roundTrips: Math.ceil(requests / atOnce) };
}

/** What is received lies on the disk until the switch, a file a request. */
function wayOf(kind: Way['kind'], { bytes, requests, roundTrips }: LinkCost, own: StageDisk): Way {
  return {
    kind,
    bytes,
    requests,
    roundTrips,
    disk: own.disk + bytes,
    inodes: own.inodes + requests,
    memory: 0,
  };
}

/** What a tree takes on the disk beside what is linked from its base. */
export type StageDisk = Pick<Way, 'disk' | 'inodes'>;

/** Adds up what a plan writes. */
export function stageDisk(entries: EntryList, stage: StagePlan): StageDisk {
  let disk = stage.directories.length * directoryDisk + stage.small.length * fileDisk(0);
  let files = stage.large.length + stage.small.length;
  for (const number of stage.large) {
    const entry = entries.at(number);
    if (entry?.type === 'file') disk += fileDisk(entry.size);
  }
  for (const { size, targets } of stage.objects.values()) {
    const whole = targets.filter(({ position }) => position === undefined).length;
    disk += whole * fileDisk(size);
    files += whole;
  }
  return { disk, inodes: stage.directories.length + files };
}
