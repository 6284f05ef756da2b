import { join } from 'node:path';
import { localBundles } from '../activities/local-bundles.ts';
import { offeredGroups } from '../activities/offered-groups.ts';
import { openZipCache } from '../activities/zip-cache.ts';
import type { ActivitiesSource } from '../rsync/activities-folder.ts';
import type { ActivitiesService } from '../server/activities.ts';
import { siteLayout } from '../site/layout.ts';
import { xsActivities } from '../site/stick-xs-activities.ts';
import { metadataFile } from '../trust/names.ts';
import type { ServedPlace } from './served-place.ts';

/** What a place offers beside the OS: its pages, and the bundles as files; those of an origin lie beside the repository. */
export function startActivities(
  repository: string,
  place: Pick<ServedPlace, 'store' | 'zips' | 'site' | 'hasBundle' | 'usedBundle'>,
): { readonly pages: ActivitiesService; readonly module: ActivitiesSource } {
  const { store, site } = place;
  const freshen = site && (() => site.elsewhere.freshen(metadataFile('timestamp')));
  const { activities, frames } = siteLayout(repository);
  const zips = place.zips ?? openZipCache(`${repository}.bundles`, store);
  const local = site && localBundles(activities);
  const own = [activities, join(activities, xsActivities), frames];
  const shared = ['metadata/timestamp.json', 'maps', 'packs'].map((name) => join(repository, name));
  return {
    pages: { offered: offeredGroups(store, { freshen }), zips, local, used: place.usedBundle },
    // It looks of its own accord, which must make nobody ask the upstream.
    module: {
      ...{ offered: offeredGroups(store, { pause: 0 }), zips, local, isHere: place.hasBundle },
      watched: [...shared, ...(site ? own : [])],
    },
  };
}
