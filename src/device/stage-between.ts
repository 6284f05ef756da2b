import { objectOrdinals } from '../build/objects.ts';
import { openArchiveScene } from './archive-scene.ts';
import { baseOfTree } from './base-check.ts';
import { createDeltaDelivery } from './deliver-delta.ts';
import { sceneOfDelta } from './delta-scene.ts';
import { discardStage, freshStage } from './install.ts';
import { carriedOwed, groupOwed } from './owed.ts';
import type { Prepared } from './prepare.ts';
import type { PreparedBetween } from './prepare-between.ts';
import type { TreeBase } from './prepare-options.ts';
import { recordTree } from './record-tree.ts';
import { stageTree } from './stage.ts';
import { openStagePool } from './stage-pool.ts';
import { collectTrash } from './trash.ts';
import type { UpdateOptions } from './update-options.ts';
import type { Wanted } from './wanted.ts';

/** Says that a link of a chain does not hold; it never leaves this file. */
class LinkBroken extends Error {}

/**
 * Makes the tree of the build between by the first delta of a chain, in the folder of stages: it is never a version of
 * the device. Gives it as the base of what follows; undefined when the delta does not make all of it. Whoever gets it
 * puts it into the trash with `discardStage`; after a failure that is done.
 */
export async function stageBetween(
  options: UpdateOptions & { readonly wanted: Wanted },
  prepared: Prepared,
  between: PreparedBetween,
): Promise<TreeBase | undefined> {
  const { layout } = options.session;
  const { name } = between.wanted.build;
  try {
    return await makeTree(options, prepared, between);
  } catch (error) {
    discardStage(layout, name);
    collectTrash(layout);
    if (!(error instanceof LinkBroken)) throw error;
    options.reporter.notice('chain-of-no-use', { via: name, build: options.wanted.build.name });
    return undefined;
  }
}

async function makeTree(
  options: UpdateOptions,
  { base, spending }: Prepared,
  { wanted, index, delta, stage: plan }: PreparedBetween,
): Promise<TreeBase> {
  if (base === undefined) throw new Error('a chain begins at an installed version');
  const { session, reporter, signal, bytesPerSecond } = options;
  const { name } = wanted.build;
  const { entries } = index;
  const ordinals = objectOrdinals(index.objects);
  const tree = freshStage(session.layout, name);
  using archives = openArchiveScene(session.layout.own, delta.head.archives);
  await using pool = openStagePool();
  const staged = await stageTree({
    deliver: createDeltaDelivery({
      ...session,
      ...{ delta, ordinals, bytesPerSecond, spending, reporter, build: name },
      rest: async () => {
        throw new LinkBroken();
      },
    }),
    delta: sceneOfDelta(base, index, plan, archives.scene),
    ...{ plan, index: entries, pool, reporter, signal },
    trees: { stage: tree, base: base.tree },
  });
  const owed = [...staged.owed, ...carriedOwed(base.owed, entries, plan.links)];
  const { ledger, damaged } = recordTree({ tree, entries, index: wanted.build.index.sha256, owed });
  if (damaged.length > 0) throw new LinkBroken();
  return { ...baseOfTree({ tree, entries, ledger, owed: groupOwed(owed) }), name, entries };
}
