import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { objectOrdinals } from '../build/objects.ts';
import { type SegmentEntry, segmentOffsets } from '../delta/delta-format.ts';
import { coalesceFrames } from '../pack/locate.ts';
import type { Way } from '../plan/ways.ts';
import { deltaFile, packFile } from '../repository/layout.ts';
import type { BootStageWay } from './boot-stage-order.ts';
import type { StepTask } from './boot-stage-steps.ts';
import { framesOf } from './deliver.ts';
import { fetchRanges, type WantedRange } from './fetch.ts';
import type { OpenDelta } from './offered-delta.ts';
import type { Prepared } from './prepare.ts';
import { readPieces } from './spool.ts';
import type { UpdateOptions } from './update-options.ts';
import type { Wanted } from './wanted.ts';

/** Wrong bytes are asked for once more, since most are accidents on the way. */
const attempts = 2;

export type ReceiveOptions = UpdateOptions & { readonly wanted: Wanted; readonly prepared: Prepared };

/** Receives all that a way needs into the spool. Throws what `fetchRanges` throws, and `source-sends-wrong-bytes`. */
export async function receiveWhole(options: ReceiveOptions, way: Way): Promise<BootStageWay> {
  const { prepared, wanted } = options;
  if (way.kind === 'delta' && prepared.delta !== undefined) {
    await receiveDelta(options, prepared.delta);
    const { stored, head } = prepared.delta.reference;
    return { kind: 'delta', stored, head: head.length };
  }
  const map = await prepared.map();
  const { index, stage } = prepared;
  const missing = [...stage.objects.values()].filter(({ source }) => source === undefined);
  const frames = framesOf(missing, { map, ordinals: objectOrdinals(index.objects) });
  const ranges = coalesceFrames(
    map,
    frames.map(({ number }) => number),
  ).map(({ pack, offset, length }) => {
    const file = map.pack(pack).sha256;
    return { name: packFile(file), file, offset, length };
  });
  await fetchAll(options, ranges);
  return { kind: 'objects', map: wanted.deltas.map };
}

async function receiveDelta(options: ReceiveOptions, { head, reference }: OpenDelta): Promise<void> {
  const { session } = options;
  const { stored, length } = reference;
  const name = deltaFile(stored);
  const whole = { name, file: stored, offset: reference.head.length, length: length - reference.head.length };
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    await fetchAll(options, [whole]);
    const bad = badSegments(options, stored, head.segments, reference.head.length);
    if (bad.length === 0) return;
    for (const interval of bad) session.spool.discard(stored, interval);
  }
  throw new SatchelError('source-sends-wrong-bytes', { source: session.store.location, file: name });
}

function badSegments(
  { session }: ReceiveOptions,
  stored: Sha256,
  segments: readonly SegmentEntry[],
  headLength: number,
): { start: number; end: number }[] {
  const offsets = segmentOffsets(headLength, segments);
  return segments.flatMap(({ length, sha256 }, i) => {
    const interval = { start: offsets[i]!, end: offsets[i]! + length };
    const bytes = readPieces(session.spool.locate(stored, interval));
    return hash('sha256', bytes) === sha256 ? [] : [interval];
  });
}

/** Forgets received frames that proved wrong, so that they are asked for again. */
export async function forgetFrames(
  { prepared, session }: ReceiveOptions,
  tasks: readonly StepTask[],
): Promise<void> {
  const map = await prepared.map();
  for (const task of tasks) {
    if (task.kind !== 'frame') continue;
    const { pack, offset, length } = map.frame(task.frame);
    session.spool.discard(map.pack(pack).sha256, { start: offset, end: offset + length });
  }
}

async function fetchAll(options: ReceiveOptions, ranges: readonly WantedRange[]): Promise<void> {
  const { session, prepared, bytesPerSecond, reporter, signal } = options;
  const total = ranges.reduce((sum, { length }) => sum + length, 0);
  let done = 0;
  await fetchRanges({
    ...{ store: session.store, spool: session.spool, ranges, bytesPerSecond, signal },
    spending: prepared.spending,
    onReceived(_file, { start, end }) {
      done += end - start;
      reporter.progress({ step: 'fetch', done, total, unit: 'bytes' });
    },
  });
}
