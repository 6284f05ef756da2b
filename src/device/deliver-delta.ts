import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { type SegmentEntry, segmentOffsets } from '../delta/delta-format.ts';
import { deltaFile } from '../repository/layout.ts';
import type { ReadableStore } from '../store/store.ts';
import type { Delivery, ReceivedTask } from './deliver.ts';
import { fetchRanges } from './fetch.ts';
import type { OpenDelta } from './offered-delta.ts';
import type { Interval, Spool } from './spool.ts';
import type { StageOutcome } from './stage-task.ts';

export type DeltaDeliveryOptions = {
  readonly store: ReadableStore;
  readonly spool: Spool;
  readonly delta: OpenDelta;
  /** Number of each object of the new build. */
  readonly ordinals: ReadonlyMap<Sha256, number>;
  /** Upper limit in bytes a second. */
  readonly bytesPerSecond?: number | undefined;
  /** For sentences. */
  readonly build: BuildName;
  readonly reporter: Reporter;
  /** How to get what the delta does not make, or what a damaged base keeps it from making. */
  readonly rest: () => Promise<Delivery>;
};

/** Wrong bytes are asked for once more, since most are accidents on the way. */
const attempts = 2;

/** Segments that are applied at the same time take no more memory than this, or than one of them alone. */
const memoryAtOnce = 64 * 1024 * 1024;

/**
 * Makes the delivery that applies a delta: segments are handed over as they arrive. The first round applies the
 * delta; what it did not give, and later rounds, are fetched in the other way.
 */
export function createDeltaDelivery(options: DeltaDeliveryOptions): Delivery {
  let isApplied = false;
  return async (objects, take, signal) => {
    let missing = objects;
    if (!isApplied) {
      isApplied = true;
      const produced = await applySegments(options, take, signal);
      missing = objects.filter(({ sha256 }) => !produced.has(options.ordinals.get(sha256) ?? -1));
    }
    if (missing.length === 0) return;
    const deliver = await options.rest();
    await deliver(missing, take, signal);
  };
}

/** A segment and where its stored bytes lie in the delta's file. */
type Segment = Interval & { readonly entry: SegmentEntry; isHandedOver: boolean };

/** Receives and applies every segment; the ordinals of the objects that were made. */
async function applySegments(
  options: DeltaDeliveryOptions,
  take: (task: ReceivedTask) => Promise<StageOutcome>,
  signal: AbortSignal | undefined,
): Promise<Set<number>> {
  const { spool, delta, reporter, build } = options;
  const { stored, head } = delta.reference;
  const offsets = segmentOffsets(head.length, delta.head.segments);
  let segments = delta.head.segments.map((entry, i): Segment => {
    const start = offsets[i]!;
    return { entry, start, end: start + entry.length, isHandedOver: false };
  });
  const produced = new Set<number>();
  for (let attempt = 1; segments.length > 0; attempt += 1) {
    const bad = await receive(segments, produced, take, options, signal);
    for (const segment of bad) {
      spool.discard(stored, segment);
      segment.isHandedOver = false;
    }
    segments = bad;
    if (attempt < attempts || bad.length === 0) continue;
    reporter.notice('delta-of-no-use', { from: delta.reference.from, build });
    break;
  }
  return produced;
}

/** Brings in the segments and applies each; the answer is those whose bytes proved wrong. */
async function receive(
  segments: readonly Segment[],
  produced: Set<number>,
  take: (task: ReceivedTask) => Promise<StageOutcome>,
  options: DeltaDeliveryOptions,
  signal: AbortSignal | undefined,
): Promise<Segment[]> {
  const { spool, reporter } = options;
  const { stored } = options.delta.reference;
  const total = segments.reduce((sum, { entry }) => sum + entry.length, 0);
  const bad: Segment[] = [];
  const handed: Promise<void>[] = [];
  const stop = new AbortController();
  const admit = createAdmission(memoryAtOnce);
  const apply = async (segment: Segment) => {
    using _room = await admit(segment.entry.memory);
    stop.signal.throwIfAborted();
    const pieces = spool.locate(stored, segment);
    const outcome = await take({ kind: 'segment', segment: segment.entry, pieces });
    if (outcome.badFrame) bad.push(segment);
    for (const ordinal of outcome.produced) produced.add(ordinal);
  };
  const handOver = (segment: Segment) => {
    segment.isHandedOver = true;
    const applied = apply(segment);
    // Awaited below; until then a task that failed (a full disk) stops the receiving.
    applied.catch((error: unknown) => stop.abort(error));
    handed.push(applied);
  };
  let done = 0;
  await fetchRanges({
    ...options,
    ranges: rangesOf(segments, stored),
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    onReceived(_file, { start, end }) {
      done += end - start;
      reporter.progress({ step: 'fetch', done, total, unit: 'bytes' });
      for (const segment of segments)
        if (!segment.isHandedOver && segment.end <= end && spool.missing(stored, segment).length === 0)
          handOver(segment);
    },
  }).catch((error: unknown) => {
    throw stop.signal.aborted ? stop.signal.reason : error;
  });
  await Promise.all(handed);
  return bad;
}

/** Segments that follow each other are asked for as one range. */
function rangesOf(segments: readonly Segment[], file: Sha256) {
  const ranges: { name: string; file: Sha256; offset: number; length: number }[] = [];
  for (const { start, end } of segments) {
    const last = ranges.at(-1);
    if (last !== undefined && last.offset + last.length === start) last.length += end - start;
    else ranges.push({ name: deltaFile(file), file, offset: start, length: end - start });
  }
  return ranges;
}

/** Lets in as many as fit under a limit, in order; one that is larger than the limit goes alone. */
function createAdmission(limit: number): (size: number) => Promise<Disposable> {
  const waiting: { readonly size: number; readonly enter: () => void }[] = [];
  let inside = 0;
  const letIn = () => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (inside > 0 && inside + next.size > limit) return;
      waiting.shift();
      inside += next.size;
      next.enter();
    }
  };
  return (size) =>
    new Promise((resolve) => {
      const enter = () =>
        resolve({
          [Symbol.dispose]() {
            inside -= size;
            letIn();
          },
        });
      waiting.push({ size, enter });
      letIn();
    });
}
