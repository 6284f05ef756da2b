import type { IndexTable } from '../build/index-table.ts';
import { objectOrdinals } from '../build/objects.ts';
import { createDelivery } from '../device/deliver.ts';
import type { Spending } from '../device/spending.ts';
import { stageTree } from '../device/stage.ts';
import { planStage, type StagePlan } from '../device/stage-plan.ts';
import type { StagePool } from '../device/stage-pool.ts';
import { costOfObjects, type RangeCost } from '../repository/costs.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { fetchBundleLists } from './bundle-lists.ts';
import { type CombinedObjects, combineMaps, combineTrees } from './combined-tree.ts';
import { baseOfBundles } from './installed-base.ts';
import { placeBelowHome } from './put-in-place.ts';

/** Bundles whose missing objects are fetched together: one tree, which is the home. */
export type ObjectBundles = {
  readonly tree: IndexTable;
  readonly combined: CombinedObjects;
  readonly stagePlan: StagePlan;
  readonly cost: RangeCost;
};

/** Fetches the lists of these bundles and works out what is missing of all of them; undefined for none. */
export async function prepareByObjects(
  { layout, owner, session, wanted, signal }: BringOptions,
  bundles: readonly WantedBundle[],
  spending: Spending,
): Promise<ObjectBundles | undefined> {
  if (bundles.length === 0) return undefined;
  const records = bundles.map(({ record }) => record);
  const lists = await fetchBundleLists(records, layout, session, { spending, signal });
  const trees = lists.map(({ record, entries }) => ({ entries, at: placeBelowHome(record) }));
  const tree = combineTrees(trees, owner);
  const combined = combineMaps(tree, lists);
  const installed = wanted.flatMap(({ from }) => from ?? []);
  const stagePlan = planStage(tree, baseOfBundles(layout, owner, installed));
  return { tree, combined, stagePlan, cost: costOf(combined, stagePlan) };
}

function costOf({ map, objects }: CombinedObjects, plan: StagePlan): RangeCost {
  const ordinals = objectOrdinals(objects);
  const missing = [...plan.objects.values()].filter(({ source }) => source === undefined);
  return costOfObjects(
    map,
    missing.map(({ sha256 }) => ordinals.get(sha256)!),
  );
}

/** Fetches what is missing and makes the trees of all these bundles below `stage`, which must not exist. */
export async function stageByObjects(
  { layout, session, bytesPerSecond, reporter, signal }: BringOptions,
  { tree, combined, stagePlan }: ObjectBundles,
  {
    stage,
    pool,
    spending,
  }: { readonly stage: string; readonly pool: StagePool; readonly spending: Spending },
): Promise<void> {
  const { store, spool } = session;
  await stageTree({
    deliver: createDelivery({
      ...{ store, spool, spending, bytesPerSecond, reporter },
      map: combined.map,
      ordinals: objectOrdinals(combined.objects),
    }),
    plan: stagePlan,
    index: tree,
    trees: { stage, base: layout.home },
    ...{ pool, reporter, signal },
  });
}
