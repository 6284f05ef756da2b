import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { freeSpace } from '../os/disk.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import type { Budget, Way } from '../plan/ways.ts';
import { openBase } from './base-check.ts';
import { requireStartable } from './boot-room.ts';
import { readInstalled, readInstalledIndex } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { type BuildIndex, fetchLists, fetchMap, type ListsOptions } from './lists.ts';
import { type OpenDelta, openDelta } from './offered-delta.ts';
import { planBeside } from './plan-beside.ts';
import { openBetween, type PreparedBetween } from './prepare-between.ts';
import type { PrepareOptions, TreeBase } from './prepare-options.ts';
import {
  objectsBesideDelta,
  priceByMap,
  priceOtherRoutes,
  priceRecorded,
  priceRoute,
  recordedWays,
} from './price-ways.ts';
import type { Route } from './route.ts';
import { findRoutes } from './routes.ts';
import type { Spending } from './spending.ts';
import type { StagePlan } from './stage-plan.ts';

/** An update that has been worked out to the last byte, before any content moves. */
export type Prepared = {
  readonly index: BuildIndex;
  /** Where objects lie in the repository; it is fetched when it is asked for the first time. */
  readonly map: () => Promise<ObjectMap>;
  /** The new tree beside `base`. */
  readonly stage: StagePlan;
  /** The version that unchanged files are taken from. */
  readonly base: TreeBase | undefined;
  /** The delta that leads to the build, for the ways `delta` and `chain`. */
  readonly delta?: OpenDelta | undefined;
  /** The build between that the way `chain` makes first. */
  readonly between?: PreparedBetween | undefined;
  /** The ways that can be taken from here. */
  readonly ways: readonly Way[];
  /** Ways that are dearer by their signed sizes, so that nothing of them has been looked at. */
  readonly dearer: readonly Way[];
  readonly budget: Budget;
  /** Is asked about whatever is read from now on. */
  readonly spending: Spending;
};

/**
 * Finds the new index (through deltas when those are the cheapest by the signed sizes), compares it with the old
 * one, looks at the base on disk, and prices the ways. Lists are within the data budget too. Throws
 * `plan-over-budget`, `plan-over-month` when not even they are, and what `requireStartable` throws.
 */
export async function prepareUpdate(options: PrepareOptions): Promise<Prepared> {
  const prepared = await prepareInAnyWay(options);
  requireStartable(options.layout, options.wanted.build.name, prepared.index.entries);
  return prepared;
}

async function prepareInAnyWay(options: PrepareOptions): Promise<Prepared> {
  const { wanted, spending } = options;
  const base = usableBase(options);
  if (base === undefined) return prepareByLists(options, undefined, []);
  const routes = await findRoutes(options, base);
  const limit = Math.min(
    spending.left() ?? Number.POSITIVE_INFINITY,
    ...recordedWays(wanted, base).map(({ bytes }) => bytes),
  );
  const useless = new Set<Route>();
  for (const route of routes) {
    // Patching is what takes memory; where it would swap, a larger download is the lesser evil.
    if (route.bytes > limit || route.memory > process.availableMemory()) continue;
    const others = routes.filter((other) => other !== route && !useless.has(other));
    const prepared = await prepareByRoute(options, base, route, others);
    if (prepared !== undefined) return prepared;
    useless.add(route);
  }
  return prepareByLists(
    options,
    base,
    routes.filter((route) => !useless.has(route)),
  );
}

/** Nothing is known about the files of a version that was not installed by Satchel: it is left as it is. */
function usableBase({ layout, base }: PrepareOptions): BuildName | undefined {
  return base !== undefined && readInstalled(layout, base) !== undefined ? base : undefined;
}

/** Undefined when a delta proves useless. */
async function prepareByRoute(
  options: PrepareOptions,
  baseName: BuildName,
  route: Route,
  others: readonly Route[],
): Promise<Prepared | undefined> {
  const { layout, spool, spending } = options;
  const base = openInstalled(layout, baseName);
  // The heads are a part of the price, so what is left counts as it was before them.
  const budget = budgetOf(options);
  const before = route.between && (await openBetween(options, route.between, base));
  if (route.between !== undefined && before === undefined) return undefined;
  const opened = await openDelta(options, route.reference);
  if (opened === undefined) return undefined;
  const { delta, index } = opened;
  const stage = planBeside(index, base);
  const map = mapOnce(options, index);
  const between = before && { ...before, next: planBeside(index, before.expected) };
  const way = await priceRoute({
    ...options,
    route,
    index,
    map,
    stage: between?.next ?? stage,
    base: before?.expected ?? base,
    between: before?.disk,
  });
  // What the record tells of the other ways holds for a sound base only.
  const isSound = objectsBesideDelta(stage, base).length === 0;
  const byPacks = isSound
    ? priceRecorded(options.wanted, baseName, index, stage)
    : priceByMap({ index, stage, map: await map(), spool });
  return {
    ...{ index, map, stage, base, delta, between, spending },
    ways: [way, ...byPacks],
    dearer: priceOtherRoutes(others, index, stage),
    budget,
  };
}

async function prepareByLists(
  options: PrepareOptions,
  baseName: BuildName | undefined,
  routes: readonly Route[],
): Promise<Prepared> {
  const { layout, spool, spending } = options;
  const { map, ...index } = await fetchLists(options);
  const base = baseName === undefined ? undefined : openInstalled(layout, baseName);
  const stage = planBeside(index, base);
  return {
    index,
    map: async () => map,
    stage,
    base,
    ways: priceByMap({ index, stage, map, spool }),
    dearer: priceOtherRoutes(routes, index, stage),
    budget: budgetOf(options),
    spending,
  };
}

/** The map of a build, fetched once. */
function mapOnce(options: ListsOptions, index: BuildIndex): () => Promise<ObjectMap> {
  let fetching: Promise<ObjectMap> | undefined;
  return () => {
    fetching ??= fetchMap(options, index);
    return fetching;
  };
}

function budgetOf({ layout, spending }: PrepareOptions): Budget {
  const { bytes: freeBytes, inodes: freeInodes } = freeSpace(layout.own);
  const freeMemory = process.availableMemory();
  return {
    maximumBytes: spending.left(),
    monthLeft: spending.monthLeft(),
    freeBytes,
    freeInodes,
    freeMemory,
  };
}

/** The installed version as a base. Throws `version-not-installed`, `installed-index-damaged`. */
function openInstalled(layout: DeviceLayout, name: BuildName): TreeBase {
  const entries = readInstalledIndex(layout, name);
  const index = readInstalled(layout, name)?.index;
  if (index === undefined) throw new SatchelError('version-not-installed', { name });
  return { ...openBase({ layout, name, entries, index }), name, entries };
}
