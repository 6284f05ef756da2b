import { displayOf } from '../base/byte-string.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { readBootFacts } from './boot-facts.ts';
import { giveTurn } from './carry-copy.ts';
import { layNextLayer } from './carry-lay.ts';
import { type CarryOutcome, type CarryPlan, CarryPlanner } from './carry-plan.ts';
import { readPolicy, readPolicyOrOurs } from './carry-sources.ts';
import { readInstalled } from './installed.ts';
import { layerOf, readLayer } from './layers.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import { changesOfLayer } from './local-changes.ts';
import { viewPristine } from './local-indexed.ts';
import { unlessGone, viewTree } from './local-inode.ts';

export type CarryOptions = {
  readonly layout: DeviceLayout;
  /** The version whose changes are carried over: the one that runs. Absent: there is none. */
  readonly from: BuildName | undefined;
  /** The version that boots next; its tree is on the disk. */
  readonly to: BuildName;
  /** True to find out only what would become of each change; then a wrong policy is an error. */
  readonly dryRun?: boolean;
  /** True to replace also a layer in which somebody has worked: of a version that failed its trial, for example. */
  readonly evenIfUsed?: boolean;
  readonly reporter?: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** What became of the user's changes. */
export type Carried = {
  readonly from: BuildName;
  readonly to: BuildName;
  readonly outcomes: readonly CarryOutcome[];
  /** Bytes of files in the fresh layer. */
  readonly bytes: number;
};

/**
 * Gives the version that boots next a fresh writable layer with the user's changes to the version that runs, as the
 * policy says. The layer of the version that runs is only read, so going back finds it as it was. A layer that was
 * made so before and never booted is made anew; one in which somebody has worked stays. Undefined when there is nothing
 * to do. What a power cut leaves is a half-made layer that nothing refers to, or the complete one.
 * The caller holds the device lock and has not moved the boot pointer yet.
 * Throws `layer-not-ours`, `carry-no-room`, `carry-policy-wrong`, `cancelled`.
 */
export async function prepareLayer(options: CarryOptions): Promise<Carried | undefined> {
  const { layout, from, to, dryRun = false, reporter = silentReporter, signal } = options;
  const index = readInstalled(layout, to)?.index;
  if (from === undefined || index === undefined) return undefined;
  tellIfNoLayer(options, from, reporter);
  if (!isWanted(options, from, index)) return undefined;
  const plan = await planCarry(options, from);
  if (!dryRun) {
    await layNextLayer({ layout, from, to, index, plan, reporter, signal });
    tellOutcomes(plan, to, reporter);
  }
  return { from, to, outcomes: plan.outcomes, bytes: plan.bytes };
}

/** What runs from a tree of its own goes on by persistent paths only. */
function tellIfNoLayer({ layout, to }: CarryOptions, from: BuildName, reporter: Reporter): void {
  const { build, mode = 'overlay' } = readBootFacts(layout) ?? {};
  if (from !== to && build === from && mode !== 'overlay')
    reporter.notice('carry-only-overlay', { mode, build });
}

/** There are changes to carry over, and nobody has worked with what would be replaced. */
function isWanted({ layout, to, evenIfUsed }: CarryOptions, from: BuildName, index: Sha256): boolean {
  if (from === to) return false;
  const source = readLayer(layout, from);
  if (source === undefined || source.index !== readInstalled(layout, from)?.index) return false;
  const there = readLayer(layout, to);
  return there === undefined || there.index !== index || !there.used || evenIfUsed === true;
}

async function planCarry(options: CarryOptions, from: BuildName): Promise<CarryPlan> {
  const { layout, to, dryRun, reporter = silentReporter, signal } = options;
  const trees = {
    mine: viewTree(layerOf(layout, from).upper),
    old: viewPristine(layout, from),
    theirs: viewTree(pristineTree(layout, to)),
  };
  const policy = dryRun ? readPolicy(trees) : readPolicyOrOurs(trees, reporter);
  const planner = new CarryPlanner(trees, policy);
  let count = 0;
  for (const change of changesOfLayer({ upper: trees.mine, lower: trees.old })) {
    unlessGone(() => planner.take(change));
    count += 1;
    if (count % 200 === 0) await giveTurn(signal);
  }
  return planner.finish();
}

/** One sentence for what needs a look; the rest is what the policy says. */
function tellOutcomes({ outcomes }: CarryPlan, build: BuildName, reporter: Reporter): void {
  const conflicts = outcomes.filter(({ outcome }) => outcome === 'conflict');
  const [first] = conflicts;
  if (first !== undefined)
    reporter.notice('carry-conflicts', { build, count: conflicts.length, path: displayOf(first.path) });
}
