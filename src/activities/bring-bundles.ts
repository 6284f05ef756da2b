import { mkdirSync } from 'node:fs';
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
import { withSystemErrors } from '../os/system-error.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import { diskReserve } from '../plan/ways.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import { type DeltaBundle, deltaTo, prepareByDelta } from './bring-by-delta.ts';
import { type ObjectBundles, prepareByObjects, stagedByObjects } from './bring-by-objects.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { placeBelowHome } from './put-in-place.ts';
import { shareStaging, stagedByDelta } from './stage-by-delta.ts';
import { gatherCrew, partsAtOnce } from './staging-crew.ts';

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

/** Bundles that are staged. */
export type Brought = {
  /** Holds nothing of use when each tree has been taken to its place. */
  readonly folder: string;
  readonly treeOf: (record: BundleRecord) => string;
  readonly plan: BundlePlan;
};

/** What all bundles of one run are called in sentences about budgets. */
const together = 'activities' as BuildName;

type Prepared = {
  readonly byDelta: readonly DeltaBundle[];
  readonly byObjects: ObjectBundles | undefined;
  readonly plan: BundlePlan;
};

/**
 * Prices what bringing these bundles takes; only lists are fetched. Throws `plan-over-budget`, `plan-over-month`,
 * `activities-no-space`, and what the source throws.
 */
export async function planBundles(options: BringOptions): Promise<BundlePlan> {
  return (await prepare(options, startSpendingTogether(options))).plan;
}

/**
 * Fetches what is missing of all bundles and stages each while it comes. Nothing is begun before the price is known, but
 * where nothing could be refused. When it throws, nothing of what is installed has changed, and what was received is kept.
 */
export async function bringBundles(options: BringOptions): Promise<Brought> {
  const { layout, wanted, reporter, memory } = options;
  const folder = join(layout.place.stage, 'new');
  removeTree(folder);
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { mode: 0o700 }));
  await using pool = openStagePool();
  pool.expect(sum(wanted.map(({ record }) => record.tree.bytes)));
  const spending = startSpendingTogether(options);
  const stage = join(folder, 'deltas');
  const staging = shareStaging({ stage, pool, spending, memory: memoryOf(wanted, memory) });
  await using crew = gatherCrew(options);
  const stageNow = (bundle: DeltaBundle) => crew.add(stagedByDelta(options, bundle, staging));
  const isAtOnce = cannotBeRefused(options, spending);
  const { byDelta, byObjects, plan } = await prepare(options, spending, isAtOnce ? stageNow : undefined);
  if (!isAtOnce) byDelta.forEach(stageNow);
  const objects = join(folder, 'objects');
  if (byObjects !== undefined) crew.add(stagedByObjects(options, byObjects, { ...staging, stage: objects }));
  await crew.finish();
  reporter.progress({ step: 'verify', done: 0, unit: 'entries' });
  await syncFilesystemInBackground(layout.place.own);
  const records = new Set(byDelta.map(({ record }) => record));
  return {
    folder,
    plan,
    treeOf: (record) => join(records.has(record) ? staging.stage : objects, placeBelowHome(record)),
  };
}

/** Bytes that the greediest delta among those that fit into the memory takes. */
function memoryOf(wanted: readonly WantedBundle[], limit = process.availableMemory()): number {
  const stated = wanted.map((bundle) => deltaTo(bundle)?.memory ?? 0);
  return Math.max(0, ...stated.filter((bytes) => bytes <= limit));
}

/** True when there is no budget, and room on the disk for more than bundles can take in whatever way they come. */
function cannotBeRefused({ layout, wanted }: BringOptions, spending: Spending): boolean {
  if (spending.left() !== undefined || spending.monthLeft() !== undefined) return false;
  const most = wanted.map((bundle) => {
    const { tree, everything } = bundle.record;
    const { length = 0, scratch = 0 } = deltaTo(bundle) ?? {};
    return 2 * tree.bytes + tree.entries * (fileDisk(1) + directoryDisk) + everything + length + scratch;
  });
  return sum(most) <= freeSpace(layout.home).bytes - diskReserve;
}

function startSpendingTogether({ session, maximumBytes }: BringOptions): Spending {
  return startSpending(session, { build: together, maximumBytes });
}

/** Deltas that need room for a moment are left out where the disk has none for them. */
async function prepare(
  options: BringOptions,
  spending: Spending,
  onOpened?: (bundle: DeltaBundle) => void,
): Promise<Prepared> {
  const { layout, memory = process.availableMemory() } = options;
  const free = freeSpace(layout.home).bytes - diskReserve;
  let prepared = await prepareWithin(
    options,
    { memory, scratch: Number.POSITIVE_INFINITY },
    spending,
    onOpened,
  );
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
  onOpened?: (bundle: DeltaBundle) => void,
): Promise<Prepared> {
  const { wanted } = options;
  const byDelta = await prepareByDelta(options, limits, spending, onOpened);
  const records = new Set(byDelta.map(({ record }) => record));
  const others = wanted.filter(({ record }) => !records.has(record));
  const byObjects = await prepareByObjects(options, others, spending);
  return { byDelta, byObjects, plan: price(byDelta, byObjects, wanted) };
}

function headBytes(bundles: readonly DeltaBundle[]): number {
  return sum(bundles.map(({ paid }) => paid));
}

function sum(values: readonly number[]): number {
  return values.reduce((one, other) => one + other, 0);
}

function partsOf(byDelta: readonly DeltaBundle[], byObjects: ObjectBundles | undefined) {
  return [...byDelta, ...(byObjects === undefined ? [] : [byObjects])];
}

function price(
  byDelta: readonly DeltaBundle[],
  byObjects: ObjectBundles | undefined,
  wanted: readonly WantedBundle[],
): BundlePlan {
  const parts = partsOf(byDelta, byObjects);
  const bytes = sum(parts.map(({ cost }) => cost.bytes));
  const scratches = byDelta.map(({ delta }) => delta.reference.scratch ?? 0).sort((a, b) => b - a);
  const scratch = sum(scratches.slice(0, partsAtOnce));
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
