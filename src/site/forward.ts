import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { createQueue } from '../base/queue.ts';
import { readRefusal } from '../base/refusal.ts';
import { type Report, type ReportBatch, reportsName } from '../device/report.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { noteSiteState, type TellingSite } from './forward-report.ts';
import type { SiteLayout } from './layout.ts';
import { openLinkFile } from './link-file.ts';
import { isSiteId, type SiteSettings } from './settings.ts';
import { appendSiteLog } from './site-log.ts';
import type { Upstream } from './upstream.ts';

/** What passing reports on works with. */
export type ForwardingSite = {
  readonly layout: SiteLayout;
  /** As they are now. */
  readonly settings: () => SiteSettings;
  readonly upstream: Pick<Upstream, 'hasApi' | 'isDown' | 'request'>;
  readonly fleet: Pick<
    Fleet,
    'pendingForUpstream' | 'markForwarded' | 'storeReports' | 'summary' | 'refuseSites'
  >;
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
  /** The same as a sentence, where the upstream has said no. */
  readonly problem?: SatchelError;
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
export const forwardInterval = 5 * 60_000;

/**
 * Milliseconds between the first rounds of a site that holds no build as a whole: whoever prepares a stick for it wants
 * to know soon that one has come. Each round looks at what the site holds, so there are not too many of these.
 */
const emptyInterval = 60_000;
const mostEmptyRounds = 60;

/** Milliseconds for which an upstream that takes no reports is not asked again. */
const refusalPause = 86_400_000;

/**
 * Most bytes of a batch: whoever takes it waits half a minute for all of it, and a link of 20 kilobits a second is to
 * bring it in that time.
 */
const batchBytes = 64 * 1024;

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
  /** What was refused: a new token, or another upstream, is worth a try at once. */
  let refused: { readonly key: string; readonly code: string } | undefined;
  let emptyRounds = 0;
  const keyOf = ({ upstream, credential }: SiteSettings) => JSON.stringify([upstream, credential]);

  const tellState = async () => {
    const held = await site.held();
    const isEmpty = !held.some((build) => build.held >= build.total);
    emptyRounds = isEmpty ? emptyRounds + 1 : Number.POSITIVE_INFINITY;
    await noteSiteState({ ...site, settings: site.settings(), held });
  };
  const round = async () => {
    const { upstream, settings, onFailure, clock } = site;
    if (settings().credential === undefined || !upstream.hasApi || upstream.isDown()) return;
    const key = keyOf(settings());
    const isQuiet = clock() < quietUntil && quietUntil - clock() <= refusalPause;
    if (isQuiet && refused?.key === key) return;
    try {
      await tellState();
      const { stopped, problem } = await forwardReports(site, closing.signal);
      quietUntil = stopped === undefined ? Number.NEGATIVE_INFINITY : clock() + refusalPause;
      if (problem !== undefined && (refused?.key !== key || refused.code !== problem.code))
        onFailure(problem);
      refused = stopped === undefined ? undefined : { key, code: problem?.code ?? stopped };
    } catch (error) {
      if (!isLinkFailure(error)) onFailure(error);
    }
  };
  const goOn = async () => {
    for (let rest = firstPause; !closing.signal.aborted; ) {
      await pause(rest, closing.signal).catch(() => undefined);
      if (!closing.signal.aborted) await inTurn(round);
      rest = emptyRounds > 0 && emptyRounds < mostEmptyRounds ? emptyInterval : forwardInterval;
    }
  };
  const going = goOn();

  return {
    run: ({ signal } = {}) =>
      inTurn(async () => {
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
  const { settings, upstream, fleet, clock } = site;
  const linkFile = openLinkFile(site.layout, clock);
  const counts = { forwarded: 0, refused: 0 };
  if (settings().credential === undefined) return { ...counts, stopped: 'no-token' };
  if (!upstream.hasApi) return { ...counts, stopped: 'no-api' };
  for (;;) {
    const { reports } = await fleet.pendingForUpstream({ site: settings().id, bytes: batchBytes });
    if (reports.length === 0) return counts;
    const stop = await send(reports);
    if (stop !== undefined) return { ...counts, ...stop };
  }

  /** A batch that is refused is cut in halves until only what is wrong is left. */
  async function send(reports: readonly Report[]): Promise<Stop | undefined> {
    const asked = clock();
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
      linkFile.reported(undefined);
      const { refused, revoked } = readTaken(body, reports.length);
      counts.forwarded += reports.length - refused;
      counts.refused += refused;
      if (refused > 0) log('reports-dropped', { count: refused });
      for (const id of await fleet.refuseSites(revoked, { before: asked })) log('site-revoked', { site: id });
      return undefined;
    }
    const { code, message } = readRefusal(body);
    const isAboutReports = status === 413 || (status === 400 && code === 'report-invalid');
    if (!isAboutReports) return stopBy(status, code, message);
    if (reports.length === 1) {
      await fleet.markForwarded(reports.map(({ id }) => id));
      counts.refused += 1;
      log('report-refused', { report: reports[0]?.id, code });
      return undefined;
    }
    const middle = Math.ceil(reports.length / 2);
    return (await send(reports.slice(0, middle))) ?? (await send(reports.slice(middle)));
  }

  function stopBy(status: number, code: string, message: string): Stop {
    log('reports-refused', { status, code });
    const stop = stopOf({ status, upstream: settings().upstream, reason: message || code || '—' });
    linkFile.reported(stop.problem);
    return stop;
  }

  function log(event: string, more: Readonly<Record<string, unknown>>): void {
    appendSiteLog(site.layout, { at: new Date(site.clock()).toISOString(), event, ...more });
  }
}

type Stop = Required<Pick<Forwarded, 'stopped' | 'problem'>>;

/** Why a place that answers with this status takes no reports. */
function stopOf(answer: {
  readonly status: number;
  readonly upstream: string;
  readonly reason: string;
}): Stop {
  const { status, upstream } = answer;
  if (status === 401 || status === 403)
    return { stopped: 'not-known', problem: new SatchelError('site-reports-revoked', { upstream }) };
  if (status === 400)
    return { stopped: 'not-understood', problem: new SatchelError('site-upstream-refused', answer) };
  return { stopped: 'no-api', problem: new SatchelError('site-upstream-without-api', { upstream }) };
}

/** What became of reports that were taken: an answer that does not tell is one of an older place. */
function readTaken(
  body: Uint8Array,
  sent: number,
): { readonly refused: number; readonly revoked: readonly string[] } {
  let answer: { refused?: unknown; revoked?: unknown } | null;
  try {
    answer = JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    answer = null;
  }
  const { refused, revoked } = answer ?? {};
  const ids: readonly unknown[] = Array.isArray(revoked) ? revoked : [];
  return {
    refused: Number.isInteger(refused) ? Math.min(sent, Math.max(0, Number(refused))) : 0,
    revoked: ids.filter((id): id is string => typeof id === 'string' && isSiteId(id)),
  };
}

/** The link is as it is; what waits goes when it is up. */
function isLinkFailure(error: unknown): boolean {
  if (!isSatchelError(error)) return false;
  return (
    error.code.startsWith('store-') ||
    isSatchelError(error, 'site-upstream-down', 'site-month-spent', 'cancelled')
  );
}

async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  // A place that only serves must be able to end.
  await sleepFor(milliseconds, undefined, { signal, ref: false });
}
