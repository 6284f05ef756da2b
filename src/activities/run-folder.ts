import { lstatSync, mkdirSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, systemClock } from '../base/clock.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';

/** A folder that belongs to one run of a program; disposing removes it with all that is in it. */
export type RunFolder = Disposable & { readonly path: string };

/** Nothing takes so long, in milliseconds. */
const longestRun = 7 * 24 * 60 * 60 * 1000;

/**
 * Makes a folder of its own below another, so that runs that go on at the same time do not meet; and removes what runs
 * of the same kind left that were killed long ago.
 */
export function openRunFolder(directory: string, kind: string, clock: Clock = systemClock): RunFolder {
  const path = withSystemErrors('mkdir', directory, () => {
    mkdirSync(directory, { recursive: true });
    return mkdtempSync(join(directory, `${kind}.`));
  });
  for (const name of listIfThere(directory)) {
    const found = lstatSync(join(directory, name), { throwIfNoEntry: false });
    if (name.startsWith(`${kind}.`) && found !== undefined && clock() - found.mtimeMs > longestRun)
      removeTree(join(directory, name));
  }
  return { path, [Symbol.dispose]: () => removeTree(path) };
}
