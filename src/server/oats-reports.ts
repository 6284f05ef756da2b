import { hash } from 'node:crypto';
import type { Logger } from 'pino';
import type { OatsDesk } from '../advice/oats-desk.ts';
import type { OatsRequest } from '../advice/oats-request.ts';
import type { Clock } from '../base/clock.ts';
import { messageOf } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import type { DeviceReport } from '../device/report.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { oldClient } from '../fleet/overview.ts';

/** Where reports go and what they are dated by. */
export type OatsReportsOptions = {
  readonly fleet: () => Promise<Fleet>;
  readonly desk: Pick<OatsDesk, 'nameOf'>;
  readonly clock: Clock;
  readonly log: Logger;
};

/** Laptops whose last report is remembered, so that the same is not written at every question. */
const rememberedLaptops = 50_000;
const day = 86_400_000;

/** Reports that are written at once, and milliseconds from the first to that: being sure that they are on disk costs most. */
const mostAtOnce = 50;
const gathering = 1000;
/** Reports that wait at most; beyond that a laptop is heard the next day. */
const mostWaiting = 20_000;

/** Keeps what laptops report. */
export type OatsReports = {
  keep(request: OatsRequest): void;
  /** Writes what waits. Never rejects. */
  close(): Promise<void>;
};

/**
 * Keeps what laptops report with their questions: once a day each, and when it changes. Those that told a version of
 * Satchel make reports of their own. Nothing of it is believed.
 */
export function oatsReports({ fleet, desk, clock, log }: OatsReportsOptions): OatsReports {
  const last = new Map<string, string>();
  const isNews = (request: OatsRequest, now: number): boolean => {
    const { serial, vhash, stream, model } = request;
    const told = `${Math.floor(now / day)} ${vhash} ${stream} ${model}`;
    if (last.get(serial) === told) return false;
    last.delete(serial);
    last.set(serial, told);
    for (const oldest of last.keys()) {
      if (last.size <= rememberedLaptops) break;
      last.delete(oldest);
    }
    return true;
  };
  let waiting: { readonly request: OatsRequest; readonly now: number }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const write = async () => {
    while (waiting.length > 0) {
      const taken = waiting.slice(0, mostAtOnce);
      waiting = waiting.slice(mostAtOnce);
      try {
        const reports = await Promise.all(taken.map(made));
        await (await fleet()).storeReports(reports, {});
      } catch (error) {
        for (const { request } of taken) last.delete(request.serial);
        log.warn({ err: error }, messageOf(error));
      }
    }
  };
  const made = async ({ request, now }: (typeof waiting)[number]) => {
    const running = request.vhash === undefined ? undefined : await desk.nameOf(request.vhash);
    return reportOf(request, { now, running });
  };
  const writeSoon = () => {
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      void write();
    }, gathering).unref();
  };
  return {
    keep(request) {
      const now = clock();
      if (!isReport(request) || waiting.length >= mostWaiting || !isNews(request, now)) return;
      waiting.push({ request, now });
      writeSoon();
    },
    close: write,
  };
}

/** True for a question that tells something, of a laptop that makes no reports of its own. */
function isReport({ client, vhash, freeSpace, stream }: OatsRequest): boolean {
  return client === undefined && (vhash ?? freeSpace ?? stream) !== undefined;
}

/** The report of a laptop that has no id of its own: its serial number stands for one. */
function reportOf(
  { serial, vhash, freeSpace = 0, stream, model }: OatsRequest,
  { now, running }: { readonly now: number; readonly running: string | undefined },
): DeviceReport {
  const made = recordTime(now);
  const idOf = (...parts: readonly unknown[]) => hash('sha256', `oats ${parts.join(' ')}`).slice(0, 32);
  return {
    // The same question to two servers of one place is one report.
    id: idOf(serial, made.slice(0, 10), vhash, stream, model),
    made,
    sequence: Math.floor(now / 1000),
    disk: { free: freeSpace * 1024, total: 0 },
    client: oldClient,
    event: 'state',
    device: idOf(serial),
    serial,
    ...(model !== undefined && { model }),
    running: running ?? null,
    ...(stream !== undefined && { stream }),
  };
}
