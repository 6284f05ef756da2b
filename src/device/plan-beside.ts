import { releaseMemory } from '../base/memory.ts';
import type { BuildIndex } from './lists.ts';
import { type Base, planStage, type StagePlan } from './stage-plan.ts';

/** Entries above which the waste of reading the lists is worth collecting. */
const largeTree = 20_000;

/** Decides how the tree of a build is made beside a base; memory that the lists took is given back. */
export function planBeside({ entries }: BuildIndex, base: Base | undefined): StagePlan {
  const isLarge = entries.length > largeTree;
  if (isLarge) releaseMemory();
  const stage = planStage(entries, base);
  if (isLarge) releaseMemory();
  return stage;
}
