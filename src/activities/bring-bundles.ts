import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { pathBelow } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import type { InodeEntry } from '../build/entry.ts';
import { objectOrdinals } from '../build/objects.ts';
import { createDelivery } from '../device/deliver.ts';
import type { DeviceSession } from '../device/session.ts';
import { type Spending, startSpending } from '../device/spending.ts';
import { stageTree } from '../device/stage.ts';
import { type Base, planStage, type StagePlan } from '../device/stage-plan.ts';
import { openStagePool } from '../device/stage-pool.ts';
import { freeSpace } from '../os/disk.ts';
import { removeTree } from '../os/remove-tree.ts';
import { syncFilesystemInBackground } from '../os/system-calls.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import { diskReserve } from '../plan/ways.ts';
import { costOfObjects } from '../repository/costs.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import { type BundleLists, fetchBundleLists, keptIndex } from './bundle-lists.ts';
import { type CombinedObjects, combineMaps, combineTrees, type PlacedTree } from './combined-tree.ts';
import { type HomeLayout, kindFolders, type Owner } from './home.ts';
import type { InstalledBundle } from './home-state.ts';
import { placeBelowHome } from './put-in-place.ts';

/** One bundle that is to be brought, and what is there of it. */
export type WantedBundle = { readonly record: BundleRecord; readonly from?: InstalledBundle | undefined };

export type BringOptions = {
  readonly layout: HomeLayout;
  readonly owner: Owner;
  readonly session: DeviceSession;
  readonly wanted: readonly WantedBundle[];
  readonly maximumBytes?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What bringing bundles takes. */
export type BundlePlan = {
  /** Bytes of content to read from the source, and in how many requests. */
  readonly bytes: number;
  readonly requests: number;
  /** Bytes of disk until the old versions are gone. */
  readonly disk: number;
  /** What the whole of the changed bundles would be. */
  readonly everything: number;
};

/** Bundles that are staged: the tree of each lies below `stage` where it will lie below the home. */
export type Brought = { readonly stage: string; readonly plan: BundlePlan };

/** What all bundles of one run are called in sentences about budgets. */
const together = 'activities' as BuildName;

type Prepared = {
  readonly lists: readonly BundleLists[];
  readonly tree: ReturnType<typeof combineTrees>;
  readonly combined: CombinedObjects;
  readonly stagePlan: StagePlan;
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
 * Fetches what is missing of all bundles together, and stages all of them. When it throws, nothing of what is installed
 * has changed, and what was received is kept.
 */
export async function bringBundles(options: BringOptions): Promise<Brought> {
  const { layout, session, reporter, signal, bytesPerSecond } = options;
  const { tree, combined, stagePlan, plan, spending } = await prepare(options);
  const stage = join(layout.place.stage, 'new');
  removeTree(stage);
  const { store, spool } = session;
  await using pool = openStagePool();
  const deliver = createDelivery({
    ...{ store, spool, spending, bytesPerSecond, reporter },
    map: combined.map,
    ordinals: objectOrdinals(combined.objects),
  });
  await stageTree({
    plan: stagePlan,
    index: tree,
    pool,
    trees: { stage, base: layout.home },
    ...{ deliver, reporter, signal },
  });
  reporter.progress({ step: 'verify', done: 0, unit: 'entries' });
  await syncFilesystemInBackground(layout.place.own);
  return { stage, plan };
}

async function prepare(options: BringOptions): Promise<Prepared> {
  const { layout, owner, session, wanted, maximumBytes, signal } = options;
  const spending = startSpending(session, { build: together, maximumBytes });
  const records = wanted.map(({ record }) => record);
  const lists = await fetchBundleLists(records, layout, session, { spending, signal });
  const tree = combineTrees(lists.map(placeOf), owner);
  const combined = combineMaps(tree, lists);
  const stagePlan = planStage(tree, baseOf(options));
  const plan = price(combined, stagePlan, records);
  spending.require(plan);
  const free = freeSpace(layout.home).bytes;
  if (plan.disk + diskReserve > free)
    throw new SatchelError('activities-no-space', {
      disk: formatBytes(plan.disk),
      reserve: formatBytes(diskReserve),
      free: formatBytes(free),
    });
  return { lists, tree, combined, stagePlan, plan, spending };
}

function placeOf({ record, entries }: BundleLists): PlacedTree {
  return { entries, at: placeBelowHome(record) };
}

/** What is installed, as a place to copy unchanged files from. */
function baseOf({ wanted, layout, owner }: BringOptions): Base | undefined {
  const trees = wanted.flatMap(({ from }) => {
    const entries = from && keptIndex(layout, from.index);
    return entries === undefined ? [] : [{ entries, at: placeBelowHome(from!) }];
  });
  if (trees.length === 0) return undefined;
  const entries = combineTrees(trees, owner);
  const content = kindFolders.content;
  return {
    entries,
    check(number) {
      const entry = entries.at(number) as InodeEntry;
      if (!looksRight(layout.home, entry)) return 'damaged';
      // A file that a program may write in place is copied, so that the version before stays what it was.
      return entry.path.startsWith(`${content}/`) && isUntouched(layout.home, entry)
        ? 'clean'
        : 'content-right';
    },
  };
}

/** Content is compared by its hash when it is copied; here only what cannot be right is left out. */
function looksRight(home: string, entry: InodeEntry): boolean {
  const found = lstatSync(pathBelow(home, entry.path), { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (entry.type === 'file') return found.isFile() && found.size === entry.size;
  return entry.type === 'symlink' ? found.isSymbolicLink() : true;
}

function isUntouched(home: string, entry: InodeEntry): boolean {
  const found = lstatSync(pathBelow(home, entry.path), { bigint: true, throwIfNoEntry: false });
  const [seconds, nanoseconds] = entry.mtime;
  return (
    found !== undefined &&
    found.mtimeNs === BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) &&
    Number(found.mode & 0o7777n) === (entry.type === 'symlink' ? 0o777 : entry.mode) &&
    Number(found.uid) === entry.uid &&
    Number(found.gid) === entry.gid
  );
}

function price(combined: CombinedObjects, plan: StagePlan, records: readonly BundleRecord[]): BundlePlan {
  const ordinals = objectOrdinals(combined.objects);
  const missing: number[] = [];
  let disk = 0;
  for (const { sha256, size, source, targets } of plan.objects.values()) {
    disk += fileDisk(size) * targets.length;
    if (source === undefined) missing.push(ordinals.get(sha256)!);
  }
  disk += directoryDisk * plan.directories.length + fileDisk(0) * plan.small.length;
  const { bytes, requests } = costOfObjects(combined.map, missing);
  const everything = records.reduce((sum, record) => sum + record.everything, 0);
  // What is received lies in the spool until it is in place.
  return { bytes, requests, disk: disk + bytes, everything };
}
