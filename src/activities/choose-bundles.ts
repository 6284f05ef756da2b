import type { StreamName } from '../base/identifiers.ts';
import type { BundleId, BundleKind } from '../repository/bundle-record.ts';
import { type BundleVersion, compareBundleVersions } from '../repository/bundle-version.ts';
import { type BundleRecord, everybodysStream, type GroupRecord } from '../repository/group-record.ts';
import type { FoundBundle } from './home-scan.ts';
import type { HomeState, InstalledBundle } from './home-state.ts';
import { placeBelowHome } from './put-in-place.ts';

/** What is known when it is decided what a home should have. */
export type Choosing = {
  readonly groups: readonly GroupRecord[];
  readonly stream: StreamName;
  readonly state: HomeState;
  readonly found: readonly FoundBundle[];
  /** Bundles that somebody asked for by name, with a version or the one of the stream. */
  readonly named: ReadonlyMap<BundleId, BundleVersion | undefined>;
  /** Kinds whose folders lie on another disk than the home. */
  readonly elsewhere: ReadonlySet<BundleKind>;
};

/** Why a bundle stays as it is. */
export type Staying =
  | 'current'
  | 'pinned'
  | 'newer'
  | 'removed'
  | 'by-hand'
  | 'optional'
  | 'not-offered'
  | 'folder-taken'
  | 'other-disk';

/** A bundle that is brought. */
export type Installing = {
  readonly action: 'install';
  readonly id: BundleId;
  readonly record: BundleRecord;
  /** What is there of it now, ours and unchanged as far as it says itself. */
  readonly from?: InstalledBundle | undefined;
};

/** What happens to one bundle. */
export type Choice =
  | Installing
  | {
      readonly action: 'stay';
      readonly id: BundleId;
      readonly because: Staying;
      readonly installed?: InstalledBundle | undefined;
      readonly record?: BundleRecord | undefined;
      /** Whose folder it is. */
      readonly by?: BundleId | undefined;
    };

/**
 * Decides for every bundle that is offered or installed, in order of the ids. Pure: the same everywhere. Of bundles that
 * want one folder, which different groups may offer, one gets it.
 */
export function chooseBundles(choosing: Choosing): Choice[] {
  const { groups, state, named } = choosing;
  const offered = groups.flatMap(({ bundles }) => bundles.map(({ id }) => id));
  const ids = new Set([...offered, ...state.bundles.keys(), ...named.keys()]);
  const choices = [...ids].sort().map((id) => chooseOne(choosing, id));
  const holders = holdersOf(choosing, choices);
  return choices.map((choice) =>
    choice.action === 'install' ? withPlace(choosing, holders, choice) : choice,
  );
}

/** Who has each folder: what lies there, then what was asked for by name, then the one that is first by its id. */
function holdersOf({ state, named }: Choosing, choices: readonly Choice[]): ReadonlyMap<string, BundleId> {
  const holders = new Map<string, BundleId>();
  const hold = (place: string, id: BundleId) => {
    if (!holders.has(place)) holders.set(place, id);
  };
  const installed = [...state.bundles.values()].filter(({ removed }) => !removed);
  for (const bundle of installed.sort((one, other) => (one.id < other.id ? -1 : 1)))
    hold(placeBelowHome(bundle), bundle.id);
  const coming = choices.filter(({ action }) => action === 'install') as Installing[];
  for (const isNamed of [true, false])
    for (const { id, record } of coming) if (named.has(id) === isNamed) hold(placeBelowHome(record), id);
  return holders;
}

function withPlace(
  { elsewhere }: Choosing,
  holders: ReadonlyMap<string, BundleId>,
  choice: Installing,
): Choice {
  const { id, record, from: installed } = choice;
  const by = holders.get(placeBelowHome(record));
  if (by !== id) return { action: 'stay', id, because: 'folder-taken', installed, record, by };
  if (!elsewhere.has(record.kind)) return choice;
  return { action: 'stay', id, because: 'other-disk', installed, record };
}

function chooseOne(choosing: Choosing, id: BundleId): Choice {
  const { state, named } = choosing;
  const known = state.bundles.get(id);
  const place = placeOf(choosing, id, known);
  const wanted = named.get(id) ?? known?.pinned;
  const record = wanted === undefined ? ofStream(choosing, id) : versionOf(choosing, id, wanted);
  const installed = place === 'ours' ? known : undefined;
  const stay = (because: Staying): Choice => ({ action: 'stay', id, because, installed, record });
  if (place === 'by-hand') return stay('by-hand');
  if (record === undefined) return stay(known?.pinned === undefined ? 'not-offered' : 'pinned');
  if (installed !== undefined) {
    if (installed.index === record.index.sha256) return stay(known?.pinned ? 'pinned' : 'current');
    const isBack = compareBundleVersions(record.version, installed.version) < 0;
    if (wanted === undefined && isBack) return stay('newer');
    return { action: 'install', id, record, from: installed };
  }
  if (named.has(id)) return { action: 'install', id, record };
  if (known !== undefined) return stay('removed');
  return record.optional ? stay('optional') : { action: 'install', id, record };
}

/** Whose the folder of a bundle is: ours as we left it, put there or changed by hand, or nobody's. */
function placeOf(
  { found, groups, state }: Choosing,
  id: BundleId,
  known: InstalledBundle | undefined,
): 'ours' | 'by-hand' | 'free' {
  const offered = groups.flatMap(({ bundles }) => bundles.filter((each) => each.id === id));
  const isWanted = (each: FoundBundle) =>
    offered.some(({ kind, folder }) => each.kind === kind && each.folder === folder);
  const isOfAnother = (each: FoundBundle) =>
    [...state.bundles.values()].some(
      (bundle) => bundle.id !== id && !bundle.removed && placeBelowHome(bundle) === placeBelowHome(each),
    );
  let place: 'ours' | 'free' = 'free';
  for (const each of found) {
    const isOurs =
      known !== undefined && !known.removed && each.kind === known.kind && each.folder === known.folder;
    if (isOurs) {
      // Sugar's own updater, or a person, may have put another version there.
      if (each.version !== undefined && (each.id !== id || each.version !== known.version)) return 'by-hand';
      place = 'ours';
    } else if (each.id === id || (isWanted(each) && !isOfAnother(each))) return 'by-hand';
  }
  return place;
}

/** The version of the device's stream, else the one for everybody; of several groups the newest. */
function ofStream({ groups, stream }: Choosing, id: BundleId): BundleRecord | undefined {
  for (const name of new Set([stream, everybodysStream])) {
    const heads = groups.flatMap(({ bundles }) =>
      bundles.filter((each) => each.id === id && each.streams.includes(name)),
    );
    const [newest] = heads.toSorted((one, other) => compareBundleVersions(other.version, one.version));
    if (newest !== undefined) return newest;
  }
  return undefined;
}

function versionOf({ groups }: Choosing, id: BundleId, version: BundleVersion): BundleRecord | undefined {
  const all = groups.flatMap(({ bundles }) => bundles);
  return all.find((each) => each.id === id && each.version === version);
}
