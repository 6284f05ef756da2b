import { existsSync, lstatSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SiteLayout } from './layout.ts';
import { createIntervals } from './pull-intervals.ts';
import { hashedName } from './pull-name.ts';
import { bootId, journalPath, partPath } from './pull-part-file.ts';
import { journalHead } from './pull-part-journal.ts';

type Folders = Pick<SiteLayout, 'frames' | 'partial'>;

const damagedEnding = '.damaged';

/**
 * Takes a damaged file out of the repository. A pack becomes one that has been received and is to be proven frame by
 * frame, so that only what is damaged comes again; anything else is kept until the next start, for whoever wonders.
 */
export function setAsideDamaged({ frames, partial }: Folders, name: string, path: string): void {
  const hashed = hashedName(name);
  withSystemErrors('rename', path, () => {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (hashed === undefined || found.isDirectory()) {
      rmSync(path, { recursive: true, force: true });
      return;
    }
    const isReusable = hashed.isPack && found.isFile() && !existsSync(journalPath(frames, hashed.key));
    const folder = isReusable ? frames : partial;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!isReusable) {
      renameSync(path, join(partial, `${hashed.key}${damagedEnding}`));
      return;
    }
    renameSync(path, partPath(frames, hashed.key));
    const received = createIntervals([{ start: 0, end: found.size }]);
    const head = journalHead({ name, size: found.size, received, boot: bootId() });
    writeFileAtomic(journalPath(frames, hashed.key), head, { mode: 0o600 });
  });
}

/** Removes the files that earlier processes found damaged. */
export function removeDamaged({ partial }: Folders): void {
  for (const file of listIfThere(partial))
    if (file.endsWith(damagedEnding)) rmSync(join(partial, file), { force: true });
}

/** Removes what is kept of a file that is not here as a whole. True when there was something. */
export function removeParts({ frames, partial }: Folders, name: string): boolean {
  const hashed = hashedName(name);
  if (hashed === undefined) return false;
  const paths = [frames, partial].flatMap((folder) => [
    journalPath(folder, hashed.key),
    partPath(folder, hashed.key),
  ]);
  const present = paths.filter((path) => existsSync(path));
  for (const path of present) withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
  return present.length > 0;
}
