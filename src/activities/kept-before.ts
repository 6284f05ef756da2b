import type { WantedBundle } from './bring-options.ts';
import { keptIndex } from './bundle-lists.ts';
import type { HomeLayout, Owner } from './home.ts';
import { baseOfBundle } from './installed-base.ts';
import { hasPrevious, previousPlace } from './put-in-place.ts';

/** Wanted bundles whose version is the one that is kept for going back, and all others. */
export type KeptOrMissing = {
  readonly kept: readonly WantedBundle[];
  readonly missing: readonly WantedBundle[];
};

/**
 * Finds the bundles that need only be put in their places again: after going back from a version of many gigabytes, it
 * lies there, and there may be no room for it twice.
 */
export function keptOrMissing(
  layout: HomeLayout,
  owner: Owner,
  wanted: readonly WantedBundle[],
): KeptOrMissing {
  const kept = wanted.filter((bundle) => isKept(layout, owner, bundle));
  return { kept, missing: wanted.filter((bundle) => !kept.includes(bundle)) };
}

function isKept(layout: HomeLayout, owner: Owner, { record, from }: WantedBundle): boolean {
  if (from === undefined || from.previous?.index !== record.index.sha256) return false;
  if (from.previous.folder !== record.folder || from.kind !== record.kind) return false;
  const entries = hasPrevious(layout, from) ? keptIndex(layout, record.index.sha256) : undefined;
  if (entries === undefined) return false;
  const tree = previousPlace(layout, from.id);
  // Of content it is asked that times and owners are right too, and here of everything.
  const base = baseOfBundle({ ...from, kind: 'content' }, tree, entries.ownedBy(owner));
  for (let number = 0; number < entries.length; number += 1) {
    const { type } = entries.at(number)!;
    // Programs leave files of their own beside what came, which changes the times of directories.
    const isRight = type === 'directory' ? ['clean', 'content-right'] : ['clean'];
    if (type !== 'hardlink' && !isRight.includes(base.check(number))) return false;
  }
  return true;
}
