import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { type Spending, startSpending } from '../device/spending.ts';
import type { StagePlan } from '../device/stage-plan.ts';
import { openStagePool } from '../device/stage-pool.ts';
import { freeSpace } from '../os/disk.ts';
import { removeTree } from '../os/remove-tree.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import { diskReserve } from '../plan/ways.ts';
import { type DeltaBundle, fetchDeltas, prepareByDelta } from './bring-by-delta.ts';
import { type ObjectBundles, prepareByObjects, stageByObjects } from './bring-by-objects.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { stageByDelta } from './stage-by-delta.ts';

/** What bringing bundles takes. */
export type BundlePlan = {
  /** Bytes of content to read from the source, and in how many requests. */
  readonly bytes: number;
  readonly requests: number;
  /** Bytes of disk until the old versions are gone. */
  readonly disk: number;
  /** Stored bytes of all that is in the changed bundles; absent where an older record does not tell. */
  readonly whole?: number;
  /** So many of the bundles come by deltas. */
  readonly byDelta: number;
};

/** Bundles that are staged: the tree of each lies below `stage` where it will lie below the home. */
export type Brought = { readonly stage: string; readonly plan: BundlePlan };

/** What all bundles of one run are called in sentences about budgets. */
const together = 'activities' as BuildName;

type Prepared = {
  readonly byDelta: readonly DeltaBundle[];
  readonly byObjects: ObjectBundles | undefined;
  readonly plan: BundlePlan;
  readonly spending: Spending;
};

/**
 * Prices what bringing these bundles takes; only lists are fetched. Throws `plan-over-budget`, `plan-over-month`,
 * `activities-no-space`, and what the source throws.
 */
export async function planBundles(options: BringOptions): Promise<BundlePlan> {
  return (await prepare(options)).plan;
}

/**
 * Fetches the deltas, and what is missing of all other bundles together, and stages all of them. When it throws, nothing
 * of what is installed has changed, and what was received is kept.
 */
export async function bringBundles(options: BringOptions): Promise<Brought> {
  const { layout, reporter } = options;
  const { byDelta, byObjects, plan, spending } = await prepare(options);
  const stage = join(layout.place.stage, 'new');
  removeTree(stage);
  await using pool = openStagePool();
  await fetchDeltas(options, byDelta, spending);
  // Makes the folders that the trees of the others go into, so it comes first.
  if (byObjects !== undefined) await stageByObjects(options, byObjects, { stage, pool, spending });
  await stageByDelta(options, byDelta, { stage, pool, spending });
  reporter.progress({ step: 'verify', done: 0, unit: 'entries' });
  await syncFilesystemInBackground(layout.place.own);
  return { stage, plan };
}

/** Deltas that need room for a moment are left out where the disk has none for them. */
async function prepare(options: BringOptions): Promise<Prepared> {
  const { layout, session, maximumBytes, memory = process.availableMemory() } = options;
  const spending = startSpending(session, { build: together, maximumBytes });
  const free = freeSpace(layout.home).bytes - diskReserve;
  let prepared = await prepareWithin(options, { memory, scratch: Number.POSITIVE_INFINITY }, spending);
  if (prepared.plan.disk > free) prepared = await prepareWithin(options, { memory, scratch: 0 }, spending);
  const { plan, byDelta } = prepared;
  // The heads of deltas are a part of the price, and have been paid.
  spending.require({ ...plan, bytes: plan.bytes - headBytes(byDelta) });
  if (plan.disk <= free) return prepared;
  throw new SatchelError('activities-no-space', {
    disk: formatBytes(plan.disk),
    reserve: formatBytes(diskReserve),
    free: formatBytes(free + diskReserve),
  });
}

async function prepareWithin(
  options: BringOptions,
  limits: Parameters<typeof prepareByDelta>[1],
  spending: Spending,
): Promise<Prepared> {
  const { wanted } = options;
  const byDelta = await prepareByDelta(options, limits, spending);
  const records = new Set(byDelta.map(({ record }) => record));
  const others = wanted.filter(({ record }) => !records.has(record));
  const byObjects = await prepareByObjects(options, others, spending);
  return { byDelta, byObjects, spending, plan: price(byDelta, byObjects, wanted) };
}

function headBytes(bundles: readonly DeltaBundle[]): number {
  return bundles.reduce((sum, { paid }) => sum + paid, 0);
}

function price(
  byDelta: readonly DeltaBundle[],
  byObjects: ObjectBundles | undefined,
  wanted: readonly WantedBundle[],
): BundlePlan {
  const parts = [...byDelta, ...(byObjects === undefined ? [] : [byObjects])];
  const sum = (values: readonly number[]) => values.reduce((one, other) => one + other, 0);
  const bytes = sum(parts.map(({ cost }) => cost.bytes));
  const scratch = Math.max(0, ...byDelta.map(({ delta }) => delta.reference.scratch ?? 0));
  return {
    bytes,
    requests: sum(parts.map(({ cost }) => cost.requests)),
    // What is received lies in the spool until it is in place.
    disk: sum(parts.map(({ stagePlan }) => diskOf(stagePlan))) + bytes + scratch,
    ...wholeOf(wanted),
    byDelta: byDelta.length,
  };
}

function wholeOf(wanted: readonly WantedBundle[]): Pick<BundlePlan, 'whole'> {
  let whole = 0;
  for (const { record } of wanted) {
    if (record.alone === undefined) return {};
    whole += record.alone;
  }
  return { whole };
}

function diskOf({ objects, directories, small }: StagePlan): number {
  let disk = directoryDisk * directories.length + fileDisk(0) * small.length;
  for (const { size, targets } of objects.values()) disk += fileDisk(size) * targets.length;
  return disk;
}
