import { type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { fleetView } from '../server/fleet-view.ts';
import { openLog } from '../server/logger.ts';
import { placeApi } from '../server/place-api.ts';
import { siteViewer } from '../server/site-view.ts';
import { enrolAbove, findAbove } from '../site/enrol-above.ts';
import { noteSiteState } from '../site/forward-report.ts';
import { bundleSubject } from '../site/known-bundles.ts';
import { listenForRequests } from '../site/mirror-control.ts';
import { isBundleHere } from '../site/mirror-missing.ts';
import { openSite } from '../site/site.ts';
import { controlOf } from '../site/site-control.ts';
import type { ServedPlace } from './served-place.ts';

/** A site as a place to be served; its log goes to standard error. Throws what opening the site throws. */
export async function startSite(
  repository: string,
  options: { readonly clock: Clock; readonly offline: boolean; readonly rsyncDirectory: string },
): Promise<ServedPlace> {
  const { offline } = options;
  const { log, flush } = openLog({});
  const reporter = {
    progress() {},
    notice: (code: MessageCode, parameters: MessageParameters = {}) =>
      log.info(say(code, parameters, 'en').text),
  };
  const onFailure = (error: unknown) => log.warn({ err: error }, messageOf(error));
  const site = await openSite({ ...options, repository, reporter, onFailure });
  let stopListening: (() => Promise<void>) | undefined;
  const close = async () => {
    await stopListening?.();
    await site.close();
    flush();
  };
  try {
    const tell = async () => {
      await noteSiteState({ ...site, settings: site.settings(), held: await site.held() });
    };
    stopListening = await listenForRequests(site.layout, controlOf({ ...site, tell }));
  } catch (error) {
    await close();
    throw error;
  }
  const { id, name, upstream } = site.settings();
  const view = siteViewer(site);
  return {
    ...{ id, name, close },
    about: { name, upstream, offline },
    ...{ store: site.store, zips: site.zips },
    hasBundle: (bundle) => isBundleHere(site.mirrorSite, bundle),
    usedBundle: (group, bundle) => site.uses.used(bundleSubject(group, bundle)),
    openFleet: async () => site.fleet,
    freshInBackground: () => site.metadata.freshInBackground(),
    enrolmentAbove: {
      enrol: (body, signal) => enrolAbove(site.upstream, body, signal),
      find: (keyId, signal) => findAbove(site.upstream, keyId, signal),
    },
    api: placeApi({
      fleet: async () => site.fleet,
      place: async () => ({ kind: 'site', id, name: site.settings().name, chain: await site.chain() }),
      admitAbove: (request, { signal }) => site.admit(request, signal),
    }),
    async fleet() {
      const heads = new Map<string, string>();
      for (const build of (await view()).builds)
        for (const stream of build.streams) heads.set(stream, build.name);
      return await fleetView(site.fleet, heads);
    },
    site: {
      id,
      elsewhere: { freshen: site.freshen, open: site.open },
      view,
    },
    lacking: { bring: site.bring, parts: site.packParts },
    useTrees: (trees) => site.useTrees(trees),
    begin: () => site.begin(),
  };
}
