import { isSatchelError } from '../base/errors.ts';
import { type Catalog, openCatalog } from '../repository/catalog.ts';
import { openDirectoryStore } from '../store/directory.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import type { SiteLayout } from './layout.ts';

/**
 * Opens the repository of a site by the verified metadata that lies there. Records that are not there are read from
 * `through`, which checks nothing: the catalog compares their hashes. Without it they are `store-not-found`. Throws
 * `repository-absent` before the first metadata has arrived, and what the checks of metadata throw.
 */
export async function openSiteCatalog(
  { repository }: Pick<SiteLayout, 'repository'>,
  options: { readonly through?: ReadableStore | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Catalog> {
  const directory = openDirectoryStore(repository);
  const { through, signal } = options;
  const store: Store = {
    ...directory,
    async read(name, readOptions) {
      try {
        return await directory.read(name, readOptions);
      } catch (error) {
        if (through === undefined || !isSatchelError(error, 'store-not-found')) throw error;
        return await through.read(name, readOptions);
      }
    },
  };
  return openCatalog(store, signal);
}

/** The same; undefined before the first metadata has arrived. */
export async function siteCatalogIfThere(
  layout: Pick<SiteLayout, 'repository'>,
  signal: AbortSignal | undefined,
): Promise<Catalog | undefined> {
  try {
    return await openSiteCatalog(layout, { signal });
  } catch (error) {
    if (isSatchelError(error, 'repository-absent')) return undefined;
    throw error;
  }
}

/** What records tell; undefined for one that never came, or that is damaged until it is fetched again. */
export async function ifHere<Found>(read: () => Promise<Found>): Promise<Found | undefined> {
  try {
    return await read();
  } catch (error) {
    const codes = ['store-not-found', 'store-too-long', 'stored-file-damaged', 'build-not-found'] as const;
    if (isSatchelError(error, ...codes)) return undefined;
    throw error;
  }
}
