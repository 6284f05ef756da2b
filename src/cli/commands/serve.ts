import { statSync } from 'node:fs';
import { messageOf, SatchelError } from '../../base/errors.ts';
import type { Reporter } from '../../base/progress.ts';
import { readDropProblems } from '../../rsync/drop-problems.ts';
import { rsyncLayout } from '../../rsync/layout.ts';
import type { KeptService } from '../../rsync/service-start.ts';
import { rsyncStatus } from '../../rsync/service-status.ts';
import type { ListenAddress } from '../../server/http-listener.ts';
import { rsyncSummary } from '../../server/page-rsync.ts';
import { type ServerOptions, startServer } from '../../server/start-server.ts';
import { type Advertised, advertise } from '../../site/discover.ts';
import { isSite } from '../../site/layout.ts';
import { defineCommand } from '../command.ts';
import { flag, value } from '../option-kinds.ts';
import { listenAddress, localPath } from '../options.ts';
import { openPlaceOffice, placeClock } from '../place-office.ts';
import { openRepository } from '../repository-context.ts';
import { rsyncDirectoryOf } from '../rsync-place.ts';
import { rsyncAddress } from '../rsync-values.ts';
import type { ServedPlace } from '../served-place.ts';
import { keyDir, rsyncDir, siteRepo } from '../shared-options.ts';
import { startActivation } from '../start-activation.ts';
import { startActivities } from '../start-activities.ts';
import { startDeviceApi } from '../start-device-api.ts';
import { startOats } from '../start-oats.ts';
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
  /** Where laptops ask for leases. */
  readonly activation?: string;
  /** Where it speaks HTTPS beside {@link url}. */
  readonly tls?: string;
};

/** `satchel serve`: an origin or a site over HTTP until it is stopped. The default address is 0.0.0.0:8400. */
export const serveCommand = defineCommand({
  arguments: {},
  options: {
    repo: siteRepo,
    listen: value('option-listen', 'HOST:PORT', listenAddress),
    rsync: value('option-rsync', 'HOST:PORT', rsyncAddress),
    rsyncDir,
    activation: value('option-activation', 'HOST:PORT', listenAddress),
    keyDir,
    tlsCertificate: value('option-tls-certificate', 'FILE', localPath),
    tlsKey: value('option-tls-key', 'FILE', localPath),
    tlsListen: value('option-tls-listen', 'HOST:PORT', listenAddress),
    offline: flag('option-offline'),
    noAdvertise: flag('option-no-advertise'),
  },
  async run(call, emit: (result: Served) => Promise<void>) {
    const tls = tlsOf(call.options);
    const context = openRepository(call);
    const { repo: repository, offline, noAdvertise } = call.options;
    const rsyncDirectory = rsyncDirectoryOf(call.options);
    const place = isSite(repository)
      ? await startSite(repository, { clock: call.clock, offline, rsyncDirectory })
      : await startOrigin(repository, { ...context, reporter: call.reporter });
    // Leases, for everybody who answers laptops.
    const office = openPlaceOffice(repository, {
      clock: call.clock,
      onFailure: reasonTo(call.reporter),
      onAsked: place.freshInBackground,
    });
    const oats = startOats({ repository, place, office, clock: placeClock(repository, call.clock) });
    const devices = startDeviceApi({ place, office, clock: placeClock(repository, call.clock) });
    const parts: { close(): Promise<void> }[] = [
      { close: () => Promise.all([oats.close(), office.close()]).then(() => place.close()) },
    ];
    try {
      if (process.getuid?.() === 0 && statSync(repository, { throwIfNoEntry: false })?.uid !== 0)
        call.reporter.notice('serving-as-root', { path: repository });
      const listen = call.options.listen ?? defaultAddress;
      const activities = startActivities(repository, place);
      const server = await startServer({
        repository,
        listen,
        clock: call.clock,
        pageData: place.pageData,
        api: place.api,
        fleet: place.fleet,
        site: place.site,
        oats,
        devices,
        activities: activities.pages,
        tls,
        dropProblems: () => readDropProblems(rsyncLayout(rsyncDirectory)),
        ...(call.options.rsync && { rsync: () => rsyncSummary(rsyncStatus(rsyncDirectory)) }),
        ...(place.renew && { renew: place.renew }),
      });
      parts.push(server);
      let rsync: KeptService | undefined;
      if (call.options.rsync !== undefined) {
        const options = {
          ...{ directory: rsyncDirectory, listen: call.options.rsync, offline },
          activities: activities.module,
        };
        rsync = await startRsync(call, { context, place }, options);
        parts.push(rsync);
        place.useTrees(treesOf(rsync));
      }
      const activation =
        call.options.activation &&
        (await startActivation(call.options.activation, { office, environment: call.environment }));
      if (activation) parts.push(activation);
      place.begin();
      // What is announced is found by devices that look for plain HTTP.
      if (!offline && !noAdvertise && !server.url.startsWith('https:')) {
        const { reporter } = call;
        parts.push(told(place, { host: listen.host, url: server.url, reporter }));
      }
      const everywhere = wildcards.has(listen.host);
      const site = place.about;
      await emit({
        repository,
        url: server.url,
        everywhere,
        ...(site && { site }),
        ...rsyncResult(rsync),
        ...(activation && { activation: activation.address }),
        ...(server.tlsUrl !== undefined && { tls: server.tlsUrl }),
      });
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
  show: ({ repository, url, everywhere, site, rsync, rsyncFailure, activation, tls }, words) => [
    words.say('result-serve', { repository, url }),
    ...(tls === undefined ? [] : [words.say('result-serve-tls', { url: tls })]),
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
    ...(activation === undefined ? [] : [words.say('result-serve-activation', { address: activation })]),
  ],
});

/** Says on the terminal, once each, why leases are not made. */
function reasonTo(reporter: Reporter): (error: unknown) => void {
  const said = new Set<string>();
  return (error) => {
    const reason = messageOf(error);
    if (said.has(reason)) return;
    said.add(reason);
    reporter.notice('lease-office-trouble', { reason });
  };
}

/** How HTTPS is spoken; undefined: not at all. Throws `option-needed`. */
function tlsOf({
  tlsCertificate: certificate,
  tlsKey: key,
  tlsListen: listen,
}: {
  readonly tlsCertificate?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsListen?: ListenAddress | undefined;
}): ServerOptions['tls'] {
  if (certificate !== undefined && key !== undefined) return { files: { certificate, key }, listen };
  const missing = certificate === undefined ? '--tls-certificate FILE' : '--tls-key FILE';
  if ([certificate, key, listen].some((given) => given !== undefined))
    throw new SatchelError('option-needed', { option: missing });
  return undefined;
}

/** The trees of a service that may not run yet. */
function treesOf(service: KeptService): Parameters<ServedPlace['useTrees']>[0] {
  return () => {
    const trees = service.trees();
    return trees && { bytes: () => trees.usage().bytes, shrinkTo: (bytes) => trees.shrinkTo(bytes) };
  };
}

function told(
  place: ServedPlace,
  { host, url, reporter }: { readonly host: string; readonly url: string; readonly reporter: Reporter },
): Advertised {
  const { name, id = '0'.repeat(16), store } = place;
  return advertise({ name, id, store, reporter, listen: { host, port: Number(new URL(url).port) } });
}

function rsyncResult(service: KeptService | undefined): Pick<Served, 'rsync' | 'rsyncFailure'> {
  if (service === undefined) return {};
  const { first } = service;
  return 'url' in first ? { rsync: first.url } : { rsyncFailure: first.failure };
}
