import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { partOfWhole } from '../base/progress.ts';
import { objectOrdinals } from '../build/objects.ts';
import { openArchiveScene } from '../device/archive-scene.ts';
import { createDelivery, type Delivery } from '../device/deliver.ts';
import { createDeltaDelivery } from '../device/deliver-delta.ts';
import { sceneOfDelta } from '../device/delta-scene.ts';
import { objectsBesideDelta } from '../device/price-ways.ts';
import type { Spending } from '../device/spending.ts';
import { stageTree } from '../device/stage.ts';
import type { StagePool } from '../device/stage-pool.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { bundleName } from '../repository/group-record.ts';
import type { DeltaBundle } from './bring-by-delta.ts';
import type { BringOptions } from './bring-options.ts';
import { fetchBundleLists } from './bundle-lists.ts';
import { placeBelowHome } from './put-in-place.ts';

/** What staging shares between bundles. */
export type Staging = { readonly stage: string; readonly pool: StagePool; readonly spending: Spending };

/**
 * Makes the trees of these bundles below `stage`, one after the other. What a delta does not give, because a file was
 * changed or because it is wrong, is fetched as objects.
 */
export async function stageByDelta(
  options: BringOptions,
  bundles: readonly DeltaBundle[],
  staging: Staging,
): Promise<void> {
  const sizes = bundles.map(({ stagePlan: { links, small, large, objects } }) =>
    [links.length, small.length, large.length, objects.size].reduce((sum, count) => sum + count),
  );
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  for (const [number, bundle] of bundles.entries()) {
    // What is received for each was there before.
    const reporter = partOfWhole(options.reporter, { before, total }, (step) => step !== 'fetch');
    await stageOne({ ...options, reporter }, bundle, staging, () => restOf(options, bundle, staging));
    before += sizes[number]!;
  }
}

async function stageOne(
  { layout, session, bytesPerSecond, reporter, signal }: BringOptions,
  { record, delta, index, tree, base, place, stagePlan }: DeltaBundle,
  { stage, pool, spending }: Staging,
  rest: () => Promise<Delivery>,
): Promise<void> {
  const { store, spool } = session;
  const target = join(stage, placeBelowHome(record));
  withSystemErrors('mkdir', target, () => mkdirSync(dirname(target), { recursive: true, mode: 0o700 }));
  using archives = openArchiveScene(layout.place.own, delta.head.archives);
  const beside = new Set(objectsBesideDelta(stagePlan, base).map(({ sha256 }) => sha256));
  await stageTree({
    deliver: createDeltaDelivery({
      ...{ store, spool, delta, spending, bytesPerSecond, reporter, beside, rest },
      ordinals: objectOrdinals(index.objects),
      build: bundleName(record),
    }),
    delta: sceneOfDelta(base, index, stagePlan, archives.scene),
    plan: stagePlan,
    index: tree,
    trees: { stage: target, base: place },
    ...{ pool, reporter, signal },
  });
}

async function restOf(
  { layout, session, bytesPerSecond, reporter, signal }: BringOptions,
  { record, index }: DeltaBundle,
  { spending }: Staging,
): Promise<Delivery> {
  const { store, spool } = session;
  const [lists] = await fetchBundleLists([record], layout, session, { spending, signal });
  return createDelivery({
    ...{ store, spool, spending, bytesPerSecond, reporter },
    map: lists!.map,
    ordinals: objectOrdinals(index.objects),
  });
}
