import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { DataMonth } from '../device/data-month.ts';
import { isNetwork, meterForMonth } from '../device/open-source.ts';
import { type HttpCounters, type HttpStore, openHttpStore } from '../store/http.ts';
import { openSourceStore, type SourceStore } from '../store/open.ts';
import type { ReadableStore, Reading } from '../store/store.ts';
import type { SiteLayout } from './layout.ts';
import { type LinkState, openLinkFile } from './link-file.ts';
import type { SiteSettings } from './settings.ts';
import { type GateTime, systemGateTime } from './upstream-gate.ts';
import { createPatience } from './upstream-patience.ts';
import { presentCause, viaHeaders } from './upstream-via.ts';

/** A question to the API of the upstream. */
export type UpstreamMessage = {
  readonly method: 'GET' | 'POST';
  /** Below the address of the upstream: `api/v1/reports`. */
  readonly path: string;
  /** Sent as `application/json`. */
  readonly body?: Uint8Array | string;
  /** Most bytes of the answer that are taken; 1 MiB when absent. */
  readonly limit?: number;
  readonly signal?: AbortSignal | undefined;
};

/** What the API answered, whatever its status below 500; a busy or broken server is a failure instead. */
export type UpstreamAnswer = { readonly status: number; readonly body: Uint8Array };

/**
 * The place that a site gets everything from, for the life of a process. Each byte counts for the month, and after a
 * failure the upstream is left alone for a while that grows from a second to a quarter of an hour.
 *
 * `read` throws what {@link ReadableStore} throws, and `site-upstream-down` (at once; parameter `retryAfter`, seconds),
 * `site-month-spent`, `site-loop`. A failed read is not repeated: whoever still wants the bytes waits with
 * {@link Upstream.untilTry} and asks for the rest. A body that breaks off after it has brought something closes nothing.
 *
 * What is asked because somebody else asked carries whom that was: see `causedBy` in `upstream-via.ts`.
 */
export type Upstream = ReadableStore & {
  /** True while what is asked (this file, or anything at all) fails at once: a failure was not long ago. */
  isDown(name?: string): boolean;
  /** Resolves when the next attempt may be made: at once when nothing failed. Throws `cancelled`. */
  untilTry(name?: string, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** What was asked and received so far, by this process. */
  counters(): HttpCounters;
  /** What has come this month, by every process; undefined for a directory, which costs nothing. */
  month(): DataMonth | undefined;
  /** False for a directory: there is nobody to tell anything to. */
  readonly hasApi: boolean;
  /**
   * Asks the API, with the credential of the site. Throws as `read` does, and `site-upstream-without-api` for a
   * directory. Status 404 and 405 mean that a plain web server stands there.
   */
  request(message: UpstreamMessage): Promise<UpstreamAnswer>;
  /** What is known about the link: how fast, last contact, failures. */
  link(): LinkState;
};

export type UpstreamOptions = {
  readonly clock: Clock;
  /** Milliseconds that the upstream may be silent; the store's own when absent. */
  readonly patience?: number | undefined;
  readonly time?: GateTime;
};

/** Most bytes of an answer of the API when nothing else is said. */
const answerLimit = 1024 * 1024;

/** An upstream, and who asks it: no id when a person at a terminal does, who is no place that others ask. */
export type UpstreamSettings = Pick<SiteSettings, 'upstream' | 'credential' | 'monthlyBytes'> & {
  readonly id?: string;
};

/** The upstream that a site is set to. Nothing is connected to yet. Throws `store-address-not-usable`. */
export async function openUpstream(
  layout: SiteLayout,
  settings: UpstreamSettings,
  { clock, patience: silence, time = systemGateTime }: UpstreamOptions,
): Promise<Upstream> {
  const { upstream: address, id, credential, monthlyBytes } = settings;
  const file = openLinkFile(layout, clock);
  const { source, http } = await openSource(address, { id, silence });
  const { store, month } = meterForMonth(layout, source, { address, monthlyBytes, clock });
  const { location } = store;
  const patience = createPatience({ upstream: location, file, time });
  const refuseLoop = () => {
    if (id !== undefined && presentCause().includes(id))
      throw new SatchelError('site-loop', { upstream: location });
  };
  const remember = () => {
    const measured = store.meter.takeMeasured();
    if (measured !== undefined) file.measured(measured);
  };
  return {
    location,
    hasApi: http !== undefined,
    isDown: patience.isDown,
    untilTry: (name, options) => patience.untilTry(name, options?.signal),
    counters: () => store.counters(),
    month,
    link: () => file.state(),
    async read(name, options = {}) {
      refuseLoop();
      try {
        const { size, body } = await patience.read(name, options.signal, () => store.read(name, options));
        return { size, body: toEnd(body, remember) };
      } catch (error) {
        throw forSite(error);
      }
    },
    async request({ method, path, body, limit = answerLimit, signal }) {
      if (http === undefined) throw new SatchelError('site-upstream-without-api', { upstream: location });
      refuseLoop();
      const bytes = typeof body === 'string' ? Buffer.from(body, 'utf8') : body;
      const headers = {
        // Refusals are read, and said again in the language of whoever asked.
        'Accept-Language': 'en',
        ...(credential === undefined ? {} : { Authorization: `Bearer ${credential}` }),
        ...(bytes === undefined ? {} : { 'Content-Type': 'application/json' }),
      };
      const question = { method, path, headers, limit, signal, ...(bytes && { body: bytes }) };
      try {
        return await patience.ask(path, signal, () => store.counted(shortAnswer, () => http.ask(question)));
      } catch (error) {
        throw forSite(error);
      }
    },
    close: () => store.close(),
  };
}

/** Room in the month that an answer of the API needs before it is asked for. */
const shortAnswer = 1024;

async function openSource(
  address: string,
  { id, silence }: { readonly id: string | undefined; readonly silence: number | undefined },
): Promise<{ readonly source: SourceStore; readonly http?: HttpStore }> {
  if (!isNetwork(address)) return { source: await openSourceStore(address) };
  const waiting = silence === undefined ? {} : { idleTimeout: silence, connectTimeout: silence };
  const http = openHttpStore(address, { ...waiting, headers: () => viaHeaders(id) });
  return { source: http, http };
}

async function* toEnd(body: Reading['body'], end: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw forSite(error);
  } finally {
    end();
  }
}

/** The month of a device and that of a site have the same numbers and other hints. */
function forSite(error: unknown): unknown {
  if (!isSatchelError(error, 'data-budget-spent')) return error;
  return new SatchelError('site-month-spent', error.parameters, { cause: error });
}
