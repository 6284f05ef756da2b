import { displayOf } from '../base/byte-string.ts';
import type { BuildName, Sha256, StreamName } from '../base/identifiers.ts';
import { expectedSeconds, type LinkRate } from '../plan/link.ts';
import { byPrice, cheapestWay, type Refusal, refusal, type Way, type WayKind } from '../plan/ways.ts';
import type { PlannedInPlace } from './boot-stage-plan.ts';
import { chooseWay } from './choose-way.ts';
import type { DataMonth } from './data-month.ts';
import type { DeviceLayout } from './layout.ts';
import { readLink } from './link-file.ts';
import type { Prepared } from './prepare.ts';
import { prepareUpdate } from './prepare.ts';
import { reclaimable } from './purge.ts';
import { situationOf } from './situation.ts';
import { startSpending } from './spending.ts';
import { type Advised, advisedOn, stayingOn } from './staying.ts';
import type { UpdateOptions } from './update-options.ts';
import { findWanted, type Wanted } from './wanted.ts';

/** One way with its price, and what it means on this device. */
export type PricedWay = Way & {
  /** Seconds until everything is received, at the measured rate; null: nothing has been measured. */
  readonly seconds: number | null;
  /** Why it cannot be taken; null: it can. */
  readonly refusal: Refusal | null;
};

/** An update that has been priced and not carried out. */
export type UpdatePlan = Advised & {
  readonly build: BuildName;
  readonly from: BuildName | null;
  readonly stream?: StreamName | undefined;
  /** The way that `update` would take. */
  readonly plan: WayKind;
  /** The build between, for the plan `chain`. */
  readonly via?: BuildName | undefined;
  /** The cheapest first. */
  readonly ways: readonly PricedWay[];
  /** What the link to the source was like; null before content has come over it. */
  readonly link: LinkRate | null;
  /** What may still be received this month; null when the source costs nothing. */
  readonly month: DataMonth | null;
  readonly bytesReceived: number;
  readonly requests: number;
  /** Files linked from the old version. */
  readonly links: number;
  /** Objects copied from the old version, and their bytes. */
  readonly copies: number;
  readonly copyBytes: number;
  /** Objects to fetch. */
  readonly fetched: number;
  /** Files that differ from the old version only in owner, mode or time: copied because they cannot share an inode. */
  readonly metadataOnlyFiles: number;
  readonly metadataOnlyBytes: number;
  readonly freeBytes: number;
  /** There when the build has no room beside the version that runs, and would take its place at the next boot. */
  readonly inPlace?: PlannedInPlace | undefined;
  /** Paths of the old version that are not as they were published. */
  readonly damaged: readonly string[];
};

const nothing = {
  ways: [],
  links: 0,
  copies: 0,
  copyBytes: 0,
  fetched: 0,
  metadataOnlyFiles: 0,
  metadataOnlyBytes: 0,
  freeBytes: 0,
  damaged: [],
};

/**
 * Prices an update. With `reclaim` what it would give up first counts as free. Throws as `update` does when the budget
 * allows no way, or a build does not fit in place either.
 */
export async function planUpdate(options: UpdateOptions): Promise<UpdatePlan> {
  const { session, choice, signal } = options;
  const wanted = await findWanted({ ...session, signal }, choice);
  const link = readLink(session.layout, session.store.location);
  const asked = () => ({ link: link ?? null, month: session.month() ?? null, ...session.counters() });
  const staying = stayingOn(session.layout, wanted);
  if (staying !== undefined) return { ...nothing, ...staying, from: staying.build, plan: 'none', ...asked() };
  const { name } = wanted.build;
  const { current, isCurrent, isInstalled } = situationOf(session.layout, wanted);
  const finish = (plan: WayKind, what: Described = nothing): UpdatePlan => ({
    ...{ build: name, from: current ?? null, stream: wanted.stream, plan },
    ...advisedOn(wanted),
    ...what,
    ...asked(),
  });
  if (isCurrent) return finish('none');
  if (isInstalled) return finish('switch');
  const prepared = await prepare(options, wanted, current);
  if (!mustReplace(options, prepared)) {
    const way = chooseWay(prepared, name);
    return finish(way.kind, describe(prepared, way, link));
  }
  // Few updates need it.
  const { needsToReceive, planInPlace } = await import('./boot-stage-plan.ts');
  const { way, room } = planInPlace(session.layout, prepared, name);
  const received = { ...prepared, ways: prepared.ways.map(needsToReceive) };
  return finish(way.kind, { ...describe(received, way, link), inPlace: room });
}

/** Works an update out, as `update` would go about it. */
async function prepare(
  options: UpdateOptions,
  wanted: Wanted,
  base: BuildName | undefined,
): Promise<Prepared> {
  const { session, maximumBytes } = options;
  const spending = startSpending(session, { build: wanted.build.name, maximumBytes });
  const prepareWithout = async (useless: ReadonlySet<Sha256>) => {
    const prepared = await prepareUpdate({ ...options, ...session, wanted, spending, useless, base });
    return options.reclaim ? withReclaimed(prepared, session.layout) : prepared;
  };
  const prepared = await prepareWithout(new Set());
  // Nothing can be made between without room.
  return mustReplace(options, prepared) && prepared.between !== undefined
    ? prepareWithout(new Set([prepared.between.delta.reference.stored]))
    : prepared;
}

/** True when what runs has to give its place, and may. */
function mustReplace({ inPlace }: UpdateOptions, { ways, budget }: Prepared): boolean {
  return inPlace !== undefined && cheapestWay(ways, budget) === undefined;
}

function withReclaimed(prepared: Prepared, layout: DeviceLayout): Prepared {
  const { bytes, inodes } = reclaimable(layout);
  const { freeBytes, freeInodes } = prepared.budget;
  const budget = { ...prepared.budget, freeBytes: freeBytes + bytes, freeInodes: freeInodes + inodes };
  return { ...prepared, budget };
}

type Described = Omit<
  UpdatePlan,
  'build' | 'from' | 'stream' | 'plan' | 'link' | 'month' | 'bytesReceived' | 'requests'
>;

function describe(prepared: Prepared, way: Way, link: LinkRate | undefined): Described {
  const { ways, dearer, budget, base, between } = prepared;
  // By way of another build most of what is linked comes from the tree between.
  const stage = way.kind === 'chain' && between !== undefined ? between.next : prepared.stage;
  const objects = [...stage.objects.values()];
  const copies = objects.filter(({ source }) => source !== undefined);
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
  return {
    ...(way.via === undefined ? {} : { via: way.via }),
    ways: [...ways, ...dearer].sort(byPrice).map((one) => ({
      ...one,
      seconds: expectedSeconds(one, link) ?? null,
      refusal: refusal(one, budget) ?? null,
    })),
    links: stage.links.length,
    copies: copies.length,
    copyBytes: sum(copies.map(({ size }) => size)),
    fetched: objects.length - copies.length,
    metadataOnlyFiles: stage.metadataOnly.files,
    metadataOnlyBytes: stage.metadataOnly.bytes,
    freeBytes: budget.freeBytes,
    damaged: base === undefined ? [] : prepared.stage.damaged.map(displayOf),
  };
}
