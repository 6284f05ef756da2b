import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { withSystemErrors } from '../os/system-error.ts';
import { type DirectoryStore, openDirectoryStore } from '../store/directory.ts';
import { initialiseTrust } from '../trust/initialise.ts';
import { openKeyDirectory } from '../trust/keys.ts';
import { metadataFile } from '../trust/names.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { defaultLimits } from '../trust/roles.ts';
import { dropLock } from './drop-lock.ts';
import type { DropContext } from './drop-options.ts';

/** Builds that only rsync clients of this machine get. */
export type OwnBuilds = {
  /** Their repository's directory, and the same as a store. */
  readonly repository: string;
  readonly store: DirectoryStore;
};

/** Such builds with all that is needed to add some: {@link DropContext} without what differs from call to call. */
export type OwnBuildsContext = OwnBuilds &
  Pick<DropContext, 'spoolDirectory' | 'keys' | 'clock' | 'keepRequest'>;

/**
 * Opens the repository of the builds that a site got in its drop directory, and makes it when there is none. A site has
 * no keys of its origin, so what it was given by hand never becomes part of what devices trust: this repository lies in
 * the rsync directory, is served to nobody, and its keys, made here, are believed by nobody. Trees for rsync clients are
 * made from it. The caller closes the store. Throws `cancelled` and what the disk says.
 */
export async function openOwnBuilds(
  options: Pick<DropContext, 'layout' | 'clock' | 'reporter' | 'signal'>,
): Promise<OwnBuildsContext> {
  const { layout, clock, reporter, signal } = options;
  for (const path of [layout.own, layout.ownKeys])
    withSystemErrors('mkdir', path, () => mkdirSync(path, { recursive: true, mode: 0o700 }));
  const store = openDirectoryStore(layout.own);
  const keys = openKeyDirectory(layout.ownKeys, clock, reporter);
  const isMade = async () =>
    (await readIfThere(store, metadataFile('timestamp'), { limit: defaultLimits.timestamp, signal })) !==
    undefined;
  if (!(await isMade())) {
    using _lock = await dropLock(options);
    if (!(await isMade())) await initialiseTrust({ store, keys, clock, ...(signal && { signal }) });
  }
  return {
    ...{ repository: layout.own, store, keys, clock },
    spoolDirectory: join(layout.own, '.spool'),
    keepRequest() {
      throw new Error('every key of this repository is here');
    },
  };
}
