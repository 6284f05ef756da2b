import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { createQueue, type Queue } from '../base/queue.ts';
import { objectOrdinals } from '../build/objects.ts';
import { type Admission, createAdmission } from '../device/admission.ts';
import { openArchiveScene } from '../device/archive-scene.ts';
import { createDelivery, type Delivery } from '../device/deliver.ts';
import { createDeltaDelivery } from '../device/deliver-delta.ts';
import { sceneOfDelta } from '../device/delta-scene.ts';
import type { Spending } from '../device/spending.ts';
import { stageTree } from '../device/stage.ts';
import type { StagePool } from '../device/stage-pool.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { bundleName } from '../repository/group-record.ts';
import type { DeltaBundle } from './bring-by-delta.ts';
import type { BringOptions } from './bring-options.ts';
import { fetchBundleLists } from './bundle-lists.ts';
import { placeBelowHome } from './put-in-place.ts';
import type { StagePart } from './staging-crew.ts';

/** What staging shares between bundles, which are staged beside each other. */
export type Staging = {
  /** The folder that trees are made in. */
  readonly stage: string;
  readonly pool: StagePool;
  readonly spending: Spending;
  /** Room in memory to apply segments of deltas in. */
  readonly admit: Admission;
  /** Fetching objects: one after the other, because what is asked for may lie in the same range of a pack. */
  readonly turns: Queue;
  /** Fetching and applying one file: two bundles may come by the same. */
  readonly turnsOf: (file: Sha256) => Queue;
};

/** Bytes of memory in which small segments of several bundles are applied beside each other. */
const sharedMemory = 32 * 1024 * 1024;

/** What is shared when no delta states more memory than this; `memory` are bytes. */
export function shareStaging(
  common: Pick<Staging, 'stage' | 'pool' | 'spending'> & { readonly memory: number },
): Staging {
  const { memory, ...given } = common;
  const queues = new Map<Sha256, Queue>();
  return {
    ...given,
    admit: createAdmission(Math.max(sharedMemory, memory)),
    turns: createQueue(),
    turnsOf(file) {
      const queue = queues.get(file) ?? createQueue();
      queues.set(file, queue);
      return queue;
    },
  };
}

/**
 * Receives the delta of a bundle and makes its tree while that comes. What the delta does not give, because a file was
 * changed or because it is wrong, is fetched as objects.
 */
export function stagedByDelta(options: BringOptions, bundle: DeltaBundle, staging: Staging): StagePart {
  const { links, small, large, objects } = bundle.stagePlan;
  const { head, length } = bundle.delta.reference;
  return {
    size: {
      stage: links.length + small.length + large.length + objects.size,
      fetch: length - head.length,
    },
    stage: (reporter, signal) => makeTree({ ...options, reporter, signal }, bundle, staging),
  };
}

async function makeTree(options: BringOptions, bundle: DeltaBundle, staging: Staging): Promise<void> {
  const { layout, reporter, signal } = options;
  const { record, delta, index, tree, base, place, stagePlan } = bundle;
  const target = join(staging.stage, placeBelowHome(record));
  withSystemErrors('mkdir', target, () => mkdirSync(dirname(target), { recursive: true, mode: 0o700 }));
  using archives = openArchiveScene(layout.place.own, delta.head.archives);
  const apply = deltaDelivery(options, bundle, staging);
  await stageTree({
    deliver: (...request) => staging.turnsOf(delta.reference.stored)(() => apply(...request)),
    delta: sceneOfDelta({ entries: base }, index, stagePlan, archives.scene),
    plan: stagePlan,
    index: tree,
    trees: { stage: target, base: place },
    ...{ pool: staging.pool, reporter, signal },
  });
}

function deltaDelivery(options: BringOptions, bundle: DeltaBundle, staging: Staging): Delivery {
  const { session, pace, reporter } = options;
  const { store, spool } = session;
  const { record, delta, index, beside } = bundle;
  const { spending, admit, turns } = staging;
  return createDeltaDelivery({
    ...{ store, spool, delta, spending, pace, reporter, beside, admit },
    ordinals: objectOrdinals(index.objects),
    build: bundleName(record),
    rest: async () => {
      const rest = await turns(() => restOf(options, bundle, staging));
      return (...request) => turns(() => rest(...request));
    },
  });
}

async function restOf(
  { layout, session, pace, reporter, signal }: BringOptions,
  { record, index }: DeltaBundle,
  { spending }: Staging,
): Promise<Delivery> {
  const { store, spool } = session;
  const [lists] = await fetchBundleLists([record], layout, session, { spending, signal });
  return createDelivery({
    ...{ store, spool, spending, pace, reporter: withoutFetch(reporter) },
    map: lists!.map,
    ordinals: objectOrdinals(index.objects),
  });
}

/** What has to be fetched beside was not counted. */
function withoutFetch(reporter: Reporter): Reporter {
  return {
    progress(progress) {
      if (progress.step !== 'fetch') reporter.progress(progress);
    },
    notice: (code, parameters) => reporter.notice(code, parameters),
  };
}
