import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { startPacing } from '../device/fetch.ts';
import { emptyTrashNow } from '../device/trash.ts';
import { removeTree } from '../os/remove-tree.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import { type BundlePlan, bringBundles, planBundles } from './bring-bundles.ts';
import type { BringOptions, WantedBundle } from './bring-options.ts';
import { dropIndexes } from './bundle-lists.ts';
import { type Choice, chooseBundles, type Staying } from './choose-bundles.ts';
import { type HomeLayout, ownerOf } from './home.ts';
import { kindsElsewhere } from './home-disks.ts';
import { scanHome } from './home-scan.ts';
import { type DeviceSettings, openHomeSession } from './home-session.ts';
import { type HomeState, withBundle, writeHomeState } from './home-state.ts';
import { keptOrMissing } from './kept-before.ts';
import { lockHome } from './lock-home.ts';
import { noPlace, noteWaiting } from './note-waiting.ts';
import { type NextVersion, placeBelowHome, previousPlace, putInPlace } from './put-in-place.ts';

export type UpdateActivitiesOptions = {
  readonly layout: HomeLayout;
  readonly settings: DeviceSettings;
  /** Bundles that somebody asked for, with a version or the one of the stream; none: all. */
  readonly named: ReadonlyMap<BundleId, BundleVersion | undefined>;
  /** Bundles that stay on the version that they get. */
  readonly pin?: boolean;
  /** Says what would be done; only lists are fetched. */
  readonly dryRun: boolean;
  readonly maximumBytes?: number | undefined;
  /** Bytes of memory that applying a delta may take; what is free when absent. */
  readonly memory?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  /** Milliseconds that the source may be silent. */
  readonly patience?: number | undefined;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A bundle that was, or would be, installed. */
export type UpdatedBundle = {
  readonly id: BundleId;
  readonly from: BundleVersion | null;
  readonly to: BundleVersion;
};

/** One that stays, and why. */
export type StayingBundle = {
  readonly id: BundleId;
  readonly version: BundleVersion | null;
  readonly because: Staying;
  /** Whose folder it is. */
  readonly by?: BundleId | undefined;
};

/** What an update of activities did. */
export type ActivitiesUpdated = {
  readonly stream: StreamName;
  readonly updated: readonly UpdatedBundle[];
  readonly staying: readonly StayingBundle[];
  /** Absent when there was nothing to do. */
  readonly plan?: BundlePlan;
  /** Every byte read from sockets, headers included. */
  readonly bytesReceived: number;
  readonly requests: number;
  readonly seconds: number;
};

/**
 * Brings the bundles of a home up to date. All that is missing is fetched and verified first; then each bundle is put in
 * its place by itself. Throws `activities-running` when another process does it, `bundle-not-offered` for a named one
 * that no group has, and what bringing throws.
 */
export async function updateActivities(options: UpdateActivitiesOptions): Promise<ActivitiesUpdated> {
  const { layout, settings, clock, named } = options;
  const started = performance.now();
  const owner = ownerOf(layout);
  using locked = lockHome(layout, clock);
  const before = noteRemoved(layout, locked.state);
  const { session, groups } = await openHomeSession(layout, before, settings, options);
  try {
    const { stream } = settings;
    const home = { state: before, found: scanHome(layout), elsewhere: kindsElsewhere(layout) };
    const choices = chooseBundles({ groups, stream, named, ...home });
    requireOffered(choices, options, session.store.location);
    const isWhole = named.size === 0 && !options.dryRun;
    const state = isWhole ? noteWaiting(layout, before, choices) : before;
    const wanted = choices.filter(isInstall).filter(({ id }) => named.size === 0 || named.has(id));
    const bring = { ...options, owner, session, wanted, pace: startPacing(options.bytesPerSecond) };
    // What an update that was killed at its last step has left is of no use any more.
    if (wanted.length === 0 && named.size === 0) session.spool.clear();
    const plan = wanted.length === 0 ? undefined : await carryOut(bring, state);
    return {
      stream,
      updated: wanted.map(({ id, from, record }) => ({
        id,
        from: from?.version ?? null,
        to: record.version,
      })),
      staying: choices.flatMap((choice) => (choice.action === 'stay' ? [stayingOf(choice)] : [])),
      ...(plan === undefined ? {} : { plan }),
      ...session.counters(),
      seconds: (performance.now() - started) / 1000,
    };
  } finally {
    await session.close();
  }
}

type Bringing = BringOptions & UpdateActivitiesOptions;

async function carryOut(options: Bringing, state: HomeState): Promise<BundlePlan> {
  const { layout, session, owner } = options;
  const { kept, missing } = keptOrMissing(layout, owner, options.wanted);
  const bring = { ...options, wanted: missing };
  if (options.dryRun) return missing.length === 0 ? nothingToBring : planBundles(bring);
  const brought = missing.length === 0 ? undefined : await bringBundles(bring);
  const versions = [
    ...kept.map(({ record }) => nextVersion(options, state, record, previousPlace(layout, record.id))),
    ...missing.map(({ record }) => nextVersion(options, state, record, brought!.treeOf(record))),
  ];
  const next = putInPlace(layout, state, versions, options.clock);
  session.spool.clear();
  if (brought !== undefined) removeTree(brought.folder);
  dropIndexes(layout, next);
  emptyTrashNow(layout.place);
  return brought?.plan ?? nothingToBring;
}

const nothingToBring: BundlePlan = { bytes: 0, requests: 0, disk: 0, byDelta: 0 };

function nextVersion(
  { pin = false }: Bringing,
  { bundles }: HomeState,
  { id, kind, version, folder, index }: WantedBundle['record'],
  tree: string,
): NextVersion {
  const pinned = pin || bundles.get(id)?.pinned !== undefined;
  return {
    id,
    kind,
    version,
    folder,
    index: index.sha256,
    tree,
    pinned,
  };
}

/** What was installed and is not there any more was taken away by the user, and does not come back by itself. */
function noteRemoved(layout: HomeLayout, state: HomeState): HomeState {
  const there = new Set(scanHome(layout).map(placeBelowHome));
  let next = state;
  for (const [id, bundle] of state.bundles) {
    if (bundle.removed || there.has(placeBelowHome(bundle))) continue;
    const { pinned: _pinned, ...rest } = bundle;
    next = withBundle(next, id, { ...rest, removed: true });
  }
  if (next !== state) writeHomeState(layout, next);
  return next;
}

function isInstall(choice: Choice): choice is Extract<Choice, { action: 'install' }> {
  return choice.action === 'install';
}

function stayingOf({
  id,
  installed,
  because,
  by,
}: Extract<Choice, { readonly action: 'stay' }>): StayingBundle {
  return { id, version: installed?.version ?? null, because, ...(by === undefined ? {} : { by }) };
}

function requireOffered(
  choices: readonly Choice[],
  { layout, named }: Pick<UpdateActivitiesOptions, 'layout' | 'named'>,
  source: string,
): void {
  for (const choice of choices) {
    if (!named.has(choice.id) || choice.action === 'install') continue;
    const version = named.get(choice.id);
    const name = version === undefined ? choice.id : `${choice.id}-${version}`;
    if (choice.record === undefined) throw new SatchelError('bundle-not-offered', { name, source });
    if (choice.because === 'by-hand') throw new SatchelError('bundle-by-hand', { id: choice.id });
    if (choice.because === 'folder-taken' || choice.because === 'other-disk')
      throw noPlace(layout, choice.record, choice.by);
  }
}
