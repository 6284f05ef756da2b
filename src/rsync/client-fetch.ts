import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { IndexEntry } from '../build/entry.ts';
import type { ClientBase } from './client-base.ts';
import { type HintedStep, readHints, writeHints } from './client-hints.ts';
import type { ClientManifest } from './client-manifest.ts';
import type { ClientMonth } from './client-month.ts';
import type { OpenPlace } from './client-place.ts';
import {
  type ClientPlan,
  planByComparison,
  planByManifest,
  planForEverything,
  requireSpace,
} from './client-plan.ts';
import { openTransfer, type Transfer, type TransferFolders } from './client-transfer.ts';
import { checkFetched, type FetchedTree, removeWrong, unlinkShared, type WrongPath } from './client-tree.ts';

export type FetchTreeOptions = {
  readonly build: BuildName;
  readonly open: OpenPlace;
  readonly folders: TransferFolders;
  /** Undefined when the place has none. */
  readonly manifest: ClientManifest | undefined;
  /** The version to take from what has not changed. */
  readonly base: ClientBase | undefined;
  /** A file with what another device found out, or for what this one finds out. */
  readonly hints?: string | undefined;
  readonly month: ClientMonth;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A complete and checked tree in `folders.tree`, not on the disk yet. */
export type FetchedBuild = {
  readonly entries: readonly IndexEntry[];
  /** 2 when the first check found something wrong and it was fetched once more. */
  readonly rounds: 1 | 2;
};

/**
 * Makes the tree of a build beside its base: finds out what changed, fetches that, links the rest, and checks the
 * whole; what is wrong then is fetched once more without the base. Throws `plan-no-space`, `plan-over-month`,
 * `rsync-tree-wrong`, and what running rsync throws.
 */
export async function fetchTree(options: FetchTreeOptions): Promise<FetchedBuild> {
  const { build, open, folders, manifest, base, month, reporter } = options;
  const contents = manifest?.entries;
  const { devicesByManifest = false } = open.place;
  const transfer = openTransfer({ open, folders, exactTimes: contents === undefined, reporter });
  unlinkShared(folders.tree);
  const plan = await planOf(options, transfer);
  requireSpace(plan, build, folders.tree);
  if (open.place.isRemote) month.require(build, plan.bytes);
  reporter.progress({
    step: 'fetch',
    done: 0,
    unit: 'bytes',
    ...(plan.bytes > 0 ? { total: plan.bytes } : {}),
  });
  await transfer.listed(plan.listed, { base: base?.tree, bytes: plan.bytes });
  await transfer.rest({
    base: base && { tree: base.tree, hidden: new Set(plan.listed) },
    bytes: base === undefined && plan.bytes > 0 ? plan.bytes : undefined,
  });
  const check = () => checkFetched({ ...options, tree: folders.tree, contents, devicesByManifest, transfer });
  const first = await check();
  if (first.wrong.length === 0) return finish(first, 1);
  const second = await fetchAgain(options, transfer, first.wrong).then(check);
  if (second.wrong.length === 0) return finish(second, 2);
  throw wrongTree(open, second.wrong);

  function finish({ entries }: FetchedTree, rounds: 1 | 2): FetchedBuild {
    transfer.finish();
    return { entries, rounds };
  }
}

async function planOf(options: FetchTreeOptions, transfer: Transfer): Promise<ClientPlan> {
  const { manifest, base, hints, reporter } = options;
  if (manifest?.entries !== undefined) {
    if (hints !== undefined) reporter.notice('hints-not-needed');
    return planByManifest(manifest.entries, base);
  }
  if (base === undefined) return planForEverything;
  const step = stepOf(manifest, base);
  const hinted = step && hints !== undefined ? readHints(hints, step) : undefined;
  // Where the base is damaged, the hints of another device do not know what is lacking here.
  if (hinted !== undefined && base.damaged.length === 0) return hinted;
  reporter.notice('rsync-comparing', { build: base.name });
  const plan = planByComparison(await transfer.compare(base.tree), base);
  if (step && hints !== undefined && hinted === undefined && base.damaged.length === 0)
    writeHints(hints, step, plan);
  return plan;
}

/** Hints are for the step between two manifests; where one of them is not known, there are none. */
function stepOf(manifest: ClientManifest | undefined, base: ClientBase): HintedStep | undefined {
  if (manifest === undefined || base.contentsHash === undefined) return undefined;
  return { from: base.contentsHash, to: manifest.hash };
}

/** Nothing comes from the base this time. */
async function fetchAgain(
  { open, folders, reporter }: FetchTreeOptions,
  transfer: Transfer,
  wrong: readonly WrongPath[],
): Promise<void> {
  reporter.notice('rsync-fetching-again', { place: open.place.name, count: wrong.length });
  removeWrong(folders.tree, wrong);
  const again = wrong.filter(({ isDirectory, isExtra }) => !isDirectory && !isExtra);
  await transfer.listed(
    again.map(({ path }) => path),
    { bytes: 0 },
  );
  await transfer.rest({});
}

function wrongTree({ place }: OpenPlace, wrong: readonly WrongPath[]): SatchelError {
  const path = wrong[0]?.path ?? '';
  return new SatchelError('rsync-tree-wrong', {
    place: place.name,
    count: wrong.length,
    path: path === '' ? '.' : displayOf(path as ByteString),
  });
}
