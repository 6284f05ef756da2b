import type { StreamName } from '../base/identifiers.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import { type BundleVersion, compareBundleVersions } from '../repository/bundle-version.ts';
import type { BundleRecord, GroupRecord } from '../repository/group-record.ts';
import type { FoundBundle } from './home-scan.ts';
import type { HomeState, InstalledBundle } from './home-state.ts';

/** The stream whose versions are for everybody whose own stream has none. */
const everybody = 'stable' as StreamName;

/** What is known when it is decided what a home should have. */
export type Choosing = {
  readonly groups: readonly GroupRecord[];
  readonly stream: StreamName;
  readonly state: HomeState;
  readonly found: readonly FoundBundle[];
  /** Bundles that somebody asked for by name, with a version or the one of the stream. */
  readonly named: ReadonlyMap<BundleId, BundleVersion | undefined>;
};

/** Why a bundle stays as it is. */
export type Staying = 'current' | 'pinned' | 'newer' | 'removed' | 'by-hand' | 'optional' | 'not-offered';

/** What happens to one bundle. */
export type Choice =
  | {
      readonly action: 'install';
      readonly id: BundleId;
      readonly record: BundleRecord;
      /** What is there of it now, ours and unchanged as far as it says itself. */
      readonly from?: InstalledBundle | undefined;
    }
  | {
      readonly action: 'stay';
      readonly id: BundleId;
      readonly because: Staying;
      readonly installed?: InstalledBundle | undefined;
      readonly record?: BundleRecord | undefined;
    };

/** Decides for every bundle that is offered or installed, in order of the ids. Pure: the same everywhere. */
export function chooseBundles(choosing: Choosing): Choice[] {
  const { groups, state, named } = choosing;
  const offered = groups.flatMap(({ bundles }) => bundles.map(({ id }) => id));
  const ids = new Set([...offered, ...state.bundles.keys(), ...named.keys()]);
  return [...ids].sort().map((id) => chooseOne(choosing, id));
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
  { found, groups }: Choosing,
  id: BundleId,
  known: InstalledBundle | undefined,
): 'ours' | 'by-hand' | 'free' {
  const offered = groups.flatMap(({ bundles }) => bundles.filter((each) => each.id === id));
  const isWanted = (each: FoundBundle) =>
    offered.some(({ kind, folder }) => each.kind === kind && each.folder === folder);
  let place: 'ours' | 'free' = 'free';
  for (const each of found) {
    const isOurs =
      known !== undefined && !known.removed && each.kind === known.kind && each.folder === known.folder;
    if (isOurs) {
      // Sugar's own updater, or a person, may have put another version there.
      if (each.version !== undefined && (each.id !== id || each.version !== known.version)) return 'by-hand';
      place = 'ours';
    } else if (each.id === id || isWanted(each)) return 'by-hand';
  }
  return place;
}

/** The version of the device's stream, else the one for everybody; of several groups the newest. */
function ofStream({ groups, stream }: Choosing, id: BundleId): BundleRecord | undefined {
  for (const name of new Set([stream, everybody])) {
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
