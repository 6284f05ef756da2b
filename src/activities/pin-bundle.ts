import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { removeTree } from '../os/remove-tree.ts';
import type { BundleId } from '../repository/bundle-record.ts';
import type { BundleVersion } from '../repository/bundle-version.ts';
import type { GroupName } from '../repository/group-record.ts';
import type { HomeLayout } from './home.ts';
import { type HomeState, type InstalledBundle, withBundle, writeHomeState } from './home-state.ts';
import { lockHome } from './lock-home.ts';
import { requirePlace } from './note-waiting.ts';
import { hasPrevious, placeBelowHome, previousPlace, putInPlace } from './put-in-place.ts';

/** Keeps a bundle on the version that is there. Throws `bundle-not-installed`, `activities-running`. */
export function pinBundle(layout: HomeLayout, id: BundleId, clock: Clock): BundleVersion {
  return change(layout, id, clock, (state, bundle) => {
    writeHomeState(layout, withBundle(state, id, { ...bundle, pinned: bundle.version }));
    return bundle.version;
  });
}

/** Lets a bundle follow its stream again. */
export function unpinBundle(layout: HomeLayout, id: BundleId, clock: Clock): BundleVersion {
  return change(layout, id, clock, (state, { pinned: _pinned, ...bundle }) => {
    writeHomeState(layout, withBundle(state, id, bundle));
    return bundle.version;
  });
}

/** What going back did. */
export type WentBack = { readonly from: BundleVersion; readonly to: BundleVersion };

/**
 * Puts the version before of a bundle in its place, in one step, and keeps the present one for coming back. It is pinned
 * from now on: the next update would undo it otherwise. Throws `bundle-not-installed`, `bundle-nothing-before`,
 * `bundle-folder-taken`, `bundle-other-disk`.
 */
export function rollBackBundle(layout: HomeLayout, id: BundleId, clock: Clock): WentBack {
  return change(layout, id, clock, (state, bundle) => {
    const { previous, kind } = bundle;
    if (previous === undefined || !hasPrevious(layout, bundle))
      throw new SatchelError('bundle-nothing-before', { id });
    requirePlace(layout, state, { id, kind, folder: previous.folder });
    const tree = previousPlace(layout, id);
    putInPlace(layout, state, [{ ...previous, id, kind, tree, pinned: true }], clock);
    return { from: bundle.version, to: previous.version };
  });
}

/** Takes a bundle away, with what is kept of it; it does not come back by itself. */
export function removeBundle(layout: HomeLayout, id: BundleId, clock: Clock): BundleVersion {
  return change(layout, id, clock, (state, { pinned: _pinned, previous: _previous, ...bundle }) => {
    writeHomeState(layout, withBundle(state, id, { ...bundle, removed: true }));
    removeTree(join(layout.home, placeBelowHome(bundle)));
    removeTree(previousPlace(layout, id));
    return bundle.version;
  });
}

/** Follows these groups from now on; none: the default one. */
export function followGroups(layout: HomeLayout, groups: readonly GroupName[], clock: Clock): void {
  locked(layout, clock, ({ groups: _before, ...state }) =>
    writeHomeState(layout, groups.length === 0 ? state : { ...state, groups }),
  );
}

function change<Result>(
  layout: HomeLayout,
  id: BundleId,
  clock: Clock,
  action: (state: HomeState, bundle: InstalledBundle) => Result,
): Result {
  return locked(layout, clock, (state) => {
    const bundle = state.bundles.get(id);
    if (bundle === undefined || bundle.removed) throw new SatchelError('bundle-not-installed', { id });
    return action(state, bundle);
  });
}

function locked<Result>(layout: HomeLayout, clock: Clock, action: (state: HomeState) => Result): Result {
  using home = lockHome(layout, clock);
  return action(home.state);
}
