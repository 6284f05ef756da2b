import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { coalesceFrames } from '../pack/locate.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { packFile } from '../repository/layout.ts';
import type { ReadableStore } from '../store/store.ts';
import { fetchRanges, type Pace, type WantedRange } from './fetch.ts';
import type { Spending } from './spending.ts';
import type { Interval, Spool } from './spool.ts';
import type { NeededObject } from './stage-plan.ts';
import type { FrameObject, StageOutcome, StageTask } from './stage-task.ts';

/** The task of writing what has been received: a frame of a pack, or a segment of a delta. */
export type ReceivedTask = Extract<StageTask, { kind: 'frame' | 'segment' }>;

/** Receives what holds or makes the objects and hands each part to `take` as soon as all of it is there. */
export type Delivery = (
  objects: readonly NeededObject[],
  take: (task: ReceivedTask) => Promise<StageOutcome>,
  signal?: AbortSignal,
) => Promise<void>;

export type DeliveryOptions = {
  readonly store: ReadableStore;
  readonly spool: Spool;
  readonly map: ObjectMap;
  /** Number of each object in the order that the map refers to. */
  readonly ordinals: ReadonlyMap<Sha256, number>;
  /** Upper limit in bytes a second. */
  readonly bytesPerSecond?: number | undefined;
  /** The limit that several deliveries share. */
  readonly pace?: Pace | undefined;
  /** What a damaged base makes necessary is asked about too. */
  readonly spending?: Pick<Spending, 'require'> | undefined;
  readonly reporter: Reporter;
};

/** A frame that holds needed objects. */
export type NeededFrame = {
  readonly number: number;
  readonly file: Sha256;
  readonly start: number;
  readonly end: number;
  readonly rawLength: number;
  readonly objects: FrameObject[];
  handedOver: boolean;
};

/** Wrong bytes are asked for once more, since most are accidents on the way; then the source is named. */
const attempts = 2;

/** Makes the delivery for one build from its map and a source. */
export function createDelivery(options: DeliveryOptions): Delivery {
  return async (objects, take, signal) => {
    let frames = framesOf(objects, options);
    for (let attempt = 1; frames.length > 0; attempt += 1) {
      if (attempt > attempts)
        throw new SatchelError('source-sends-wrong-bytes', {
          source: options.store.location,
          file: packFile(frames[0]?.file ?? ('' as Sha256)),
        });
      const ranges = rangesOf(frames, options.map);
      const bad = await receive(frames, ranges, take, options, signal);
      for (const frame of bad) {
        options.spool.discard(frame.file, frame);
        frame.handedOver = false;
      }
      frames = bad;
    }
  };
}

/** The frames that hold these objects, each once, in the order of the map. */
export function framesOf(
  objects: readonly NeededObject[],
  { map, ordinals }: Pick<DeliveryOptions, 'map' | 'ordinals'>,
): NeededFrame[] {
  const frames = new Map<number, NeededFrame>();
  for (const { sha256, size, targets } of objects) {
    const ordinal = ordinals.get(sha256);
    if (ordinal === undefined) throw new Error(`the index does not hold ${sha256}`);
    const { frame: number, rawOffset } = map.locate(ordinal);
    let frame = frames.get(number);
    if (frame === undefined) {
      const { pack, offset, length, rawLength } = map.frame(number);
      const file = map.pack(pack).sha256;
      frame = {
        number,
        file,
        start: offset,
        end: offset + length,
        rawLength,
        objects: [],
        handedOver: false,
      };
      frames.set(number, frame);
    }
    frame.objects.push({ sha256, rawOffset, size, targets });
  }
  return [...frames.values()].sort((a, b) => a.number - b.number);
}

function rangesOf(frames: readonly NeededFrame[], map: ObjectMap): WantedRange[] {
  const numbers = frames.map(({ number }) => number);
  return coalesceFrames(map, numbers).map(({ pack, offset, length }) => {
    const file = map.pack(pack).sha256;
    return { name: packFile(file), file, offset, length };
  });
}

/** Brings in all frames; the answer is those whose bytes proved wrong. */
async function receive(
  frames: readonly NeededFrame[],
  ranges: readonly WantedRange[],
  take: (task: ReceivedTask) => Promise<StageOutcome>,
  options: DeliveryOptions,
  signal: AbortSignal | undefined,
): Promise<NeededFrame[]> {
  const { spool, reporter } = options;
  const byFile = Map.groupBy(frames, ({ file }) => file);
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  const bad: NeededFrame[] = [];
  const handed: Promise<void>[] = [];
  let done = 0;
  const stop = new AbortController();
  const handOver = (frame: NeededFrame) => {
    frame.handedOver = true;
    const { number, file, start, end, rawLength, objects } = frame;
    const pieces = spool.locate(file, { start, end });
    const taken = take({ kind: 'frame', frame: number, pieces, rawLength, objects }).then((outcome) => {
      if (outcome.badFrame) bad.push(frame);
    });
    // Awaited below; until then a task that failed (a full disk) stops the receiving.
    taken.catch((error: unknown) => stop.abort(error));
    handed.push(taken);
  };
  await fetchRanges({
    store: options.store,
    spool,
    ranges,
    spending: options.spending,
    bytesPerSecond: options.bytesPerSecond,
    pace: options.pace,
    signal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
    onReceived(file, interval) {
      done += interval.end - interval.start;
      reporter.progress({ step: 'fetch', done, total, unit: 'bytes' });
      for (const frame of overlapping(byFile.get(file) ?? [], interval))
        if (!frame.handedOver && spool.missing(file, frame).length === 0) handOver(frame);
    },
  }).catch((error: unknown) => {
    throw stop.signal.aborted ? stop.signal.reason : error;
  });
  await Promise.all(handed);
  return bad;
}

/** The frames (in order of offset) that share a byte with the interval. */
function overlapping(frames: readonly NeededFrame[], { start, end }: Interval): NeededFrame[] {
  let low = 0;
  let high = frames.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((frames[middle]?.end ?? 0) <= start) low = middle + 1;
    else high = middle;
  }
  const found: NeededFrame[] = [];
  for (let i = low; i < frames.length && (frames[i]?.start ?? 0) < end; i += 1)
    found.push(frames[i] as NeededFrame);
  return found;
}
