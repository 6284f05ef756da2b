import { join } from 'node:path';
import { objectOrdinals } from '../build/objects.ts';
import { fetchRanges } from '../device/fetch.ts';
import { storeIndexUnsynced } from '../device/installed.ts';
import type { BuildIndex } from '../device/lists.ts';
import { isUnservable, type OpenDelta, openTreeDelta } from '../device/offered-delta.ts';
import { objectsBesideDelta } from '../device/price-ways.ts';
import type { Spending } from '../device/spending.ts';
import type { Spool } from '../device/spool.ts';
import { planStage, type StagePlan } from '../device/stage-plan.ts';
import { costOfObjects, type RangeCost } from '../repository/costs.ts';
import { type BundleDelta, type BundleRecord, bundleName } from '../repository/group-record.ts';
import { deltaFile } from '../repository/layout.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { fetchBundleLists, keptIndex } from './bundle-lists.ts';
import { ownedTree } from './combined-tree.ts';
import type { InstalledBundle } from './home-state.ts';
import { baseOfBundle, type InstalledBase } from './installed-base.ts';
import { placeBelowHome } from './put-in-place.ts';

/** A bundle that comes by a delta from the version that is installed. */
export type DeltaBundle = {
  readonly record: BundleRecord;
  readonly delta: OpenDelta;
  /** As it was published: what the delta counts objects by. */
  readonly index: BuildIndex;
  /** The same tree, as the user owns it. */
  readonly tree: BuildIndex['entries'];
  readonly base: InstalledBase;
  /** Absolute path of what is installed. */
  readonly place: string;
  readonly stagePlan: StagePlan;
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

/**
 * Opens the deltas that lead from what is installed to these bundles, where the machine can apply them and where they are
 * cheaper than the objects. Their heads are fetched at once; lists of a bundle only where files that its user changed
 * make it dearer.
 */
export async function prepareByDelta(
  options: BringOptions,
  limits: DeltaLimits,
  spending: Spending,
): Promise<DeltaBundle[]> {
  const { wanted, session } = options;
  const candidates = wanted.flatMap((bundle) => candidateOf(bundle, limits, session.spool) ?? []);
  await fetchHeads(options, candidates, spending);
  const opened: DeltaBundle[] = [];
  for (const candidate of candidates) {
    const bundle = await open(options, candidate, spending);
    if (bundle !== undefined) opened.push(bundle);
  }
  return opened;
}

function candidateOf(
  { record, from }: WantedBundle,
  limits: DeltaLimits,
  spool: Spool,
): Candidate | undefined {
  const reference = from && record.deltas?.find(({ fromIndex }) => fromIndex === from.index);
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

/** One that cannot be had is asked for again by itself, so that only its own bundle has to do without. */
async function fetchHeads(
  { session: { store, spool }, signal }: BringOptions,
  candidates: readonly Candidate[],
  spending: Spending,
): Promise<void> {
  const ranges = candidates.map(({ reference: { stored, head } }) => ({
    ...{ name: deltaFile(stored), file: stored, offset: 0, length: head.length },
  }));
  await fetchRanges({ store, spool, ranges, spending, signal, onReceived() {} }).catch(unlessUnservable);
}

/** Fetches all segments of these deltas at once. What cannot be had is found out when each is applied. */
export async function fetchDeltas(
  { session: { store, spool }, bytesPerSecond, reporter, signal }: BringOptions,
  bundles: readonly DeltaBundle[],
  spending: Spending,
): Promise<void> {
  const ranges = bundles.map(({ delta: { reference } }) => ({
    name: deltaFile(reference.stored),
    file: reference.stored,
    offset: reference.head.length,
    length: reference.length - reference.head.length,
  }));
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  const onReceived = (_file: unknown, { start, end }: { readonly start: number; readonly end: number }) => {
    done += end - start;
    reporter.progress({ step: 'fetch', done, total, unit: 'bytes' });
  };
  const options = { store, spool, ranges, spending, bytesPerSecond, signal, onReceived };
  await fetchRanges(options).catch(unlessUnservable);
}

function unlessUnservable(error: unknown): void {
  if (!isUnservable(error)) throw error;
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
  const base = baseOfBundle(owner, from, { tree: place, entries: installed });
  const tree = ownedTree(index.entries, owner);
  const stagePlan = planStage(tree, base);
  const beside = await costBeside(options, { record, index, stagePlan, base, delta }, spending);
  if (beside === undefined) return undefined;
  const sum = { bytes: cost.bytes + beside.bytes, requests: cost.requests + beside.requests };
  const paid = cost.bytes - missingBytes(spool, reference);
  return { record, delta, index, tree, base, place, stagePlan, cost: sum, paid };
}

const nothing: RangeCost = { bytes: 0, requests: 0 };

/** What has to be fetched beside a delta for files that the user changed; undefined when objects alone are cheaper. */
async function costBeside(
  { layout, session, signal }: BringOptions,
  {
    record,
    index,
    stagePlan,
    base,
    delta,
  }: Pick<DeltaBundle, 'record' | 'index' | 'stagePlan' | 'base' | 'delta'>,
  spending: Spending,
): Promise<RangeCost | undefined> {
  const beside = objectsBesideDelta(stagePlan, base);
  if (beside.length === 0) return nothing;
  const [lists] = await fetchBundleLists([record], layout, session, { spending, signal });
  const ordinals = objectOrdinals(index.objects);
  const costOf = (objects: typeof beside) =>
    costOfObjects(
      lists!.map,
      objects.map(({ sha256 }) => ordinals.get(sha256)!),
    );
  const missing = [...stagePlan.objects.values()].filter(({ source }) => source === undefined);
  const cost = costOf(beside);
  return cost.bytes + delta.reference.length < costOf(missing).bytes ? cost : undefined;
}
