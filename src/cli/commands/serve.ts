import { statSync } from 'node:fs';
import { readDropProblems } from '../../rsync/drop-problems.ts';
import { defaultRsyncDirectory, rsyncLayout } from '../../rsync/layout.ts';
import type { KeptService } from '../../rsync/service-start.ts';
import { rsyncStatus } from '../../rsync/service-status.ts';
import { rsyncSummary } from '../../server/page-rsync.ts';
import { startServer } from '../../server/start-server.ts';
import { type Advertised, advertise } from '../../site/discover.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { flag, value } from '../option-kinds.ts';
import { listenAddress } from '../options.ts';
import { openRepository } from '../repository-context.ts';
import { rsyncAddress } from '../rsync-values.ts';
import type { ServedPlace } from '../served-place.ts';
import { keyDir, rsyncDir, siteRepo } from '../shared-options.ts';
import { startOrigin } from '../start-origin.ts';
import { startRsync } from '../start-rsync.ts';
import { startSite } from '../start-site.ts';

const defaultAddress = { host: '0.0.0.0', port: 8400 };
/** Addresses that stand for all of a machine's. */
const wildcards: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

type Served = {
  readonly repository: string;
  readonly url: string;
  /** True when other machines reach it too. */
  readonly everywhere: boolean;
  /** What the site is called and where its builds come from, when it is one. */
  readonly site?: { readonly name: string; readonly upstream: string; readonly offline: boolean };
  /** URL of the rsync daemon. */
  readonly rsync?: string;
  /** Why there is none yet. */
  readonly rsyncFailure?: string;
};

/** `satchel serve`: an origin or a site over HTTP until it is stopped. The default address is 0.0.0.0:8400. */
export const serveCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    listen: value('option-listen', 'HOST:PORT', listenAddress),
    rsync: value('option-rsync', 'HOST:PORT', rsyncAddress),
    rsyncDir,
    keyDir,
    offline: flag('option-offline'),
    noAdvertise: flag('option-no-advertise'),
  },
  async run(call, emit: (result: Served) => Promise<void>) {
    const context = openRepository(call);
    const { repo: repository, offline, noAdvertise } = call.options;
    const rsyncDirectory = call.options.rsyncDir ?? defaultRsyncDirectory(repository);
    const place = isSite(repository)
      ? await startSite(repository, { clock: call.clock, offline })
      : await startOrigin(repository, context);
    const parts: { close(): Promise<void> }[] = [place];
    try {
      if (process.getuid?.() === 0 && statSync(repository, { throwIfNoEntry: false })?.uid !== 0)
        call.reporter.notice('serving-as-root', { path: repository });
      const listen = call.options.listen ?? defaultAddress;
      const server = await startServer({
        repository,
        listen,
        clock: call.clock,
        pageData: place.pageData,
        api: place.api,
        fleet: place.fleet,
        site: place.site,
        dropProblems: () => readDropProblems(rsyncLayout(rsyncDirectory)),
        ...(call.options.rsync && { rsync: () => rsyncSummary(rsyncStatus(rsyncDirectory)) }),
        ...(place.renew && { renew: place.renew }),
      });
      parts.push(server);
      let rsync: KeptService | undefined;
      if (call.options.rsync !== undefined) {
        const options = { directory: rsyncDirectory, listen: call.options.rsync, offline };
        rsync = await startRsync(call, { context, place }, options);
        parts.push(rsync);
        place.useTrees(treesOf(rsync));
      }
      place.begin();
      if (!offline && !noAdvertise) parts.push(told(place, { host: listen.host, url: server.url }));
      const everywhere = wildcards.has(listen.host);
      const site = place.about;
      await emit({ repository, url: server.url, everywhere, ...(site && { site }), ...rsyncResult(rsync) });
      await new Promise<void>((resolve) => {
        if (call.signal.aborted) resolve();
        call.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    } finally {
      // Those who answer go before what they answer from.
      const [first, ...rest] = parts;
      await Promise.all(rest.map((part) => part.close()));
      await first?.close();
    }
    return undefined;
  },
  show: ({ repository, url, everywhere, site, rsync, rsyncFailure }, words) => [
    words.say('result-serve', { repository, url }),
    ...(site === undefined
      ? []
      : [
          words.say(site.offline ? 'result-serve-site-offline' : 'result-serve-site', {
            ...site,
            offline: '',
          }),
        ]),
    ...(everywhere ? [words.say('result-serve-everywhere')] : []),
    ...(rsync === undefined ? [] : [words.say('result-serve-rsync', { url: rsync })]),
    ...(rsyncFailure === undefined ? [] : [words.say('result-serve-rsync-failed', { reason: rsyncFailure })]),
  ],
});

/** The trees of a service that may not run yet. */
function treesOf(service: KeptService): Parameters<ServedPlace['useTrees']>[0] {
  return {
    bytes: () => service.trees()?.usage().bytes ?? 0,
    shrinkTo: async (bytes) => await service.trees()?.shrinkTo(bytes),
  };
}

function told(
  place: ServedPlace,
  { host, url }: { readonly host: string; readonly url: string },
): Advertised {
  const { name, id = '0'.repeat(16), store } = place;
  return advertise({ name, id, store, listen: { host, port: Number(new URL(url).port) } });
}

function rsyncResult(service: KeptService | undefined): Pick<Served, 'rsync' | 'rsyncFailure'> {
  if (service === undefined) return {};
  const { first } = service;
  return 'url' in first ? { rsync: first.url } : { rsyncFailure: first.failure };
}
