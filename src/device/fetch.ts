import { throwIfCancelled } from '../base/cancel.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { freeBuffer } from '../base/memory.ts';
import { readResuming } from '../store/retry.ts';
import type { ReadableStore } from '../store/store.ts';
import type { Spending } from './spending.ts';
import type { Interval, Spool } from './spool.ts';

/** A run of bytes of a stored file that is wanted. */
export type WantedRange = {
  /** The stored file's name in the repository. */
  readonly name: string;
  /** SHA-256 of the stored file, which names it in the spool. */
  readonly file: Sha256;
  readonly offset: number;
  readonly length: number;
};

export type FetchOptions = {
  readonly store: ReadableStore;
  readonly spool: Spool;
  readonly ranges: readonly WantedRange[];
  /** Is asked about what is not in the spool yet before anything is requested. */
  readonly spending?: Pick<Spending, 'require'> | undefined;
  /** Upper limit in bytes a second over all connections; absent: as fast as it goes. */
  readonly bytesPerSecond?: number | undefined;
  /** The limit that several calls share, in the place of their own. */
  readonly pace?: Pace | undefined;
  /** Called whenever a range has been received up to `end` (exclusive), also for what was there before. */
  readonly onReceived: (file: Sha256, interval: Interval) => void;
  readonly signal?: AbortSignal | undefined;
};

/** Simultaneous requests: enough to hide a round trip of a thin link, few enough to be a good neighbour. */
const connections = 3;

/**
 * Brings the wanted ranges into the spool, skipping what is there already and resuming after every kind of
 * interruption. Throws the codes of `readResuming`, `disk-full`, `cancelled`, and what `spending` throws.
 */
export async function fetchRanges(options: FetchOptions): Promise<void> {
  options.spending?.require(costOf(options));
  const queue = options.ranges.flatMap((range) => missingParts(range, options));
  const pace = options.pace ?? startPacing(options.bytesPerSecond);
  // The first failure stops the other connections at once instead of letting them finish their ranges.
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      await fetchPart(next, { ...options, signal }, pace);
    }
  };
  const workers = Array.from({ length: Math.min(connections, queue.length) }, () =>
    work().catch((error: unknown) => {
      stop.abort(error);
      throw error;
    }),
  );
  const results = await Promise.allSettled(workers);
  throwIfCancelled(options.signal);
  const causes = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
  if (causes.length > 0) throw stop.signal.reason ?? causes[0];
}

function costOf({ ranges, spool }: FetchOptions): { bytes: number; requests: number } {
  const gaps = ranges.flatMap(({ file, offset, length }) =>
    spool.missing(file, { start: offset, end: offset + length }),
  );
  return { bytes: gaps.reduce((sum, { start, end }) => sum + end - start, 0), requests: gaps.length };
}

type MissingPart = WantedRange & { readonly start: number; readonly end: number };

function missingParts(range: WantedRange, { spool, onReceived }: FetchOptions): MissingPart[] {
  const whole = { start: range.offset, end: range.offset + range.length };
  const gaps = spool.missing(range.file, whole);
  let position = whole.start;
  for (const gap of gaps) {
    if (gap.start > position) onReceived(range.file, { start: position, end: gap.start });
    position = gap.end;
  }
  if (position < whole.end) onReceived(range.file, { start: position, end: whole.end });
  return gaps.map((gap) => ({ ...range, ...gap }));
}

async function fetchPart(part: MissingPart, options: FetchOptions, pace: Pace | undefined): Promise<void> {
  const writer = options.spool.append(part.file, part.start);
  try {
    let position = part.start;
    const body = readResuming(options.store, part.name, {
      offset: part.start,
      length: part.end - part.start,
      ...(options.signal ? { signal: options.signal } : {}),
    });
    for await (const bytes of body) {
      await writer.write(bytes);
      const { length } = bytes;
      // Left to the collector, a fast link fills the memory before it looks. Parts of a larger piece share theirs.
      if (length === bytes.buffer.byteLength) freeBuffer(bytes);
      options.onReceived(part.file, { start: position, end: position + length });
      position += length;
      if (pace) await pace(length, options.signal);
    }
  } finally {
    await writer.close();
  }
}

/** Waits, when so many bytes have just been received, until they would have been due. */
export type Pace = (bytes: number, signal: AbortSignal | undefined) => Promise<void>;

/** Holds the average since the start under a rate; there is nothing to hold without one. */
export function startPacing(bytesPerSecond: number | undefined): Pace | undefined {
  if (bytesPerSecond === undefined) return undefined;
  let due = performance.now();
  return async (bytes, signal) => {
    due = Math.max(due, performance.now() - 1000) + (bytes * 1000) / bytesPerSecond;
    const wait = due - performance.now();
    if (wait <= 0) return;
    await new Promise<void>((resolve) => {
      const finish = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', finish);
        resolve();
      };
      const timer = setTimeout(finish, wait);
      signal?.addEventListener('abort', finish, { once: true });
    });
  };
}
