import { lstatSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { moveToTrash } from '../device/trash.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { renameTree } from '../os/rename-tree.ts';
import { exchangeNames } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { BundleId, BundleKind } from '../repository/bundle-record.ts';
import { type HomeLayout, kindFolders } from './home.ts';
import {
  type HomeState,
  type InstalledBundle,
  type InstalledVersion,
  type PendingVersion,
  withBundle,
  writeHomeState,
} from './home-state.ts';

/**
 * How a version of a bundle gets into its place:
 *
 * 1. the state says what is about to happen, with the inode of its tree,
 * 2. that tree is renamed to `previous/.next-<id>`,
 * 3. one rename (an exchange, where there is a version before) puts it into its place,
 * 4. what was there becomes `previous/<id>`,
 * 5. the state says what is there.
 *
 * After a power cut the inode in the place tells whether the third step was done: see {@link settleHome}.
 */

/** A version that is to be in its place, with its tree. */
export type NextVersion = InstalledVersion & {
  readonly id: BundleId;
  readonly kind: BundleKind;
  /** Where its tree is now, in the same home. */
  readonly tree: string;
  /** True: this user stays on it. */
  readonly pinned: boolean;
};

/** Where a bundle lies below the home: `Activities/Maze.activity`. */
export function placeBelowHome({
  kind,
  folder,
}: {
  readonly kind: BundleKind;
  readonly folder: string;
}): string {
  return `${kindFolders[kind]}/${folder}`;
}

/** Puts a version in its place, and keeps the one before for going back. */
export function putInPlace(
  layout: HomeLayout,
  state: HomeState,
  { tree, pinned, ...next }: NextVersion,
  clock: Clock,
): HomeState {
  const waiting = waitingPlace(layout, next.id);
  moveToTrash(layout.place, waiting);
  const inode = inodeOf(tree) ?? '0';
  const pending: PendingVersion = { ...next, inode, ...(pinned ? { pinned } : {}) };
  const begun = { ...state, pending };
  writeHomeState(layout, begun);
  renameTree(tree, waiting);
  syncDirectory(layout.previous);
  const place = join(layout.home, placeBelowHome(next));
  withSystemErrors('mkdir', place, () => mkdirSync(dirname(place), { recursive: true, mode: 0o755 }));
  if (inodeOf(place) === undefined) renameTree(waiting, place);
  else exchangeNames(waiting, place);
  syncDirectory(dirname(place));
  return finish(layout, begun, pending, clock);
}

/** Brings to its end, or takes back, what a power cut has interrupted. Nothing to do is the usual case. */
export function settleHome(layout: HomeLayout, state: HomeState, clock: Clock): HomeState {
  const { pending, ...rest } = state;
  if (pending === undefined) return state;
  if (inodeOf(join(layout.home, placeBelowHome(pending))) === pending.inode)
    return finish(layout, state, pending, clock);
  const waiting = waitingPlace(layout, pending.id);
  const isPrevious = rest.bundles.get(pending.id)?.previous?.index === pending.index;
  // A version to go back to is the only one of its kind; one that was fetched can be fetched again.
  if (
    isPrevious &&
    inodeOf(previousPlace(layout, pending.id)) === undefined &&
    inodeOf(waiting) !== undefined
  )
    renameTree(waiting, previousPlace(layout, pending.id));
  else moveToTrash(layout.place, waiting);
  writeHomeState(layout, rest);
  return rest;
}

/** Steps four and five. */
function finish(layout: HomeLayout, state: HomeState, pending: PendingVersion, clock: Clock): HomeState {
  const { id, kind, version, folder, index, pinned } = pending;
  const before = state.bundles.get(id);
  const previous = keepBefore(layout, before, pending);
  const installed: InstalledBundle = {
    ...{ id, kind, version, folder, index, installedAt: new Date(clock()).toISOString() },
    ...(pinned === undefined ? {} : { pinned: version }),
    ...(previous === undefined ? {} : { previous }),
  };
  const { pending: _done, ...rest } = state;
  const next = withBundle(rest, id, installed);
  writeHomeState(layout, next);
  return next;
}

/** Makes what was in the place the version to go back to. */
function keepBefore(
  layout: HomeLayout,
  before: InstalledBundle | undefined,
  next: PendingVersion,
): InstalledVersion | undefined {
  const kept = previousPlace(layout, next.id);
  const waiting = waitingPlace(layout, next.id);
  const moveOut = (from: string) => {
    moveToTrash(layout.place, kept);
    renameTree(from, kept);
    syncDirectory(layout.previous);
  };
  if (inodeOf(waiting) !== undefined) moveOut(waiting);
  else if (before !== undefined && !before.removed && placeBelowHome(before) !== placeBelowHome(next)) {
    const old = join(layout.home, placeBelowHome(before));
    if (inodeOf(old) !== undefined) moveOut(old);
  }
  if (before === undefined || before.removed || inodeOf(kept) === undefined) return undefined;
  // Finished twice: the state names the new version already.
  if (before.index === next.index) return before.previous;
  return { version: before.version, folder: before.folder, index: before.index };
}

/** True when the version before of a bundle is there to go back to. */
export function hasPrevious(layout: HomeLayout, { id, previous }: InstalledBundle): boolean {
  return previous !== undefined && inodeOf(previousPlace(layout, id)) !== undefined;
}

/** Where the version before of a bundle is kept. */
export function previousPlace({ previous }: HomeLayout, id: BundleId): string {
  return join(previous, id);
}

/** Ids begin with a letter or digit, so no bundle is kept by such a name. */
function waitingPlace({ previous }: HomeLayout, id: BundleId): string {
  return join(previous, `.next-${id}`);
}

function inodeOf(path: string): string | undefined {
  const found = withSystemErrors('lstat', path, () =>
    lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  );
  return found?.ino.toString();
}
