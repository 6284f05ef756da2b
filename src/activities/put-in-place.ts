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
 * How versions of bundles get into their places, all in few steps, because each step waits for the disk:
 *
 * 1. the state says what is about to happen, with the inode of each tree,
 * 2. each tree is renamed to `previous/.next-<id>`,
 * 3. one rename each (an exchange, where there is a version before) puts it into its place,
 * 4. what was in each place becomes `previous/<id>`,
 * 5. the state says what is there.
 *
 * Each bundle is at every moment its old version or its new one. After a power cut the inode in each place tells whether
 * the third step was done for it: see {@link settleHome}.
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

/** Puts versions of different bundles in their places, and keeps those before for going back. */
export function putInPlace(
  layout: HomeLayout,
  state: HomeState,
  versions: readonly NextVersion[],
  clock: Clock,
): HomeState {
  if (versions.length === 0) return state;
  for (const { id } of versions) moveToTrash(layout.place, waitingPlace(layout, id));
  const pending = versions.map(pendingOf);
  const begun = { ...state, pending };
  writeHomeState(layout, begun);
  for (const { tree, id } of versions) renameTree(tree, waitingPlace(layout, id));
  syncDirectory(layout.previous);
  for (const next of pending) exchange(layout, next);
  syncEach(pending.map((next) => layout.folders[next.kind]));
  return finish(layout, begun, pending, clock);
}

function pendingOf({ tree, pinned, ...next }: NextVersion): PendingVersion {
  return { ...next, inode: inodeOf(tree) ?? '0', ...(pinned ? { pinned } : {}) };
}

/** Step three. */
function exchange(layout: HomeLayout, next: PendingVersion): void {
  const waiting = waitingPlace(layout, next.id);
  const place = placeOf(layout, next);
  withSystemErrors('mkdir', place, () => mkdirSync(dirname(place), { recursive: true, mode: 0o755 }));
  if (inodeOf(place) === undefined) renameTree(waiting, place);
  else exchangeNames(waiting, place);
}

function syncEach(folders: Iterable<string>): void {
  for (const folder of new Set(folders)) syncDirectory(folder);
}

/** Brings to its end, or takes back, what a power cut has interrupted. Nothing to do is the usual case. */
export function settleHome(layout: HomeLayout, state: HomeState, clock: Clock): HomeState {
  const { pending } = state;
  if (pending === undefined) return state;
  const isThere = (next: PendingVersion) => inodeOf(placeOf(layout, next)) === next.inode;
  const there = pending.filter(isThere);
  for (const next of pending) if (!there.includes(next)) takeBack(layout, state, next);
  return finish(layout, state, there, clock);
}

function takeBack(layout: HomeLayout, { bundles }: HomeState, { id, index }: PendingVersion): void {
  const waiting = waitingPlace(layout, id);
  const kept = previousPlace(layout, id);
  const isPrevious = bundles.get(id)?.previous?.index === index;
  // A version to go back to is the only one of its kind; one that was fetched can be fetched again.
  if (isPrevious && inodeOf(kept) === undefined && inodeOf(waiting) !== undefined) renameTree(waiting, kept);
  else moveToTrash(layout.place, waiting);
}

/** Steps four and five, for the versions that are in their places. */
function finish(
  layout: HomeLayout,
  { pending: _done, ...state }: HomeState,
  there: readonly PendingVersion[],
  clock: Clock,
): HomeState {
  const taken = new Set(there.map((next) => placeOf(layout, next)));
  const installedAt = new Date(clock()).toISOString();
  let next: HomeState = state;
  for (const { id, kind, version, folder, index, pinned } of there) {
    const before = state.bundles.get(id);
    const previous = keepBefore(layout, before, { id, kind, folder, index }, taken);
    next = withBundle(next, id, {
      ...{ id, kind, version, folder, index, installedAt },
      ...(pinned === undefined ? {} : { pinned: version }),
      ...(previous === undefined ? {} : { previous }),
    });
  }
  syncDirectory(layout.previous);
  writeHomeState(layout, next);
  return next;
}

/** Makes what was in the place the version to go back to. `taken` are the places of all that have just come. */
function keepBefore(
  layout: HomeLayout,
  before: InstalledBundle | undefined,
  next: Pick<PendingVersion, 'id' | 'kind' | 'folder' | 'index'>,
  taken: ReadonlySet<string>,
): InstalledVersion | undefined {
  const kept = previousPlace(layout, next.id);
  const waiting = waitingPlace(layout, next.id);
  const moveOut = (from: string) => {
    moveToTrash(layout.place, kept);
    renameTree(from, kept);
  };
  if (inodeOf(waiting) !== undefined) moveOut(waiting);
  else if (before !== undefined && !before.removed) {
    const old = placeOf(layout, before);
    if (!taken.has(old) && inodeOf(old) !== undefined) moveOut(old);
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

function placeOf(layout: HomeLayout, bundle: Parameters<typeof placeBelowHome>[0]): string {
  return join(layout.home, placeBelowHome(bundle));
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
