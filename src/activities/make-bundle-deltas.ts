import type { MessageCode } from '../base/catalogue.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { partOfWhole, type Reporter } from '../base/progress.ts';
import { formatBytes } from '../base/units.ts';
import type { makeDelta } from '../delta/make-delta.ts';
import { costFrom } from '../repository/costs.ts';
import { openTreeSide, type TreeSide } from '../repository/delta-source.ts';
import { type BundleDelta, type BundleRecord, bundleName } from '../repository/group-record.ts';
import { deltaFile } from '../repository/layout.ts';
import { treeDeltaOf } from '../repository/made-delta.ts';
import type { Store } from '../store/store.ts';
import { withDeltas } from './group-change.ts';
import { openRunFolder } from './run-folder.ts';

/** How deltas between versions of bundles are made. */
export type DeltaMaking = {
  readonly make: typeof makeDelta;
  readonly reporter: Reporter;
  /** Most bytes of new content; 1 GiB when absent. */
  readonly mostNewContent?: number | undefined;
};

/** Where they are made. */
export type DeltaPlace = {
  readonly store: Store;
  /** A folder on the same file system as the store. */
  readonly spoolDirectory: string;
  readonly signal?: AbortSignal | undefined;
};

/** A version whose lists and packs are stored, and the versions from which devices come to it. */
export type DeltaWish = { readonly to: BundleRecord; readonly from: readonly BundleRecord[] };

/** A delta that a record names now. */
export type MadeBundleDelta = Pick<BundleRecord, 'id'> & {
  readonly from: BundleRecord['version'];
  readonly to: BundleRecord['version'];
  readonly bytes: number;
  /** What the same update by objects reads, lists aside. */
  readonly objectBytes: number;
  /** Bytes of memory that applying it needs at most. */
  readonly memory: number;
};

/** What became of the deltas to new versions. */
export type BundleDeltas = {
  readonly made: readonly MadeBundleDelta[];
  /** So many would save next to nothing and were left out. */
  readonly useless: number;
  /** So many could not be made, or would have taken too long. */
  readonly failed: number;
  /** How long it took. */
  readonly seconds: number;
};

/** Every device of the group reads so much more in its record for each delta, whether it needs it or not: some bytes. */
const leastSaving = 1024;
/** A delta takes memory and time to apply, so it is to save a tenth at least. */
const leastShare = 0.1;

/** More new content than this (in bytes) takes too long to compare, unless somebody says otherwise. */
const usuallyMostNewContent = 2 ** 30;

/** After these the next delta would fail the same way. */
const endsAll: readonly MessageCode[] = ['cancelled', 'disk-full'];

/**
 * Makes the deltas that are wished for and that pay, one after the other, and stores them; gives the records that name
 * them, in the order of the wishes. One that cannot be made is told as a notice, and the others are made all the same.
 * Throws `cancelled`, `disk-full`.
 */
export async function makeBundleDeltas(
  place: DeltaPlace,
  making: DeltaMaking | undefined,
  wishes: readonly DeltaWish[],
): Promise<{ readonly records: BundleRecord[]; readonly report: BundleDeltas }> {
  const started = performance.now();
  const outcomes = making === undefined ? [] : await outcomesOf(place, making, wishes);
  const made = outcomes.filter((outcome) => typeof outcome !== 'string');
  const deltasTo = (bundle: BundleRecord) =>
    made.filter(({ pair }) => pair.to === bundle).map(({ delta }) => delta);
  return {
    records: wishes.map(({ to }) => withDeltas(to, deltasTo(to))),
    report: {
      made: made.map(({ pair, delta }) => describe(pair, delta)),
      useless: outcomes.filter((outcome) => outcome === 'useless').length,
      failed: outcomes.filter((outcome) => outcome === 'failed').length,
      seconds: (performance.now() - started) / 1000,
    },
  };
}

type Ends = { readonly from: BundleRecord; readonly to: BundleRecord };

type Pair = Ends & {
  readonly objectBytes: number;
  /** Bytes of content that the older version does not have. */
  readonly newBytes: number;
};

type Made = { readonly pair: Pair; readonly delta: BundleDelta };
type Outcome = Made | 'useless' | 'failed';

function describe({ from, to, objectBytes }: Pair, { length, memory }: BundleDelta): MadeBundleDelta {
  return { id: to.id, from: from.version, to: to.version, bytes: length, objectBytes, memory };
}

function saves(bytes: number, objectBytes: number): boolean {
  return objectBytes - bytes >= Math.max(leastSaving, leastShare * objectBytes);
}

/** All are priced first, from the lists alone, so that it can be told how much there is to do. */
async function outcomesOf(
  place: DeltaPlace,
  making: DeltaMaking,
  wishes: readonly DeltaWish[],
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const wanted: Pair[] = [];
  for (const ends of wishes.flatMap(({ to, from: versions }) => versions.map((from) => ({ from, to })))) {
    const pair = await orTell(making, ends, () => priced(place, ends));
    if (pair === 'failed') outcomes.push(pair);
    else if (saves(0, pair.objectBytes)) wanted.push(pair);
    else outcomes.push('useless');
  }
  return [...outcomes, ...(await makeAll(place, making, wanted))];
}

async function priced(place: DeltaPlace, ends: Ends): Promise<Pair> {
  const [old, next] = await openSides(place, ends);
  const had = new Set(old.objects.map(({ sha256 }) => sha256));
  const missing = next.objects.filter(({ sha256 }) => !had.has(sha256));
  return {
    ...ends,
    objectBytes: costFrom(old.objects, next.objects, next.map).bytes,
    newBytes: missing.reduce((sum, { size }) => sum + size, 0),
  };
}

async function openSides(
  { store, signal }: DeltaPlace,
  { from, to }: Ends,
): Promise<readonly [old: TreeSide, next: TreeSide]> {
  return [await openTreeSide(store, from, signal), await openTreeSide(store, to, signal)];
}

async function makeAll(place: DeltaPlace, making: DeltaMaking, pairs: readonly Pair[]): Promise<Outcome[]> {
  if (pairs.length === 0) return [];
  using folder = openRunFolder(place.spoolDirectory, 'bundle-deltas');
  const spool = { ...place, spoolDirectory: folder.path };
  const total = pairs.reduce((sum, { newBytes }) => sum + newBytes, 0);
  const outcomes: Outcome[] = [];
  let before = 0;
  for (const pair of pairs) {
    const reporter = partOfWhole(making.reporter, { before, total });
    outcomes.push(await orTell(making, pair, () => makeOne(spool, { ...making, reporter }, pair)));
    before += pair.newBytes;
  }
  return outcomes;
}

/** What went wrong with one is told, unless the next would fail the same way. */
async function orTell<Result>(
  { reporter }: DeltaMaking,
  { from, to }: Ends,
  action: () => Promise<Result>,
): Promise<Result | 'failed'> {
  try {
    return await action();
  } catch (error) {
    if (!isSatchelError(error) || endsAll.includes(error.code)) throw error;
    reporter.notice('delta-not-made', { from: bundleName(from), to: bundleName(to) });
    reporter.notice(error.code, error.parameters);
    return 'failed';
  }
}

async function makeOne(
  place: DeltaPlace,
  { make, reporter, mostNewContent = usuallyMostNewContent }: DeltaMaking,
  pair: Pair,
): Promise<Outcome> {
  const { from, objectBytes, newBytes } = pair;
  const { store, spoolDirectory, signal } = place;
  if (newBytes > mostNewContent)
    throw new SatchelError('bundle-delta-too-large', {
      bytes: formatBytes(newBytes),
      limit: formatBytes(mostNewContent),
    });
  const [old, next] = await openSides(place, pair);
  const made = await make({ from: old, to: next, spoolDirectory, reporter, signal });
  try {
    if (!saves(made.length, objectBytes)) return 'useless';
    await store.put(deltaFile(made.stored), { path: made.path });
    return { pair, delta: { from: from.version, ...treeDeltaOf(made, from.index.sha256) } };
  } finally {
    made.discard();
  }
}
