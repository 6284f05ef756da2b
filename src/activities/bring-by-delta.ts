import { join } from 'node:path';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexTable } from '../build/index-table.ts';
import { objectOrdinals } from '../build/objects.ts';
import { giveTurn } from '../device/carry-copy.ts';
import { fetchRanges } from '../device/fetch.ts';
import { storeIndexUnsynced } from '../device/installed.ts';
import type { BuildIndex } from '../device/lists.ts';
import { isUnservable, type OpenDelta, openTreeDelta } from '../device/offered-delta.ts';
import { objectsBesideDelta } from '../device/price-ways.ts';
import type { Spending } from '../device/spending.ts';
import type { Spool } from '../device/spool.ts';
import { type NeededObject, planStage, type StagePlan } from '../device/stage-plan.ts';
import { costOfObjects, type RangeCost } from '../repository/costs.ts';
import { type BundleDelta, type BundleRecord, bundleName } from '../repository/group-record.ts';
import { deltaFile } from '../repository/layout.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { fetchBundleLists, keptIndex } from './bundle-lists.ts';
import type { InstalledBundle } from './home-state.ts';
import { baseOfBundle } from './installed-base.ts';
import { placeBelowHome } from './put-in-place.ts';

/** A bundle that comes by a delta from the version that is installed. */
export type DeltaBundle = {
  readonly record: BundleRecord;
  readonly delta: OpenDelta;
  /** As it was published: what the delta counts objects by. */
  readonly index: BuildIndex;
  /** The same tree, as the user owns it. */
  readonly tree: IndexTable;
  /** What is installed. */
  readonly base: IndexTable;
  /** Absolute path of that. */
  readonly place: string;
  readonly stagePlan: StagePlan;
  /** Needed objects of files that the user changed, so that they do not come by the delta. */
  readonly beside: ReadonlySet<Sha256>;
  /** What was to be received before anything of it was asked for. */
  readonly cost: RangeCost;
  /** Bytes of it that have been received since. */
  readonly paid: number;
};

/** What the machine can spare for deltas. */
export type DeltaLimits = {
  /** Bytes of memory. */
  readonly memory: number;
  /** Bytes of disk beside the new trees. */
  readonly scratch: number;
};

type Candidate = {
  readonly record: BundleRecord;
  readonly from: InstalledBundle;
  readonly reference: BundleDelta;
  readonly cost: RangeCost;
};

/** The delta that leads from what is installed of a bundle, if there is one. */
export function deltaTo({ record, from }: WantedBundle): BundleDelta | undefined {
  return from && record.deltas?.find(({ fromIndex }) => fromIndex === from.index);
}

/**
 * Opens the deltas that lead from what is installed to these bundles, where the machine can apply them and where they are
 * cheaper than the objects, the largest bundle first, and gives each to `onOpened`. Their heads are fetched at once; lists
 * of a bundle only where files that its user changed make it dearer.
 */
export async function prepareByDelta(
  options: BringOptions,
  limits: DeltaLimits,
  spending: Spending,
  onOpened: (bundle: DeltaBundle) => void = () => {},
): Promise<DeltaBundle[]> {
  const { wanted, session, signal } = options;
  const candidates = wanted
    .flatMap((bundle) => candidateOf(bundle, limits, session.spool) ?? [])
    .sort((one, other) => other.record.tree.bytes - one.record.tree.bytes);
  const references = candidates.map(({ reference }) => reference);
  await fetchHeads(options, references, spending);
  const opened: DeltaBundle[] = [];
  for (const candidate of candidates) {
    const bundle = await open(options, candidate, spending);
    if (bundle === undefined) continue;
    opened.push(bundle);
    onOpened(bundle);
    await giveTurn(signal);
  }
  return opened;
}

/** One that cannot be had is asked for again by itself, so that only its own bundle has to do without. */
async function fetchHeads(
  { session: { store, spool }, signal }: BringOptions,
  deltas: readonly BundleDelta[],
  spending: Spending,
): Promise<void> {
  // Two bundles may come by the same file.
  const heads = new Map(deltas.map(({ stored, head }) => [stored, head]));
  const ranges = [...heads].map(([file, { length }]) => ({ name: deltaFile(file), file, offset: 0, length }));
  await fetchRanges({ store, spool, ranges, spending, signal, onReceived() {} }).catch((error: unknown) => {
    if (!isUnservable(error)) throw error;
  });
}

function candidateOf(wanted: WantedBundle, limits: DeltaLimits, spool: Spool): Candidate | undefined {
  const { record, from } = wanted;
  const reference = deltaTo(wanted);
  if (from === undefined || reference === undefined) return undefined;
  const { length, memory, scratch = 0 } = reference;
  if (length >= record.everything || memory > limits.memory || scratch > limits.scratch) return undefined;
  const bytes = missingBytes(spool, reference);
  return { record, from, reference, cost: { bytes, requests: bytes === 0 ? 0 : 2 } };
}

function missingBytes(spool: Spool, { stored, length }: BundleDelta): number {
  const gaps = spool.missing(stored, { start: 0, end: length });
  return gaps.reduce((sum, { start, end }) => sum + end - start, 0);
}

async function open(
  options: BringOptions,
  { record, from, reference, cost }: Candidate,
  spending: Spending,
): Promise<DeltaBundle | undefined> {
  const { layout, owner, session } = options;
  const installed = keptIndex(layout, from.index);
  if (installed === undefined) return undefined;
  const { store, spool } = session;
  const { reporter, signal } = options;
  const between = {
    from: bundleName(from),
    to: bundleName(record),
    index: record.index,
    storeIndex: storeIndexUnsynced,
  };
  const purpose = { layout: layout.place, store, spool, spending, reporter, signal, ...between };
  const opened = await openTreeDelta(purpose, reference);
  if (opened === undefined) return undefined;
  const { index, delta } = opened;
  const place = join(layout.home, placeBelowHome(from));
  const [base, tree] = [installed.ownedBy(owner), index.entries.ownedBy(owner)];
  // Planning asks for each entry several times, and the lists are gone when it is done.
  const planBase = baseOfBundle(from, place, [...base]);
  const stagePlan = planStage([...tree], planBase);
  const beside = objectsBesideDelta(stagePlan, planBase);
  const costOfRest = await costBeside(options, { record, index, stagePlan, delta }, beside, spending);
  if (costOfRest === undefined) return undefined;
  return {
    ...{ record, delta, index, tree, base, place, stagePlan },
    beside: new Set(beside.map(({ sha256 }) => sha256)),
    cost: { bytes: cost.bytes + costOfRest.bytes, requests: cost.requests + costOfRest.requests },
    paid: cost.bytes - missingBytes(spool, reference),
  };
}

const nothing: RangeCost = { bytes: 0, requests: 0 };

/** What has to be fetched beside a delta for files that the user changed; undefined when objects alone are cheaper. */
async function costBeside(
  { layout, session, signal }: BringOptions,
  { record, index, stagePlan, delta }: Pick<DeltaBundle, 'record' | 'index' | 'stagePlan' | 'delta'>,
  beside: readonly NeededObject[],
  spending: Spending,
): Promise<RangeCost | undefined> {
  if (beside.length === 0) return nothing;
  const [lists] = await fetchBundleLists([record], layout, session, { spending, signal });
  const ordinals = objectOrdinals(index.objects);
  const costOf = (objects: readonly NeededObject[]) =>
    costOfObjects(
      lists!.map,
      objects.map(({ sha256 }) => ordinals.get(sha256)!),
    );
  const missing = [...stagePlan.objects.values()].filter(({ source }) => source === undefined);
  const cost = costOf(beside);
  return cost.bytes + delta.reference.length < costOf(missing).bytes ? cost : undefined;
}
