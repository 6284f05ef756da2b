import type { Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { type SegmentEntry, segmentOffsets } from '../delta/delta-format.ts';
import { deltaFile } from '../repository/layout.ts';
import type { ReadableStore } from '../store/store.ts';
import { type Admission, createAdmission } from './admission.ts';
import type { Delivery, ReceivedTask } from './deliver.ts';
import { fetchRanges, type Pace } from './fetch.ts';
import { isUnservable, type OpenDelta } from './offered-delta.ts';
import type { Spending } from './spending.ts';
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
  /** The limit that several deliveries share. */
  readonly pace?: Pace | undefined;
  /**
   * Room in memory for applying, in bytes, which deltas that are applied beside each other share; as much as this one
   * states when absent.
   */
  readonly admit?: Admission | undefined;
  /** What it leads to, for sentences. */
  readonly build: string;
  readonly reporter: Reporter;
  readonly spending?: Pick<Spending, 'require'> | undefined;
  /** Needed objects that the old build has, so that no delta makes them. */
  readonly beside?: ReadonlySet<Sha256> | undefined;
  /** How to get what the delta does not make, or what a damaged base keeps it from making. */
  readonly rest: () => Promise<Delivery>;
};

/** Wrong bytes are asked for once more, since most are accidents on the way. */
const attempts = 2;

type Take = (task: ReceivedTask) => Promise<StageOutcome>;

/**
 * Makes the delivery that applies a delta: segments are handed over as they arrive. The first round applies the
 * delta; what it did not give, and later rounds, are fetched in the other way.
 */
export function createDeltaDelivery(options: DeltaDeliveryOptions): Delivery {
  let isApplied = false;
  let rest: Promise<Delivery> | undefined;
  return async (objects, take, signal) => {
    let missing = objects;
    if (!isApplied) {
      isApplied = true;
      const { produced, isBaseSound } = await applyDelta(options, take, signal);
      missing = objects.filter(({ sha256 }) => !produced.has(options.ordinals.get(sha256) ?? -1));
      const { reporter, build, delta, beside } = options;
      if (isBaseSound && missing.some(({ sha256 }) => !beside?.has(sha256)))
        reporter.notice('delta-of-no-use', { from: delta.from, build });
    }
    if (missing.length === 0) return;
    rest ??= options.rest();
    const deliver = await rest;
    await deliver(missing, take, signal);
  };
}

/** A segment and where its stored bytes lie in the delta's file. */
type Segment = Interval & { readonly entry: SegmentEntry; isHandedOver: boolean };

/** What has come of a delta so far. */
type Application = {
  /** Ordinals of the objects that were made. */
  readonly produced: Set<number>;
  /** Segments whose bytes proved wrong. */
  bad: Segment[];
  /** False when an old object that it is made from was not there or not right. */
  isBaseSound: boolean;
};

/** Receives and applies every segment. */
async function applyDelta(
  options: DeltaDeliveryOptions,
  take: Take,
  signal: AbortSignal | undefined,
): Promise<Application> {
  const { spool, delta } = options;
  const { stored } = delta.reference;
  const application: Application = { produced: new Set(), bad: segmentsOf(delta), isBaseSound: true };
  for (let attempt = 1; application.bad.length > 0 && attempt <= attempts; attempt += 1) {
    const segments = application.bad;
    application.bad = [];
    try {
      await receive(segments, application, take, options, signal);
    } catch (error) {
      if (!isUnservable(error)) throw error;
      break;
    }
    for (const segment of application.bad) {
      spool.discard(stored, segment);
      segment.isHandedOver = false;
    }
  }
  return application;
}

function segmentsOf({ head, reference }: OpenDelta): Segment[] {
  const offsets = segmentOffsets(reference.head.length, head.segments);
  return head.segments.map((entry, i) => {
    const start = offsets[i]!;
    return { entry, start, end: start + entry.length, isHandedOver: false };
  });
}

/** Brings in the segments and applies each. */
async function receive(
  segments: readonly Segment[],
  application: Application,
  take: Take,
  options: DeltaDeliveryOptions,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { spool, reporter } = options;
  const { stored } = options.delta.reference;
  const total = segments.reduce((sum, { entry }) => sum + entry.length, 0);
  const handed: Promise<void>[] = [];
  const stop = new AbortController();
  // Small segments may be applied beside others, never with more memory than the record states for the greediest.
  const { admit = createAdmission(options.delta.reference.memory) } = options;
  const apply = async (segment: Segment) => {
    using _room = await admit(segment.entry.memory);
    stop.signal.throwIfAborted();
    const pieces = spool.locate(stored, segment);
    const outcome = await take({ kind: 'segment', segment: segment.entry, pieces });
    if (outcome.badFrame) application.bad.push(segment);
    if (outcome.damaged.length > 0) application.isBaseSound = false;
    for (const ordinal of outcome.produced) application.produced.add(ordinal);
  };
  const handOver = (segment: Segment) => {
    segment.isHandedOver = true;
    const applied = apply(segment);
    // Awaited below; until then a task that failed (a full disk) stops the receiving.
    applied.catch((error: unknown) => stop.abort(error));
    handed.push(applied);
  };
  let done = 0;
  try {
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
    });
    // Those whose last byte was there before their first.
    for (const segment of segments) if (!segment.isHandedOver) handOver(segment);
  } catch (error) {
    // What has been received goes on being applied, so that what to fetch otherwise is known.
    if (isUnservable(error)) await Promise.all(handed);
    throw stop.signal.aborted ? stop.signal.reason : error;
  }
  await Promise.all(handed);
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
