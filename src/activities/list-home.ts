import type { BundleId, BundleKind, Texts } from '../repository/bundle-record.ts';
import type { HomeLayout } from './home.ts';
import { namesOfFolder, scanHome } from './home-scan.ts';
import { readHomeState } from './home-state.ts';
import { hasPrevious, placeBelowHome } from './put-in-place.ts';
import type { WaitingBundle } from './waiting-bundles.ts';

/** A bundle in a home. */
export type ListedBundle = {
  readonly id: string;
  readonly kind: BundleKind;
  readonly version: string | null;
  /** Where it lies below the home; null for one that was removed. */
  readonly place: string | null;
  /** As its folder says them. */
  readonly names: Texts;
  /**
   * `ours`: installed and looked after; `by-hand`: left alone; `removed`: does not come back by itself; `folder-taken`,
   * `other-disk`: offered, and without a place.
   */
  readonly state: 'ours' | 'by-hand' | 'removed' | WaitingBundle['because'];
  /** Whose folder it is. */
  readonly by?: BundleId | undefined;
  readonly pinned: boolean;
  /** The version that one can go back to. */
  readonly previous: string | null;
};

/** What is in a home, by its folders and by what is remembered; nothing is fetched. In order of the ids. */
export function listHome(layout: HomeLayout): ListedBundle[] {
  const { bundles, waiting = [] } = readHomeState(layout);
  const listed = new Map<string, ListedBundle>();
  const places = new Map([...bundles.values()].map((bundle) => [placeBelowHome(bundle), bundle]));
  for (const found of scanHome(layout)) {
    const place = placeBelowHome(found);
    const known = places.get(place);
    const isOurs =
      known !== undefined &&
      !known.removed &&
      (found.version === undefined || (found.id === known.id && found.version === known.version));
    const id = isOurs ? known.id : (found.id ?? found.folder);
    listed.set(place, {
      ...{ id, kind: found.kind, version: isOurs ? known.version : (found.version ?? null), place },
      names: namesOfFolder(layout, found),
      state: isOurs ? 'ours' : 'by-hand',
      pinned: isOurs && known.pinned !== undefined,
      previous: isOurs && hasPrevious(layout, known) ? known.previous!.version : null,
    });
  }
  const gone = [...bundles.values()].filter((bundle) => !listed.has(placeBelowHome(bundle)));
  for (const { id, kind, version } of gone)
    listed.set(id, {
      ...{ id, kind, version, place: null, names: { '': id } },
      ...{ state: 'removed', pinned: false, previous: null },
    });
  const shown = new Set([...listed.values()].map(({ id }) => id));
  for (const { because: state, ...bundle } of waiting.filter(({ id }) => !shown.has(id)))
    listed.set(bundle.id, {
      ...{ ...bundle, state, place: null, names: { '': bundle.id }, pinned: false, previous: null },
    });
  return [...listed.values()].sort((one, other) => (one.id < other.id ? -1 : one.id > other.id ? 1 : 0));
}
