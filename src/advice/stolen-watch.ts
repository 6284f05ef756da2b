import { statSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { openCatalog } from '../repository/catalog.ts';
import type { Store } from '../store/store.ts';
import { metadataFile } from '../trust/names.ts';
import { isStolen, readStolen, type StolenList } from './stolen.ts';

/** Knows which laptops a repository on this disk calls stolen, at any moment. */
export type StolenWatch = { isStolen(serial: string): Promise<boolean> };

/** Milliseconds after which what could not be read is tried again: files may have been few for a moment. */
const patience = 60_000;

/**
 * Watches the list of a repository: it is read again when the signed metadata has changed. What cannot be read changes
 * nothing, and is told: a laptop is called stolen by a signed mark, and by no accident. `now`: milliseconds that only grow.
 */
export function watchStolen(
  store: Store,
  onFailure: (error: unknown) => void,
  now: () => number = () => performance.now(),
): StolenWatch {
  const path = join(store.location, metadataFile('timestamp'));
  let version: string | undefined;
  let list: StolenList | undefined;
  let failed: number | undefined;
  let reading: Promise<void> = Promise.resolve();
  const read = async () => {
    try {
      list = await readStolen(await openCatalog(store));
    } catch (error) {
      // A site before its first contact has nothing, and calls nobody stolen.
      if (isSatchelError(error, 'repository-absent')) return;
      failed = now();
      onFailure(error);
    }
  };
  return {
    async isStolen(serial) {
      const found = withSystemErrors('stat', path, () =>
        statSync(path, { throwIfNoEntry: false, bigint: true }),
      );
      const present = found === undefined ? '' : `${found.ino}:${found.mtimeNs}:${found.size}`;
      if (present !== version || (failed !== undefined && now() - failed > patience)) {
        version = present;
        failed = undefined;
        reading = reading.then(read);
      }
      await reading;
      return isStolen(list, serial);
    },
  };
}
