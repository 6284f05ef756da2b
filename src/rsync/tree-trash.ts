import { randomBytes } from 'node:crypto';
import { type FSWatcher, lstatSync, readdirSync, watch } from 'node:fs';
import { join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import { syncDirectoryInBackground } from '../os/atomic-file.ts';
import { removeTreeInBackground } from '../os/remove-tree.ts';
import { renameTree } from '../os/rename-tree.ts';
import { errnoOf, withSystemErrors } from '../os/system-error.ts';
import type { RsyncLayout } from './layout.ts';
import { isUsed, type TreeUse, treeUses } from './tree-uses.ts';

/** What {@link discard} took out of the way and waits to be deleted. */
export type TreeTrash = {
  /** Deletes what nobody reads any more, between other work; resolves when that is done. */
  collect(): Promise<void>;
  /** Stops deleting; what is left is deleted after the next start. */
  close(): Promise<void>;
};

/**
 * Takes a path out of the way in one step; nothing there is no error. `usedAs`: transfers of this build that have
 * begun until now go on reading it, so it is deleted when the last of them has ended.
 */
export function discard({ trash }: RsyncLayout, path: string, usedAs = '' as BuildName): void {
  try {
    renameTree(path, join(trash, `${usedAs},${randomBytes(8).toString('hex')}`));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

export type TrashOptions = {
  readonly layout: RsyncLayout;
  /** Told why something could not be deleted; it is tried again later. */
  readonly onFailure: (error: unknown) => void;
};

/** Opens the trash; what an earlier run left there is deleted by the first `collect`. */
export function openTrash({ layout, onFailure }: TrashOptions): TreeTrash {
  const stop = new AbortController();
  let watcher: FSWatcher | undefined;
  let collecting: Promise<void> | undefined;
  let again = false;

  const collect = (): Promise<void> => {
    if (stop.signal.aborted) return Promise.resolve();
    again = collecting !== undefined;
    collecting ??= collectAll()
      .catch((error: unknown) => {
        if (!stop.signal.aborted) onFailure(error);
      })
      .finally(() => {
        collecting = undefined;
        if (again) return collect();
        return undefined;
      });
    return collecting;
  };

  const collectAll = async (): Promise<void> => {
    const uses = treeUses(layout);
    let kept = 0;
    const names = withSystemErrors('readdir', layout.trash, () => readdirSync(layout.trash));
    // Marks go before what they speak of: a power cut must not leave one without the whole of its tree.
    if (names.length > 0) await syncDirectoryInBackground(layout.readyMarks);
    for (const name of names) {
      const path = join(layout.trash, name);
      if (isRead(path, name, uses)) kept += 1;
      else await removeTreeInBackground(path, { signal: stop.signal });
    }
    watchUses(kept > 0);
  };

  /** The end of a transfer removes its file: then there may be something to delete. */
  const watchUses = (needed: boolean): void => {
    if (needed === (watcher !== undefined)) return;
    watcher?.close();
    watcher = needed && !stop.signal.aborted ? watch(layout.uses, () => void collect()) : undefined;
    // A folder that went away is missed by the next transfer, which says so.
    watcher?.on('error', () => {});
    // What ended before the watching began is told by looking once more.
    if (watcher !== undefined) again = true;
  };

  return {
    collect,
    async close() {
      stop.abort();
      watcher?.close();
      await collecting;
    },
  };
}

/** True while a transfer goes on that began before this was taken out of the way. */
function isRead(path: string, name: string, uses: readonly TreeUse[]): boolean {
  const build = name.split(',')[0]!;
  if (build === '') return false;
  const found = lstatSync(path, { throwIfNoEntry: false });
  return (
    found !== undefined &&
    isUsed(
      uses.filter(({ since }) => since <= found.ctimeMs),
      build,
    )
  );
}
