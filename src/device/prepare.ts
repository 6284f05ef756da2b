import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { releaseMemory } from '../base/memory.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import type { IndexTable } from '../build/index-table.ts';
import { freeSpace } from '../os/disk.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import type { Budget, Way } from '../plan/ways.ts';
import type { ReadableStore } from '../store/store.ts';
import { openBase } from './base-check.ts';
import { readInstalled, readInstalledIndex } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { type BuildIndex, fetchLists, fetchMap, missingListBytes, missingMapBytes } from './lists.ts';
import { missingDeltaBytes, type OpenDelta, offeredDelta, openDelta } from './offered-delta.ts';
import { priceByDelta, priceByMap, recordedWays } from './price-ways.ts';
import type { Spool } from './spool.ts';
import { type Base, planStage, type StagePlan } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

/** A version on this device that files are taken from. */
export type InstalledBase = Base & { readonly name: BuildName; readonly entries: IndexTable };

/** An update that has been worked out to the last byte, before any content moves. */
export type Prepared = {
  readonly index: BuildIndex;
  /** Where objects lie in the repository; it is fetched when it is asked for the first time. */
  readonly map: () => Promise<ObjectMap>;
  readonly stage: StagePlan;
  /** The version that unchanged files are taken from. */
  readonly base: InstalledBase | undefined;
  /** The delta that the way `delta` takes. */
  readonly delta?: OpenDelta | undefined;
  /** Every possible way with its price. */
  readonly ways: readonly Way[];
  readonly budget: Budget;
};

export type PrepareOptions = {
  readonly layout: DeviceLayout;
  readonly store: ReadableStore;
  readonly spool: Spool;
  readonly wanted: Wanted;
  /** The version to compare with, when Satchel has installed it; undefined on an empty device. */
  readonly base: BuildName | undefined;
  readonly maximumBytes?: number | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** Entries above which the waste of reading the lists is worth collecting. */
const largeTree = 20_000;

/**
 * Finds the new index (through a delta when that is the cheapest by the signed sizes), compares it with the old
 * one, looks at the base on disk, and prices the ways. Lists are within the data budget too. Throws
 * `plan-over-budget` when not even they are.
 */
export async function prepareUpdate(options: PrepareOptions): Promise<Prepared> {
  const base = usableBase(options);
  return (base && (await prepareByDelta(options, base))) ?? prepareByLists(options, base);
}

/** Nothing is known about the files of a version that was not installed by Satchel: it is left as it is. */
function usableBase({ layout, base }: PrepareOptions): BuildName | undefined {
  return base !== undefined && readInstalled(layout, base) !== undefined ? base : undefined;
}

/** Undefined when there is no delta, when the signed sizes say that it does not pay, or when it proves useless. */
async function prepareByDelta(options: PrepareOptions, baseName: BuildName): Promise<Prepared | undefined> {
  const { layout, spool, wanted } = options;
  const reference = offeredDelta(layout, baseName, wanted);
  if (reference === undefined) return undefined;
  const bytes = missingDeltaBytes(spool, reference);
  const others = recordedWays(wanted, baseName).map((way) => way.bytes);
  const { maximumBytes = Number.POSITIVE_INFINITY } = options;
  if (bytes > Math.min(maximumBytes, ...others)) return undefined;
  // Patching is what takes memory; where it would swap, a larger download is the lesser evil.
  if (reference.memory > process.availableMemory()) return undefined;

  const opened = await openDelta(options, reference);
  if (opened === undefined) return undefined;
  const { delta, index } = opened;
  const base = openInstalled(layout, baseName);
  const stage = planUpdate(index, base);
  const map = mapOnce(options, index);
  const ways = await priceByDelta({ ...options, delta, index, stage, base, map, bytes });
  return { index, map, stage, base, delta, ways, budget: budgetOf(options, 0) };
}

async function prepareByLists(options: PrepareOptions, baseName: BuildName | undefined): Promise<Prepared> {
  const { layout, spool } = options;
  const listBytes = missingListBytes(options);
  // The index and the map are themselves priced before they are fetched.
  requireBudget(options, listBytes);
  const { map, ...index } = await fetchLists(options);
  const base = baseName === undefined ? undefined : openInstalled(layout, baseName);
  const stage = planUpdate(index, base);
  return {
    index,
    map: async () => map,
    stage,
    base,
    ways: priceByMap({ index, stage, map, spool }),
    budget: budgetOf(options, listBytes),
  };
}

function planUpdate({ entries }: BuildIndex, base: Base | undefined): StagePlan {
  const isLarge = entries.length > largeTree;
  if (isLarge) releaseMemory();
  const stage = planStage(entries, base);
  if (isLarge) releaseMemory();
  return stage;
}

/** The map of the wanted build, fetched once and within the budget. */
function mapOnce(options: PrepareOptions, index: BuildIndex): () => Promise<ObjectMap> {
  let fetching: Promise<ObjectMap> | undefined;
  return () => {
    if (fetching === undefined) {
      requireBudget(options, missingMapBytes(options));
      fetching = fetchMap(options, index);
    }
    return fetching;
  };
}

function requireBudget({ wanted, maximumBytes }: PrepareOptions, bytes: number): void {
  if (bytes > (maximumBytes ?? Number.POSITIVE_INFINITY))
    throw new SatchelError('plan-over-budget', {
      build: wanted.build.name,
      bytes: formatBytes(bytes),
      limit: formatBytes(maximumBytes ?? 0),
    });
}

/** What may be spent after `spent` bytes have been read for lists. */
function budgetOf({ layout, maximumBytes }: PrepareOptions, spent: number): Budget {
  const { bytes: freeBytes, inodes: freeInodes } = freeSpace(layout.own);
  return {
    maximumBytes: maximumBytes === undefined ? undefined : maximumBytes - spent,
    freeBytes,
    freeInodes,
  };
}

/** The installed version as a base. Throws `version-not-installed`, `installed-index-damaged`. */
function openInstalled(layout: DeviceLayout, name: BuildName): InstalledBase {
  const entries = readInstalledIndex(layout, name);
  const index = readInstalled(layout, name)?.index;
  if (index === undefined) throw new SatchelError('version-not-installed', { name });
  return { ...openBase({ layout, name, entries, index }), name, entries };
}
