import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BundleId, BundleKind } from '../repository/bundle-record.ts';
import type { Choice } from './choose-bundles.ts';
import type { HomeLayout } from './home.ts';
import { kindsElsewhere } from './home-disks.ts';
import { type HomeState, writeHomeState } from './home-state.ts';
import { placeBelowHome } from './put-in-place.ts';
import type { WaitingBundle } from './waiting-bundles.ts';

/** Remembers which bundles found no place, for `activities list`. */
export function noteWaiting(layout: HomeLayout, state: HomeState, choices: readonly Choice[]): HomeState {
  const { waiting: before = [], ...rest } = state;
  const waiting = choices.flatMap(waitingOf);
  if (JSON.stringify(waiting) === JSON.stringify(before)) return state;
  const next = waiting.length === 0 ? rest : { ...rest, waiting };
  writeHomeState(layout, next);
  return next;
}

function waitingOf(choice: Choice): WaitingBundle[] {
  if (choice.action !== 'stay' || choice.record === undefined) return [];
  const { because, by } = choice;
  if (because !== 'folder-taken' && because !== 'other-disk') return [];
  const { id, kind, version } = choice.record;
  return [{ id, kind, version, because, ...(by === undefined ? {} : { by }) }];
}

/** A bundle and where it is to lie. */
type Placing = { readonly id: BundleId; readonly kind: BundleKind; readonly folder: string };

/** Why a bundle that somebody asked for cannot be put in its place. `by`: whose folder it is; else it is on another disk. */
export function noPlace(
  { home, folders }: HomeLayout,
  placing: Placing,
  by: BundleId | undefined,
): SatchelError {
  const { id, kind } = placing;
  if (by === undefined) return new SatchelError('bundle-other-disk', { id, folder: folders[kind], home });
  return new SatchelError('bundle-folder-taken', { id, by, folder: join(home, placeBelowHome(placing)) });
}

/** Throws `bundle-folder-taken` or `bundle-other-disk` when a version of a bundle cannot be put where it belongs. */
export function requirePlace(layout: HomeLayout, { bundles }: HomeState, placing: Placing): void {
  const place = placeBelowHome(placing);
  for (const { id, removed, ...other } of bundles.values())
    if (id !== placing.id && !removed && placeBelowHome(other) === place) throw noPlace(layout, placing, id);
  if (kindsElsewhere(layout).has(placing.kind)) throw noPlace(layout, placing, undefined);
}
