import { displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { objectOrdinals } from '../build/objects.ts';
import type { Archive } from '../delta/delta-format.ts';
import type { Way } from '../plan/ways.ts';
import { type ArchiveScene, openArchiveScene } from './archive-scene.ts';
import { createDelivery, type Delivery } from './deliver.ts';
import { createDeltaDelivery } from './deliver-delta.ts';
import { sceneOfDelta } from './delta-scene.ts';
import { discardStage, freshStage, installStage, stageContents } from './install.ts';
import { fetchContents } from './lists.ts';
import { carriedOwed } from './owed.ts';
import type { Prepared } from './prepare.ts';
import { objectsBesideDelta } from './price-ways.ts';
import { type StageResult, stageTree } from './stage.ts';
import type { StagePool } from './stage-pool.ts';
import type { DeltaScene } from './stage-segment.ts';
import { collectTrash } from './trash.ts';
import type { UpdateOptions } from './update-options.ts';
import type { Wanted } from './wanted.ts';

export type StageBuildOptions = UpdateOptions & {
  readonly wanted: Wanted;
  /** For a chain the base is the tree between, and the plan is the one beside it. */
  readonly prepared: Prepared;
  readonly way: Way;
  readonly pool: StagePool;
};

/** Fetches and stages a build in the chosen way and makes it a complete version of the device. */
export async function stageBuild(options: StageBuildOptions): Promise<StageResult> {
  const { wanted, prepared, pool, session, reporter, signal } = options;
  const { layout } = session;
  const { name } = wanted.build;
  const { base } = prepared;
  const { entries } = prepared.index;
  const stage = freshStage(layout, name);
  using archives = openArchiveScene(layout.own, archivesOf(options));
  const { staged, contents } = await bothOrNeither(signal, {
    contents: async () =>
      stageContents(layout, name, await fetchContents({ ...options, ...session, wanted }, entries)),
    stage: (both) =>
      stageTree({
        ...howToDeliver(options, archives.scene),
        plan: prepared.stage,
        index: entries,
        pool,
        trees: { stage, base: base?.tree ?? '' },
        reporter,
        signal: both,
      }),
  }).catch(async (error: unknown) => {
    await pool[Symbol.asyncDispose]();
    // What was received is kept in the spool; a half-made tree would only take up room.
    discardStage(layout, name);
    collectTrash(layout);
    throw error;
  });
  throwIfCancelled(signal);
  if (staged.damaged.length > 0 && base !== undefined)
    reporter.notice('base-damaged', {
      count: staged.damaged.length,
      build: base.name,
      paths: staged.damaged.slice(0, 5).map(displayOf).join(', '),
    });
  // Whatever is owed to a shared inode is owed to both versions.
  const carried = base === undefined ? [] : carriedOwed(base.owed, entries, prepared.stage.links);
  const owed = [...staged.owed, ...carried];
  if (owed.length > 0)
    reporter.notice('ownership-owed', {
      count: new Set(owed.map(({ path }) => path)).size,
      build: name,
    });
  reporter.progress({ step: 'verify', done: 0, unit: 'entries' });
  const { clock } = options;
  await installStage({ layout, build: wanted.build, entries, stage, contents, owed, clock });
  return staged;
}

function isByDelta({ kind }: Way): boolean {
  return kind === 'delta' || kind === 'chain';
}

function archivesOf({ way, prepared }: StageBuildOptions): readonly Archive[] | undefined {
  return isByDelta(way) ? prepared.delta?.head.archives : undefined;
}

/** Where objects come from, and what worker threads have to know of it. */
function howToDeliver(
  options: StageBuildOptions,
  archives: ArchiveScene | undefined,
): { deliver: Delivery; delta?: DeltaScene } {
  const { prepared, session, way, reporter, bytesPerSecond } = options;
  const { store, spool } = session;
  const { delta, base, index, spending } = prepared;
  const build = options.wanted.build.name;
  const ordinals = objectOrdinals(index.objects);
  const common = { store, spool, ordinals, bytesPerSecond, reporter, spending };
  const fromPacks = async () => createDelivery({ ...common, map: await prepared.map() });
  if (!isByDelta(way) || delta === undefined || base === undefined) {
    let packs: Promise<Delivery> | undefined;
    const deliver: Delivery = async (...request) => {
      packs ??= fromPacks();
      return (await packs)(...request);
    };
    return { deliver };
  }
  const beside = new Set(objectsBesideDelta(prepared.stage, base).map(({ sha256 }) => sha256));
  return {
    deliver: createDeltaDelivery({ ...common, build, delta, beside, rest: fromPacks }),
    delta: sceneOfDelta(base, index, prepared.stage, archives),
  };
}

/** Stages while the manifest comes; without one to install in the end, staging stops, and has stopped afterwards. */
async function bothOrNeither(
  signal: AbortSignal | undefined,
  work: {
    readonly contents: () => Promise<string>;
    readonly stage: (signal: AbortSignal) => Promise<StageResult>;
  },
): Promise<{ readonly staged: StageResult; readonly contents: string }> {
  const stop = new AbortController();
  const staging = work.stage(signal ? AbortSignal.any([signal, stop.signal]) : stop.signal);
  const making = work.contents();
  making.catch((error: unknown) => stop.abort(error));
  const [staged, contents] = await Promise.allSettled([staging, making]);
  if (contents.status === 'rejected') throw contents.reason;
  if (staged.status === 'rejected') throw staged.reason;
  return { staged: staged.value, contents: contents.value };
}
