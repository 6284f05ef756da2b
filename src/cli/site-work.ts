import type { Clock } from '../base/clock.ts';
import type { Reporter } from '../base/progress.ts';
import { siteLayout } from '../site/layout.ts';
import { askServer, type ControlRequest } from '../site/mirror-control.ts';
import { readSiteSettings } from '../site/settings.ts';
import type { Site } from '../site/site.ts';
import { type RsyncPlaceOptions, rsyncDirectoryOf } from './rsync-place.ts';

type SiteCall = {
  readonly options: RsyncPlaceOptions;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
};

/**
 * Has a site do something: by the process that serves it when there is one, else by this one. Throws
 * `site-not-joined`, `site-open-already`, and what doing it throws.
 */
export async function atSite<Result>(
  call: SiteCall,
  request: ControlRequest,
  act: (site: Site) => Promise<Result>,
): Promise<Result> {
  const { repo: repository } = call.options;
  const layout = siteLayout(repository);
  readSiteSettings(layout);
  const asked = await askServer<Result>(layout, request, call);
  if (asked !== undefined) return asked.result;
  // Loaded only now: who asks a server needs none of it.
  const { openSite } = await import('../site/site.ts');
  const { clock, reporter } = call;
  const rsyncDirectory = rsyncDirectoryOf(call.options);
  const site = await openSite({
    ...{ repository, rsyncDirectory, clock, reporter, offline: false },
    onFailure() {},
  });
  try {
    return await act(site);
  } finally {
    await site.close();
  }
}
