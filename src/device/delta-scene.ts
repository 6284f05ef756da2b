import { objectOrdinals } from '../build/objects.ts';
import { objectList } from '../delta/object-list.ts';
import type { ArchiveScene } from './archive-scene.ts';
import { locateBaseObjects } from './base-objects.ts';
import type { BuildIndex } from './lists.ts';
import type { TreeBase } from './prepare-options.ts';
import type { ObjectTarget, StagePlan } from './stage-plan.ts';
import type { DeltaScene } from './stage-segment.ts';

/** What worker threads have to know to apply a delta: where its bases lie, and where what it makes goes. */
export function sceneOfDelta(
  base: Pick<TreeBase, 'entries'>,
  { objects }: BuildIndex,
  stage: StagePlan,
  archives: ArchiveScene | undefined,
): DeltaScene {
  return {
    archives,
    base: locateBaseObjects(base.entries),
    targets: objectList(objects),
    needed: neededByOrdinal(stage, objects),
    written: new Uint8Array(new SharedArrayBuffer(objects.length)),
  };
}

function neededByOrdinal(
  stage: StagePlan,
  objects: BuildIndex['objects'],
): Map<number, readonly ObjectTarget[]> {
  const ordinals = objectOrdinals(objects);
  const needed = new Map<number, readonly ObjectTarget[]>();
  for (const { sha256, source, targets } of stage.objects.values()) {
    const ordinal = ordinals.get(sha256);
    if (ordinal === undefined) throw new Error(`the index does not hold ${sha256}`);
    if (source === undefined) needed.set(ordinal, targets);
  }
  return needed;
}
