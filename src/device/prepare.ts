import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { releaseMemory } from '../base/memory.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import type { EntryList } from '../build/index-table.ts';
import { freeSpace } from '../os/disk.ts';
import { coalesceFrames, framesHolding } from '../pack/locate.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import type { Budget, Way } from '../plan/ways.ts';
import type { ReadableStore } from '../store/store.ts';
import { openBase } from './base-check.ts';
import { readInstalled, readInstalledIndex } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { type BuildLists, fetchLists, missingListBytes } from './lists.ts';
import type { Spool } from './spool.ts';
import { type Base, planStage, type StagePlan } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

/** An update that has been worked out to the last byte, before any content moves. */
export type Prepared = {
  readonly lists: BuildLists;
  readonly stage: StagePlan;
  /** The version that unchanged files are taken from. */
  readonly base: BuildName | undefined;
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

/** Compares the indexes, looks at the base on disk, and prices the ways. */
export async function prepareUpdate(options: PrepareOptions): Promise<Prepared> {
  const { layout, spool, maximumBytes } = options;
  const base = usableBase(options);
  const listBytes = missingListBytes(options);
  // The index and the map are themselves priced before they are fetched.
  if (listBytes > (maximumBytes ?? Number.POSITIVE_INFINITY))
    throw new SatchelError('plan-over-budget', {
      build: options.wanted.build.name,
      bytes: formatBytes(listBytes),
      limit: formatBytes(maximumBytes ?? 0),
    });
  const lists = await fetchLists(options);
  const isLarge = lists.entries.length > largeTree;
  if (isLarge) releaseMemory();
  const stage = planStage(lists.entries, base === undefined ? undefined : openInstalled(layout, base));
  if (isLarge) releaseMemory();
  const { bytes: freeBytes, inodes: freeInodes } = freeSpace(layout.own);
  return {
    lists,
    stage,
    base,
    ways: priceWays(lists, stage, spool),
    budget: {
      maximumBytes: maximumBytes === undefined ? undefined : maximumBytes - listBytes,
      freeBytes,
      freeInodes,
    },
  };
}

/** Nothing is known about the files of a version that was not installed by Satchel: it is left as it is. */
function usableBase({ layout, base }: PrepareOptions): BuildName | undefined {
  return base !== undefined && readInstalled(layout, base) !== undefined ? base : undefined;
}

/** The installed version as a base. Throws `version-not-installed`, `installed-index-damaged`. */
function openInstalled(layout: DeviceLayout, name: BuildName): Base {
  const entries = readInstalledIndex(layout, name);
  const index = readInstalled(layout, name)?.index;
  if (index === undefined) throw new SatchelError('version-not-installed', { name });
  return openBase({ layout, name, entries, index });
}

function priceWays({ entries, objects, map }: BuildLists, stage: StagePlan, spool: Spool): Way[] {
  const missing: number[] = [];
  objects.forEach(({ sha256 }, ordinal) => {
    const needed = stage.objects.get(sha256);
    if (needed && needed.source === undefined) missing.push(ordinal);
  });
  const own = stageDisk(entries, stage);
  const price = (kind: Way['kind'], ordinals: Iterable<number>): Way => {
    let bytes = 0;
    let requests = 0;
    for (const { pack, offset, length } of coalesceFrames(map, framesHolding(map, ordinals))) {
      const gaps = spool.missing(map.pack(pack).sha256, { start: offset, end: offset + length });
      requests += gaps.length;
      for (const { start, end } of gaps) bytes += end - start;
    }
    return { kind, bytes, requests, disk: own.disk + bytes, inodes: own.inodes + requests };
  };
  const everything = price('everything', objects.keys());
  return missing.length === objects.length ? [everything] : [price('objects', missing), everything];
}

function stageDisk(entries: EntryList, stage: StagePlan): { disk: number; inodes: number } {
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
