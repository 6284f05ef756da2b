import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { overlayLowers } from '../os/overlay-lowers.ts';
import { renameTree } from '../os/rename-tree.ts';
import { exchangeNames } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { readBootFacts } from './boot-facts.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import { moveToTrash } from './trash.ts';

/** What the kernel calls this boot: the same until it starts again. */
function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/**
 * True when the untouched tree of a version is below an overlay that is mounted, so that nothing in it may change until
 * the next boot. In doubt (an overlay over a tree of the same name elsewhere) it is true too, which does no harm.
 */
export function isMountedLower(layout: DeviceLayout, name: BuildName): boolean {
  const facts = readBootFacts(layout);
  if (facts?.mode === 'overlay' && facts.build === name) return true;
  const tree = pristineTree(layout, name);
  return overlayLowers().some((lower) => {
    // The path may be from a root that is not ours any more: then its end tells.
    if (`/${lower}`.endsWith(`/${basename(layout.pristine)}/${name}`)) return true;
    return isSameInode(lower, tree);
  });
}

function isSameInode(one: string, other: string): boolean {
  const [first, second] = [one, other].map((path) => {
    try {
      return statSync(path, { bigint: true, throwIfNoEntry: false });
    } catch {
      return undefined;
    }
  });
  return first !== undefined && first.ino === second?.ino && first.dev === second.dev;
}

/**
 * Puts a complete tree, on the disk already, in the place of a version's and keeps the one that was there until the
 * next boot, in one step: at no moment is there none, or half of one. The path at which the old one lies.
 */
export function exchangeHeld(layout: DeviceLayout, name: BuildName, fresh: string): string {
  const folder = join(layout.held, bootId());
  const place = join(folder, `${name}.${randomBytes(8).toString('hex')}`);
  const tree = pristineTree(layout, name);
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  syncDirectory(layout.held);
  // There first: a stop after the exchange must not leave the tree that is in use where stages are thrown away.
  renameTree(fresh, place);
  exchangeNames(place, tree);
  syncDirectory(layout.pristine);
  syncDirectory(folder);
  return place;
}

/**
 * Takes the trees out of the way that were held for a boot which is over: nothing shows them any more. What is moved
 * to the trash is deleted by `emptyTrash`. The caller holds the device lock.
 */
export function releaseHeld(layout: DeviceLayout): void {
  const present = bootId();
  for (const name of listIfThere(layout.held))
    if (name !== present) moveToTrash(layout, join(layout.held, name));
}
