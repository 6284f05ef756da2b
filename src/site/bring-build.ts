import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { openSiteCatalog } from './mirror-catalog.ts';
import { fetchMissing } from './mirror-fetch.ts';
import { missingFiles } from './mirror-missing.ts';
import type { MirrorPlace } from './mirror-types.ts';

/**
 * Fetches through the site what it lacks of a build: records, lists and the frames of packs, no deltas. Afterwards the
 * build can be read from the disk. Throws `build-not-found`, `site-mirror-not-kept` and what fetching throws.
 */
export async function bringBuild(place: MirrorPlace, name: BuildName, signal: AbortSignal): Promise<void> {
  const missing = async () => {
    const catalog = await openSiteCatalog(place.layout, { through: place.store, signal });
    const record = { build: await catalog.build(name), deltas: await catalog.deltas(name) };
    const question = { catalog, record, streams: [], running: undefined, signal };
    return (await missingFiles(place, question)).filter(({ kind }) => kind !== 'deltas');
  };
  const left = await fetchMissing({ store: place.store, missing, signal });
  if (left.length > 0) throw new SatchelError('site-mirror-not-kept', { build: name });
}
