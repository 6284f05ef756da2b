import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { smallGap, type Unit } from './pull-content.ts';
import { passOn } from './pull-pass-on.ts';
import type { Proofs } from './pull-proofs.ts';
import type { Run, RunScene } from './pull-run.ts';
import type { Runs } from './pull-runs.ts';
import type { Pace, PulledPart } from './pull-types.ts';
import type { Users } from './pull-users.ts';
import type { Waking } from './pull-waking.ts';

/** How somebody reads. */
export type ReadingOptions = { readonly signal?: AbortSignal | undefined; readonly pace?: Pace | undefined };

/** What reading works with. */
export type ReaderOptions = {
  readonly scene: RunScene;
  readonly proofs: Proofs;
  readonly runs: Runs;
  readonly users: Pick<Users, 'count'>;
  readonly waking: Waking;
  /** Why a unit is not to be asked for now; undefined: it may be. */
  refusal(unit: Unit): SatchelError | undefined;
};

/** Bytes of a unit that nobody gets before the unit is proven. */
const heldBack = 64 * 1024;
/** A unit up to this length that is here is proven before anything of it is handed on, a larger one meanwhile. */
const provenFirst = 8 * 1024 * 1024;
/** Bytes that a reader gets at a time. */
const pieceLength = 64 * 1024;
/** The same when there are many readers, so that memory stays bounded, and how many are many. */
const crowdedPieceLength = 32 * 1024;
const crowd = 64;

/** Bytes from `position` on, which lie in `unit`; those from `end` on are not wanted. */
type Wanted = { readonly position: number; readonly end: number; readonly unit: Unit };

/** The bytes of a part as they arrive. Throws what stops a run, `site-bytes-proved-wrong`, `cancelled`. */
export async function* readPart(
  options: ReaderOptions,
  { offset, length }: PulledPart,
  reading: ReadingOptions,
): AsyncGenerator<Uint8Array, void> {
  const { scene, proofs, users } = options;
  const { name, upstream, part, content } = scene;
  const end = offset + length;
  let unit: Unit | undefined;
  let turn = 0;
  for (let position = offset; position < end; ) {
    if (unit === undefined || position >= unit.end) {
      unit = content.unitAt(position);
      turn = proofs.takenBack(unit);
    }
    if (!unit.canBeProven && unit.end - unit.start > smallGap) {
      const passed = { offset: position, length: Math.min(end, unit.end) - position };
      yield* passOn({ name, upstream, size: part.size }, passed, reading);
      position += passed.length;
      continue;
    }
    const until = await ready(options, { position, end, unit }, reading);
    const hasBegun = position > Math.max(offset, unit.start);
    if (hasBegun && turn !== proofs.takenBack(unit)) throw wrongBytes(options, unit);
    turn = proofs.takenBack(unit);
    const most = users.count() > crowd ? crowdedPieceLength : pieceLength;
    const bytes = Buffer.allocUnsafeSlow(Math.min(most, until - position));
    await part.read(bytes, position);
    // What was read may have been taken back meanwhile.
    if (turn !== proofs.takenBack(unit)) {
      if (hasBegun) throw wrongBytes(options, unit);
      continue;
    }
    position += bytes.length;
    yield bytes;
  }
}

function wrongBytes({ scene: { name }, refusal }: ReaderOptions, unit: Unit): SatchelError {
  return refusal(unit) ?? new SatchelError('site-bytes-proved-wrong', { file: name });
}

/** Waits until the byte at `position` may be handed on; returns the byte after the last that may. */
async function ready(
  options: ReaderOptions,
  wanted: Wanted,
  { signal, pace }: ReadingOptions,
): Promise<number> {
  const { scene, proofs, waking } = options;
  const { unit } = wanted;
  let awaited: Run | undefined;
  let isOwn = false;
  for (;;) {
    throwIfCancelled(signal);
    if (scene.signal.aborted) throw new SatchelError('site-pull-closed');
    const { until, isWhole } = handedOn(scene, wanted);
    if (until !== undefined) return until;
    if (isWhole) {
      await untilAborted(proofs.prove(unit), signal);
      continue;
    }
    // Another request that was refused as a loop says nothing about this one: its asker may have made that up.
    if (awaited?.failure !== undefined && (isOwn || !isSatchelError(awaited.failure, 'site-loop')))
      throw awaited.failure;
    const refusal = options.refusal(unit);
    if (refusal !== undefined) throw refusal;
    const { run, isBegun } = runFor(options, wanted, pace);
    isOwn = isBegun || (isOwn && run === awaited);
    awaited = run;
    if (pace === undefined) run.pace = undefined;
    if (run.isHopeless) throw run.trouble;
    await untilAborted(waking.next(), signal);
  }
}

/** The byte after the last that may be handed on now; undefined: none may. `isWhole`: all that the unit has is here. */
function handedOn(
  { part, content }: RunScene,
  { position, end, unit }: Wanted,
): { readonly until: number | undefined; readonly isWhole: boolean } {
  if (content.isProven(unit)) return { until: Math.min(end, unit.end), isWhole: true };
  const here = part.received.endFrom(position);
  const limit = unit.canBeProven ? unit.end - heldBack : unit.end;
  const isWhole = unit.canBeProven && part.received.covers(unit.start, unit.end);
  const isSoonProven = isWhole && unit.end - unit.start <= provenFirst;
  const mayGo = !isSoonProven && Math.min(here, limit) > position;
  return { until: mayGo ? Math.min(end, here, limit) : undefined, isWhole };
}

/** The run that brings what is missing of the unit, or the byte; begun when there is none. */
function runFor(
  { scene: { part }, runs }: ReaderOptions,
  { position, end, unit }: Wanted,
  pace: Pace | undefined,
): { readonly run: Run; readonly isBegun: boolean } {
  const start = unit.canBeProven ? part.received.endFrom(unit.start) : position;
  const present = runs.runFor(start);
  if (present !== undefined) return { run: present, isBegun: false };
  const run = runs.begin({ start, end: runs.endFor(start, Math.max(end, start + 1)), pace });
  return { run, isBegun: true };
}
