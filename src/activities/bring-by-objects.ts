import type { IndexTable } from '../build/index-table.ts';
import { objectOrdinals, objectsOf } from '../build/objects.ts';
import { createDelivery } from '../device/deliver.ts';
import type { Spending } from '../device/spending.ts';
import { stageTree } from '../device/stage.ts';
import { planStage, type StagePlan } from '../device/stage-plan.ts';
import { costOfObjects, type RangeCost } from '../repository/costs.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { type BundleLists, fetchBundleLists, keptIndex } from './bundle-lists.ts';
import { type CombinedObjects, combineMaps, combineTrees } from './combined-tree.ts';
import type { HomeLayout } from './home.ts';
import type { InstalledBundle } from './home-state.ts';
import { baseOfBundles } from './installed-base.ts';
import { placeBelowHome } from './put-in-place.ts';
import type { Staging } from './stage-by-delta.ts';
import type { StagePart } from './staging-crew.ts';

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
  const stagePlan = planStage(tree, baseOfBundles(layout, owner, installedWith(layout, wanted, lists)));
  return { tree, combined, stagePlan, cost: costOf(combined, stagePlan) };
}

/** What is installed of these bundles, and what else is installed that has anything that those have not. */
function installedWith(
  layout: HomeLayout,
  wanted: readonly WantedBundle[],
  lists: readonly BundleLists[],
): InstalledBundle[] {
  const records = new Set(lists.map(({ record }) => record));
  const isOwn = ({ record }: WantedBundle) => records.has(record);
  const own = wanted.filter(isOwn).flatMap(({ from }) => from ?? []);
  const missing = new Set(lists.flatMap(({ objects }) => objects.map(({ sha256 }) => sha256)));
  for (const { index } of own)
    for (const { sha256 } of objectsOf(keptIndex(layout, index) ?? [])) missing.delete(sha256);
  const others = wanted.filter((each) => !isOwn(each)).flatMap(({ from }) => from ?? []);
  return [...own, ...others.filter(({ index }) => keptIndex(layout, index)?.namesAny(missing))];
}

function costOf({ map, objects }: CombinedObjects, plan: StagePlan): RangeCost {
  const ordinals = objectOrdinals(objects);
  const missing = [...plan.objects.values()].filter(({ source }) => source === undefined);
  return costOfObjects(
    map,
    missing.map(({ sha256 }) => ordinals.get(sha256)!),
  );
}

/** Fetches what is missing and makes the trees of all these bundles in one that is the home. */
export function stagedByObjects(
  { layout, session, pace }: BringOptions,
  { tree, combined, stagePlan, cost }: ObjectBundles,
  { stage, pool, spending, turns }: Staging,
): StagePart {
  const { store, spool } = session;
  const { links, small, large, objects } = stagePlan;
  return {
    size: { stage: links.length + small.length + large.length + objects.size, fetch: cost.bytes },
    async stage(reporter, signal) {
      const deliver = createDelivery({
        ...{ store, spool, spending, pace, reporter },
        map: combined.map,
        ordinals: objectOrdinals(combined.objects),
      });
      await stageTree({
        deliver: (...request) => turns(() => deliver(...request)),
        plan: stagePlan,
        index: tree,
        trees: { stage, base: layout.home },
        ...{ pool, reporter, signal },
      });
    },
  };
}
