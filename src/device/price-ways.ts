import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { EntryList } from '../build/index-table.ts';
import { objectOrdinals, objectsOf } from '../build/objects.ts';
import { coalesceFrames, framesHolding } from '../pack/locate.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import type { Way } from '../plan/ways.ts';
import type { BuildIndex } from './lists.ts';
import type { OpenDelta } from './offered-delta.ts';
import type { Spool } from './spool.ts';
import type { Base, NeededObject, StagePlan } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

/** What a way costs on the link. */
type LinkCost = Pick<Way, 'bytes' | 'requests'>;

/** Ways whose price the signed record tells, before anything has been fetched: lists are in it. */
export function recordedWays(
  { build, deltas }: Wanted,
  base: BuildName,
): ({ readonly kind: 'objects' | 'everything' } & LinkCost)[] {
  const lists = build.index.length + deltas.map.length;
  const cost = deltas.costs.find(({ from }) => from === base);
  return [
    ...(cost === undefined ? [] : [{ kind: 'objects' as const, bytes: cost.bytes, requests: cost.requests }]),
    { kind: 'everything' as const, bytes: deltas.everything + lists, requests: 3 },
  ];
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

/**
 * The ways when there is a delta. What a damaged base keeps the delta from giving is priced with it, for which the
 * map is fetched; otherwise the signed record tells the price of the ways not taken.
 */
export async function priceByDelta(options: {
  readonly wanted: Wanted;
  readonly spool: Spool;
  readonly delta: OpenDelta;
  readonly index: BuildIndex;
  readonly stage: StagePlan;
  readonly base: Base & { readonly name: BuildName };
  readonly map: () => Promise<ObjectMap>;
  /** Bytes of the delta that had not been received before its head was. */
  readonly bytes: number;
}): Promise<Way[]> {
  const { wanted, spool, delta, index, stage, base, bytes } = options;
  const own = stageDisk(index.entries, stage);
  const beside = objectsBesideDelta(stage, base);
  const extra = beside.length === 0 ? nothing : await costBeside(beside, options);
  const cost = { bytes: bytes + extra.bytes, requests: 2 + extra.requests };
  return [
    { ...wayOf('delta', cost, own), memory: delta.reference.memory },
    ...recordedWays(wanted, base.name).map(({ kind, ...other }) => wayOf(kind, other, own)),
  ];

  async function costBeside(objects: readonly NeededObject[], { map }: typeof options): Promise<LinkCost> {
    const ordinals = objectOrdinals(index.objects);
    return costOfObjects(
      await map(),
      objects.map(({ sha256 }) => ordinals.get(sha256)!),
      spool,
    );
  }
}

const nothing: LinkCost = { bytes: 0, requests: 0 };

/** Objects that the old build has, so that no delta makes them, and whose file on this device is damaged. */
function objectsBesideDelta(stage: StagePlan, base: Base): NeededObject[] {
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
  return { bytes, requests };
}

/** What is received lies on the disk until the switch, a file a request. */
function wayOf(kind: Way['kind'], { bytes, requests }: LinkCost, own: StageDisk): Way {
  return { kind, bytes, requests, disk: own.disk + bytes, inodes: own.inodes + requests, memory: 0 };
}

type StageDisk = Pick<Way, 'disk' | 'inodes'>;

function stageDisk(entries: EntryList, stage: StagePlan): StageDisk {
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
