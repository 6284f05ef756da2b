import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import { createQueue } from '../base/queue.ts';
import { type Report, type ReportBatch, reportsName } from '../device/report.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { noteSiteState, type TellingSite } from './forward-report.ts';
import type { SiteLayout } from './layout.ts';
import type { SiteSettings } from './settings.ts';
import { appendSiteLog } from './site-log.ts';
import type { Upstream } from './upstream.ts';

/** What passing reports on works with. */
export type ForwardingSite = {
  readonly layout: SiteLayout;
  /** As they are now. */
  readonly settings: () => SiteSettings;
  readonly upstream: Pick<Upstream, 'hasApi' | 'isDown' | 'request'>;
  readonly fleet: Pick<Fleet, 'pendingForUpstream' | 'markForwarded' | 'storeReports' | 'summary'>;
  /** The builds that are here, for what the site tells of itself. */
  readonly held: () => Promise<TellingSite['held']>;
  readonly clock: Clock;
  /** Told of what went wrong without anybody waiting for it. */
  readonly onFailure: (error: unknown) => void;
};

/** How passing on went. */
export type Forwarded = {
  /** Reports that the upstream has now. */
  readonly forwarded: number;
  /** Reports that it understood and did not want: they are not sent again. */
  readonly refused: number;
  /**
   * Why the rest waits: the site joined without a token; the upstream is a directory or a plain web server; it does not
   * know this site any more, or is older than the reports.
   */
  readonly stopped?: 'no-token' | 'no-api' | 'not-known' | 'not-understood';
};

/** Passes reports on by itself. */
export type Forwarder = {
  /** Passes on what waits, after what is under way. Throws what asking the upstream and the fleet throw, `cancelled`. */
  run(options?: { readonly signal?: AbortSignal | undefined }): Promise<Forwarded>;
  close(): Promise<void>;
};

/** Milliseconds before the first round: a school server is often switched off again soon. */
const firstPause = 10_000;

/** Milliseconds between two rounds, so that the reports of a class go in one request. */
const interval = 5 * 60_000;

/** Milliseconds after which a site looks again at what it has, to tell about it. */
const statePause = 3_600_000;

/** Milliseconds for which an upstream that takes no reports is not asked again. */
const refusalPause = 86_400_000;

/** Most bytes of an answer. */
const answerLimit = 16 * 1024;

/** Begins to pass reports on, and goes on until it is closed. Nothing is lost by ending it at any moment. */
export function startForwarder(
  site: ForwardingSite,
  { pause = sleep }: { readonly pause?: (milliseconds: number, signal: AbortSignal) => Promise<void> } = {},
): Forwarder {
  const closing = new AbortController();
  const inTurn = createQueue();
  let quietUntil = Number.NEGATIVE_INFINITY;
  let told = Number.NEGATIVE_INFINITY;

  const tellState = async () => {
    if (Math.abs(site.clock() - told) < statePause) return;
    told = site.clock();
    await noteSiteState({ ...site, settings: site.settings(), held: await site.held() });
  };
  const round = async () => {
    const { upstream, settings, onFailure, clock } = site;
    if (settings().credential === undefined || !upstream.hasApi || upstream.isDown()) return;
    if (clock() < quietUntil && quietUntil - clock() <= refusalPause) return;
    try {
      await tellState();
      const { stopped } = await forwardReports(site, closing.signal);
      quietUntil = stopped === undefined ? Number.NEGATIVE_INFINITY : clock() + refusalPause;
    } catch (error) {
      if (!isLinkFailure(error)) onFailure(error);
    }
  };
  const goOn = async () => {
    for (let rest = firstPause; !closing.signal.aborted; rest = interval) {
      await pause(rest, closing.signal).catch(() => undefined);
      if (!closing.signal.aborted) await inTurn(round);
    }
  };
  const going = goOn();

  return {
    run: ({ signal } = {}) =>
      inTurn(async () => {
        told = Number.NEGATIVE_INFINITY;
        await tellState();
        return forwardReports(
          site,
          signal === undefined ? closing.signal : AbortSignal.any([signal, closing.signal]),
        );
      }),
    async close() {
      closing.abort();
      await going;
      await inTurn(async () => undefined);
    },
  };
}

/**
 * Passes on all reports that wait, oldest first. What the upstream has taken is noted batch by batch, so a cut sends at
 * most one batch twice, and that counts once. Throws what asking the upstream and the fleet throw.
 */
export async function forwardReports(
  site: Pick<ForwardingSite, 'layout' | 'settings' | 'upstream' | 'fleet' | 'clock'>,
  signal: AbortSignal,
): Promise<Forwarded> {
  const { settings, upstream, fleet } = site;
  const counts = { forwarded: 0, refused: 0 };
  if (settings().credential === undefined) return { ...counts, stopped: 'no-token' };
  if (!upstream.hasApi) return { ...counts, stopped: 'no-api' };
  for (;;) {
    const { reports } = await fleet.pendingForUpstream({ site: settings().id });
    if (reports.length === 0) return counts;
    const stopped = await send(reports);
    if (stopped !== undefined) return { ...counts, stopped };
  }

  /** A batch that is refused is cut in halves until only what is wrong is left. */
  async function send(reports: readonly Report[]): Promise<Forwarded['stopped']> {
    const batch: ReportBatch = { satchel: 'reports', format: 1, reports };
    const { status, body } = await upstream.request({
      method: 'POST',
      path: reportsName,
      body: JSON.stringify(batch),
      limit: answerLimit,
      signal,
    });
    if (status === 200) {
      await fleet.markForwarded(reports.map(({ id }) => id));
      counts.forwarded += reports.length;
      return undefined;
    }
    const code = codeOf(body);
    const isAboutReports = status === 413 || (status === 400 && code === 'report-invalid');
    if (!isAboutReports) return stop(status, code);
    if (reports.length === 1) {
      await fleet.markForwarded(reports.map(({ id }) => id));
      counts.refused += 1;
      log('report-refused', { report: reports[0]?.id, code });
      return undefined;
    }
    const middle = Math.ceil(reports.length / 2);
    return (await send(reports.slice(0, middle))) ?? (await send(reports.slice(middle)));
  }

  function stop(status: number, code: string): Forwarded['stopped'] {
    log('reports-refused', { status, code });
    if (status === 401 || status === 403) return 'not-known';
    return status === 400 ? 'not-understood' : 'no-api';
  }

  function log(event: string, more: Readonly<Record<string, unknown>>): void {
    appendSiteLog(site.layout, { at: new Date(site.clock()).toISOString(), event, ...more });
  }
}

/** The link is as it is; what waits goes when it is up. */
function isLinkFailure(error: unknown): boolean {
  if (!isSatchelError(error)) return false;
  return (
    error.code.startsWith('store-') ||
    isSatchelError(error, 'site-upstream-down', 'site-month-spent', 'cancelled')
  );
}

function codeOf(body: Uint8Array): string {
  try {
    const answer: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    const isCode = typeof answer === 'object' && answer !== null && 'code' in answer;
    return isCode && typeof answer.code === 'string' ? answer.code.slice(0, 64) : '';
  } catch {
    return '';
  }
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  // A place that only serves must be able to end.
  await sleepFor(milliseconds, undefined, { signal, ref: false });
}
