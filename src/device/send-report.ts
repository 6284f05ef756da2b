import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, type SatchelError } from '../base/errors.ts';
import { readRefusal } from '../base/refusal.ts';
import type { HttpAnswer } from '../store/http.ts';
import { readConfiguration } from './configuration.ts';
import type { DeviceLayout } from './layout.ts';
import { countedAsk, isNetwork, openMeteredSource } from './open-source.ts';
import { type ReportBatch, reportsName } from './report.ts';
import { isReportDue, noteStateIfDue } from './report-make.ts';
import { readMaker, writeMaker } from './report-maker.ts';
import { forget, type QueuedReport, readQueue } from './report-queue.ts';
import type { DeviceSession } from './session.ts';

/** Milliseconds that telling may take when it was not asked for. */
const patience = 3000;

/** Milliseconds for which a source that takes no reports is not asked again. */
const refusalPause = 86_400_000;

/** Most bytes of one body; places take 256 KiB from anybody. */
const bodyLimit = 240 * 1024;

/** The same within {@link patience}: a thin link brings no more in that time, and the rest goes the next time. */
const shortBodyLimit = 16 * 1024;

/** Most bytes of an answer. */
const answerLimit = 4096;

/** Whom to tell. */
export type Listener = Pick<DeviceSession, 'layout' | 'store' | 'ask'>;

/** How it went. */
export type Sent = {
  /** Reports that the source has now. */
  readonly sent: number;
  /** Reports that still wait. */
  readonly waiting: number;
  /** The status of an answer that took none of them. */
  readonly refused?: number;
  /** True where nobody could be asked: a directory. */
  readonly noWay?: true;
};

/**
 * Tells the source what waits, and what the device runs if it has said nothing for a day; within three seconds, and
 * whatever goes wrong is for another time. Gives how many reports the source took.
 */
export async function tellReports(
  listener: Listener,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  const { layout, store } = listener;
  try {
    noteStateIfDue({ layout, clock });
    const refused = readMaker(layout)?.refused;
    const isQuiet = refused?.source === store.location && Math.abs(clock() - refused.at) < refusalPause;
    if (isQuiet) return 0;
    const limit = AbortSignal.timeout(patience);
    const sent = await sendReports(listener, {
      clock,
      bytes: shortBodyLimit,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    });
    return sent.sent;
  } catch (error) {
    if (isSatchelError(error)) return 0;
    throw error;
  }
}

/**
 * As {@link tellReports}, for a command that has not opened the source of the device. Only a source at a fixed address
 * in the network is asked: nothing is looked for.
 */
export async function tellOwnSource(
  layout: DeviceLayout,
  { clock, signal }: { readonly clock: Clock; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  if (!isReportDue({ layout, clock })) return 0;
  const { source: address, monthlyBytes } = readConfiguration(layout) ?? {};
  if (address === undefined || !isNetwork(address)) return 0;
  const { store } = await openMeteredSource(layout, { address, monthlyBytes, patience, clock });
  try {
    return await tellReports({ layout, store, ask: countedAsk(store) }, { clock, signal });
  } finally {
    await store.close();
  }
}

/**
 * Sends what waits in one request, or writes it to the stick that the source is. Throws what reaching the source
 * throws, `data-budget-spent`, `cancelled`, and what the disk says.
 */
export async function sendReports(
  { layout, store, ask }: Listener,
  {
    clock,
    bytes = bodyLimit,
    signal,
  }: {
    readonly clock: Clock;
    /** Most bytes of the request's body. */
    readonly bytes?: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Sent> {
  const queue = readQueue(layout);
  if (queue.length === 0) return { sent: 0, waiting: 0 };
  if (ask === undefined) return carry(queue, store.location);
  const taken = fitting(queue, bytes);
  const batch: ReportBatch = { satchel: 'reports', format: 1, reports: taken.map(({ report }) => report) };
  const answer = await ask({
    method: 'POST',
    path: reportsName,
    headers: { 'Content-Type': 'application/json' },
    body: Buffer.from(JSON.stringify(batch), 'utf8'),
    limit: answerLimit,
    signal,
  });
  const waiting = queue.length - taken.length;
  if (answer.status === 200) {
    forget(taken);
    return { sent: taken.length, waiting };
  }
  // A place that understood them and does not want them never will.
  if (isMeaningless(answer)) forget(taken);
  else if (answer.status < 500) noteRefusal(layout, { source: store.location, at: clock() });
  return { sent: 0, waiting: readQueue(layout).length, refused: answer.status };
}

/** The oldest reports that one body holds. */
export function fitting(queue: readonly QueuedReport[], most: number): QueuedReport[] {
  let length = 0;
  return queue.filter(({ report }, at) => {
    length += Buffer.byteLength(JSON.stringify(report)) + 1;
    return at === 0 || length <= most;
  });
}

function isMeaningless({ status, body }: HttpAnswer): boolean {
  return status === 400 && readRefusal(body).code === 'report-invalid';
}

function noteRefusal(layout: DeviceLayout, refused: { source: string; at: number }): void {
  const maker = readMaker(layout);
  if (maker !== undefined) writeMaker(layout, { ...maker, refused });
}

/** Writes what no stick has yet to the stick at `top`. */
async function carry(queue: readonly QueuedReport[], top: string): Promise<Sent> {
  const [{ isStick }, { stickFolder }] = await Promise.all([
    import('../store/stick.ts'),
    import('../store/stick-manifest.ts'),
  ]);
  if (!isStick(top)) return { sent: 0, waiting: queue.length, noWay: true };
  const { carryReports } = await import('./report-stick.ts');
  const sent = carryReports(join(top, stickFolder, 'reports'), queue);
  return { sent, waiting: queue.length - sent };
}

/** True for a failure after which the source is not worth asking anything. */
export function isSourceGone(error: unknown): error is SatchelError {
  if (!isSatchelError(error)) return false;
  return error.code.startsWith('store-') || isSatchelError(error, 'cancelled', 'data-budget-spent');
}
