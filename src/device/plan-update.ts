import { displayOf } from '../base/byte-string.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Way, WayKind } from '../plan/ways.ts';
import { chooseWay } from './choose-way.ts';
import type { Prepared } from './prepare.ts';
import { prepareUpdate } from './prepare.ts';
import { situationOf } from './situation.ts';
import type { UpdateOptions } from './update-options.ts';
import { findWanted } from './wanted.ts';

/** An update that has been priced and not carried out. */
export type UpdatePlan = {
  readonly build: BuildName;
  readonly from: BuildName | null;
  readonly stream?: StreamName | undefined;
  /** The way that `update` would take. */
  readonly plan: WayKind;
  readonly ways: readonly Way[];
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

/** Prices an update. Throws as `update` does when the budget allows no way. */
export async function planUpdate(options: UpdateOptions): Promise<UpdatePlan> {
  const { session, choice, signal } = options;
  const wanted = await findWanted({ ...session, signal }, choice);
  const { current, isCurrent, isInstalled } = situationOf(session.layout, wanted);
  const base = { build: wanted.build.name, from: current ?? null, stream: wanted.stream };
  if (isCurrent) return { ...base, plan: 'none', ...nothing, ...session.counters() };
  if (isInstalled) return { ...base, plan: 'switch', ...nothing, ...session.counters() };
  const prepared = await prepareUpdate({ ...options, ...session, wanted, base: current });
  const way = chooseWay(prepared, wanted.build.name);
  return { ...base, plan: way.kind, ...describe(prepared), ...session.counters() };
}

function describe({ stage, ways, budget }: Prepared) {
  const objects = [...stage.objects.values()];
  const copies = objects.filter(({ source }) => source !== undefined);
  const sum = (sizes: Iterable<number>) => [...sizes].reduce((total, size) => total + size, 0);
  return {
    ways,
    links: stage.links.length,
    copies: copies.length,
    copyBytes: sum(copies.map(({ size }) => size)),
    fetched: objects.length - copies.length,
    metadataOnlyFiles: stage.metadataOnly.files,
    metadataOnlyBytes: stage.metadataOnly.bytes,
    freeBytes: budget.freeBytes,
    damaged: stage.damaged.map(displayOf),
  };
}
