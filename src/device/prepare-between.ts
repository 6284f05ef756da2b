import type { BuildIndex } from './lists.ts';
import { type OpenDelta, openDelta } from './offered-delta.ts';
import { planBeside } from './plan-beside.ts';
import type { PrepareOptions, TreeBase } from './prepare-options.ts';
import { objectsBesideDelta, type StageDisk, stageDisk } from './price-ways.ts';
import type { Between } from './route.ts';
import { wantedBetween } from './routes.ts';
import type { Base, StagePlan } from './stage-plan.ts';
import type { Wanted } from './wanted.ts';

/** The build between of a chain, ready to be staged. */
export type OpenBetween = {
  readonly wanted: Wanted;
  readonly index: BuildIndex;
  readonly delta: OpenDelta;
  /** Its tree beside the installed version. */
  readonly stage: StagePlan;
  /** What its tree takes until the switch. */
  readonly disk: StageDisk;
  /** Its tree as it will be: nothing of it can be damaged, because it has just been made. */
  readonly expected: Base;
};

/** As {@link OpenBetween}, with what is expected of the tree that follows. */
export type PreparedBetween = OpenBetween & {
  /** The wanted tree beside the tree between. */
  readonly next: StagePlan;
};

/**
 * Brings in the head of the first delta of a chain and works out the tree between. Undefined when it proves to be of
 * no use, or when the installed version is damaged where it matters: what the delta cannot make then would have to be
 * fetched for a tree that nobody wants.
 */
export async function openBetween(
  options: PrepareOptions,
  between: Between,
  base: TreeBase,
): Promise<OpenBetween | undefined> {
  const wanted = await wantedBetween(options, between);
  if (wanted === undefined) return undefined;
  const opened = await openDelta({ ...options, wanted }, between.reference);
  if (opened === undefined) return undefined;
  const { index, delta } = opened;
  const stage = planBeside(index, base);
  if (objectsBesideDelta(stage, base).length > 0) return undefined;
  const expected: Base = { entries: index.entries, check: () => 'clean' };
  return { wanted, index, delta, stage, expected, disk: stageDisk(index.entries, stage) };
}
