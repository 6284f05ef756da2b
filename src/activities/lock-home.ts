import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { emptyTrashNow } from '../device/trash.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { tryLock } from '../os/file-lock.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { type HomeLayout, prepareHome } from './home.ts';
import { type HomeState, readHomeState } from './home-state.ts';
import { settleHome } from './put-in-place.ts';

/** A home that nobody else changes now, in order, with what is remembered of it. Release it at the end. */
export type LockedHome = Disposable & { readonly state: HomeState };

/**
 * Takes the lock of a home, brings to its end what a power cut has interrupted, and removes what killed processes left.
 * Throws `activities-running` when another process has it.
 */
export function lockHome(layout: HomeLayout, clock: Clock): LockedHome {
  prepareHome(layout);
  const { place } = layout;
  const lock = tryLock(place.lock);
  if (lock === undefined) throw new SatchelError('activities-running', { home: layout.home });
  try {
    const state = settleHome(layout, readHomeState(layout), clock);
    for (const folder of [place.own, place.trust, join(place.trust, 'targets'), place.indexes, place.usage])
      removeTemporaries(folder);
    for (const name of listIfThere(place.stage)) removeTree(join(place.stage, name));
    emptyTrashNow(place);
    return { state, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}
