import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { sleep as systemSleep } from '../base/sleep.ts';
import type { ReadableStore } from './store.ts';

/** How to read in spite of a bad link. */
export type ResumeOptions = {
  readonly offset?: number | undefined;
  readonly length?: number | undefined;
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Attempts that bring next to nothing, one after another, after which it gives up; 5 when absent. */
  readonly attempts?: number | undefined;
  /** Waits this many milliseconds, or rejects when the signal is aborted. */
  readonly sleep?: ((milliseconds: number, signal: AbortSignal | undefined) => Promise<void>) | undefined;
  /** A number from 0 to 1, for the jitter. */
  readonly random?: (() => number) | undefined;
  /** Told before each pause. */
  readonly onRetry?: ((retry: Retry) => void) | undefined;
};

/** One more attempt that is about to be made. */
export type Retry = {
  readonly failure: SatchelError;
  /** Attempts without progress so far. */
  readonly attempt: number;
  /** Milliseconds until the next. */
  readonly pause: number;
};

const defaultAttempts = 5;
/** An attempt that brings fewer bytes than this brings next to nothing. */
const leastProgress = 1024;
const firstPause = 500;
const longestPause = 30_000;
/** A server may ask for a longer pause, up to this. */
const longestRetryAfter = 300_000;

/** Seconds that are worth waiting for a place that says why it does not give a file yet; a person waits with it. */
const longestWait = 5;

/** True for failures that another attempt may not meet: bad links, busy servers, answers that end early. */
export function isTransient(error: unknown): error is SatchelError {
  if (isSatchelError(error, 'source-has-not-yet')) return Number(error.parameters.retryAfter) <= longestWait;
  return isSatchelError(error, 'store-unreachable', 'store-stalled', 'store-too-short');
}

/**
 * Reads a file or a part of it, going on at the byte where a transient failure stopped it. Pauses between
 * attempts grow from half a second to half a minute and vary by half, so that a school full of devices does
 * not come back all at once; an attempt that brings a kilobyte starts the count anew. Throws the last failure when it gives up,
 * others at once, and `store-changed` when the file got another length meanwhile.
 */
export async function* readResuming(
  store: ReadableStore,
  name: string,
  options: ResumeOptions = {},
): AsyncGenerator<Uint8Array, void> {
  const { length, limit, signal, sleep = systemSleep } = options;
  let position = options.offset ?? 0;
  let end = length === undefined ? undefined : position + length;
  let size: number | undefined;
  let fruitless = 0;
  for (;;) {
    const before = position;
    try {
      const left = end === undefined ? undefined : end - position;
      const reading = await store.read(name, { offset: position, length: left, limit, signal });
      refuseChange(store, name, { before: size, after: reading.size });
      size = reading.size;
      end ??= size;
      for await (const piece of reading.body) {
        position += piece.length;
        yield piece;
      }
      return;
    } catch (error) {
      refuseShrinking(store, name, { error, size });
      if (!isTransient(error)) throw error;
      // All that was wanted is here; how the answer ended no longer matters.
      if (position === end) return;
      fruitless = position - before >= leastProgress ? 1 : fruitless + 1;
      if (fruitless >= (options.attempts ?? defaultAttempts)) throw error;
      const pause = pauseBefore(fruitless, error, options.random ?? Math.random);
      options.onRetry?.({ failure: error, attempt: fruitless, pause });
      await sleep(pause, signal);
      throwIfCancelled(signal);
    }
  }
}

function refuseChange(
  { location }: ReadableStore,
  name: string,
  { before, after }: { readonly before: number | undefined; readonly after: number },
): void {
  if (before !== undefined && before !== after)
    throw new SatchelError('store-changed', { location, name, before, after });
}

/** A part that was inside the file and now is not. */
function refuseShrinking(
  store: ReadableStore,
  name: string,
  { error, size }: { readonly error: unknown; readonly size: number | undefined },
): void {
  if (size !== undefined && isSatchelError(error, 'store-range'))
    refuseChange(store, name, { before: size, after: Number(error.parameters.size) });
}

function pauseBefore(attempt: number, failure: SatchelError, random: () => number): number {
  const grown = Math.min(longestPause, firstPause * 2 ** (attempt - 1));
  const asked = Math.min(longestRetryAfter, Number(failure.parameters.retryAfter ?? 0) * 1000);
  return Math.max(asked, grown * (0.5 + random() / 2));
}
