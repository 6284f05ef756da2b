import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import type { DropProblems } from '../rsync/drop-problems.ts';
import { causedBy } from '../site/upstream-via.ts';
import { type ActivitiesService, activitiesRoute } from './activities.ts';
import type { Api } from './api.ts';
import type { DeviceApi } from './device-api.ts';
import type { Elsewhere } from './elsewhere.ts';
import { type ListenAddress, type Listener, listen } from './http-listener.ts';
import { type LogOptions, openLog } from './logger.ts';
import { type OatsService, oatsRoute } from './oats.ts';
import { cachedPageData, type PageData } from './page-data.ts';
import type { FleetView } from './page-devices.ts';
import type { RsyncSummary } from './page-rsync.ts';
import type { SiteView } from './page-site.ts';
import { answerPlainly } from './plain-answer.ts';
import { startRenewal } from './renewal.ts';
import { isRepositoryPath, pathOfTarget } from './repository-file.ts';
import { requestLog } from './request-log.ts';
import { staticFiles } from './static-file.ts';
import type { TlsFiles } from './tls.ts';
import { isLoop, viaOf } from './via.ts';
import { webApp } from './web-app.ts';

/** What `startServer` needs. */
export type ServerOptions = {
  /** Directory of the repository. */
  readonly repository: string;
  readonly listen: ListenAddress;
  /** HTTPS: at an address of its own, or without one at {@link listen}, which speaks nothing else then. */
  readonly tls?: { readonly files: TlsFiles; readonly listen?: ListenAddress | undefined } | undefined;
  readonly log?: LogOptions;
  /** Judges expiry and dates the log of requests; the machine's clock when absent. */
  readonly clock?: Clock;
  /** What the page of an origin shows; asked again only when the repository's timestamp has changed. */
  readonly pageData?: (() => Promise<PageData>) | undefined;
  /** What the drop directory of old clients waits for or is wrong with; asked at every look at the page. */
  readonly dropProblems?: (() => DropProblems) | undefined;
  /** How rsync clients are served; asked at every look at the page. Absent: they are not. */
  readonly rsync?: (() => RsyncSummary) | undefined;
  /** Absent: reports are not taken, and nothing is told about the place. */
  readonly api?: Api | undefined;
  /** What devices with a key of their own ask; only beside {@link api}. */
  readonly devices?: DeviceApi | undefined;
  /** What makes the repository one of a site: files come from elsewhere, and the page is for the people in the room. */
  readonly site?: ServedSite | undefined;
  /** What devices and sites have told; asked at every look at the page. */
  readonly fleet?: (() => Promise<FleetView | undefined>) | undefined;
  /** Answers laptops by the theft-deterrence protocol, once that is set up. */
  readonly oats?: OatsService | undefined;
  /** Activities beside the OS: their pages, and the bundles as files. */
  readonly activities?: ActivitiesService | undefined;
  /** Renews the online metadata if it is due; called at start and every hour. */
  readonly renew?: () => Promise<void>;
  /** Requests that the page remembers; 50 when absent. */
  readonly requestsKept?: number;
  /** Milliseconds that running answers get to finish on `close`; 10 000 when absent. */
  readonly stopDeadline?: number;
};

/** A site as the server sees it. */
export type ServedSite = {
  /** Requests that have come through the place of this id already are refused. */
  readonly id: string;
  readonly elsewhere: Elsewhere;
  readonly view: () => Promise<SiteView>;
};

/** A running server. */
export type RunningServer = {
  /** Address for clients on this machine, for example `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Where it speaks HTTPS beside that. */
  readonly tlsUrl?: string;
  /**
   * Stops gracefully: running answers and a renewal under way may finish until the deadline, then the log is
   * written. A second call waits for the first.
   */
  close(): Promise<void>;
};

/**
 * Serves a repository over HTTP/1.1 with a health check at `/healthz`, a page for people at `/` and the same as
 * JSON at `/status.json`. Throws `server-address-in-use`, `server-address-not-permitted` and
 * `server-address-unavailable`.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, flush } = openLog(options.log ?? {});
  const clock = options.clock ?? systemClock;
  const { repository } = options;
  const requests = requestLog({ log, clock, keep: options.requestsKept ?? 50 });
  const { site, api, fleet } = options;
  const files = staticFiles({ directory: repository, elsewhere: site?.elsewhere, log });
  const pageData = options.pageData && cachedPageData(repository, options.pageData);
  const { dropProblems, rsync } = options;
  const oats = options.oats && oatsRoute(options.oats, log);
  const activities = options.activities && activitiesRoute(options.activities, log);
  const app = await webApp({
    ...{ repository, pageData, dropProblems, rsync, requests, log, clock },
    ...{ api, devices: options.devices, fleet, site: site?.view },
  });

  // Files go past the framework: they are nearly all the requests, and need nothing of it.
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const record = requests.begin(request, response);
    const path = pathOfTarget(request.url ?? '');
    if (isRepositoryPath(path)) {
      void files.answer(request, response, path, record);
      return;
    }
    if (oats?.takes(path)) {
      void oats.answer(request, response);
      return;
    }
    if (activities?.takes(path)) {
      void activities.answer(request, response, path, record);
      return;
    }
    if (!path.startsWith('/')) {
      answerPlainly(request, response, 400, 'answer-bad-request');
      return;
    }
    // The router knows the origin form only.
    if (!request.url?.startsWith('/')) request.url = path;
    app.routing(request, response);
  };

  // At a site what a request causes may go on to the upstream, which is told whom it has come through.
  const answerAtSite = (request: IncomingMessage, response: ServerResponse) => {
    const via = viaOf(request);
    if (!isLoop(via, site?.id)) return causedBy(via, () => answer(request, response));
    requests.begin(request, response);
    answerPlainly(request, response, 508, 'answer-loop', { parameters: { places: via.length } });
  };
  const handle = site === undefined ? answer : answerAtSite;

  const tls = options.tls && {
    files: options.tls.files,
    onFailure: (error: unknown) => log.error(messageOf(error)),
  };
  const listener = await listen(options.listen, handle, options.tls?.listen === undefined ? tls : undefined);
  const second =
    options.tls?.listen && (await listenToo(listener, () => listen(options.tls!.listen!, handle, tls)));
  const renewal = options.renew && startRenewal(options.renew, log);
  log.info({ url: listener.url, repository }, 'listening');

  const stop = async () => {
    const deadline = options.stopDeadline ?? 10_000;
    const tooLong = delay(deadline, undefined, { ref: false });
    await Promise.all([
      listener.close(deadline),
      second?.close(deadline),
      Promise.race([renewal?.stop(), tooLong]),
    ]);
    await app.close();
    log.info('stopped');
    flush();
  };
  let stopped: Promise<void> | undefined;
  return {
    url: listener.url,
    ...(second && { tlsUrl: second.url }),
    close() {
      stopped ??= stop();
      return stopped;
    },
  };
}

/** A second listener; where it cannot be had, the first is not left behind. */
async function listenToo(first: Listener, open: () => Promise<Listener>): Promise<Listener> {
  try {
    return await open();
  } catch (error) {
    await first.close(0);
    throw error;
  }
}
