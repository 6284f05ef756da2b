import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { Reading } from '../store/store.ts';
import type { Content, Unit } from './pull-content.ts';
import type { PartFile } from './pull-part-file.ts';
import { passOn } from './pull-pass-on.ts';
import { dismiss, type PullTiming, type Run, type RunScene, receive } from './pull-run.ts';
import type { Pace, PulledPart, PullUpstream } from './pull-types.ts';

/** What an entry works with. */
export type EntryOptions = {
  readonly name: string;
  readonly part: PartFile;
  readonly content: Content;
  readonly upstream: PullUpstream;
  readonly timing: PullTiming;
  /** Hears how a unit did; `isFromUpstream` is false for bytes that an earlier process had received. */
  judged(unit: Unit, judgement: { readonly isRight: boolean; readonly isFromUpstream: boolean }): void;
  /** Why a unit is not to be asked for now; undefined: it may be. */
  refusal(unit: Unit): SatchelError | undefined;
  /** Makes room before bytes are asked for. */
  ensureRoom(bytes: number): Promise<void>;
  /** A run ended; with why, if it was before its end. Returns the sentence for those who waited. */
  failed(error: unknown): unknown;
  /** Everything is here: makes a file of the repository of it. False when it proved wrong. */
  complete(entry: Entry): Promise<boolean>;
  /** Nobody uses the entry any more: close it. */
  idle(): void;
};

/** A file that is being received, for all who want it. */
export type Entry = {
  readonly name: string;
  readonly size: number;
  readonly part: PartFile;
  /** Counts a user; call the answer once when done. */
  hold(): () => void;
  /** The bytes of a part as they arrive. Throws what stops a run, `site-bytes-proved-wrong`, `cancelled`. */
  read(part: PulledPart, options: ReadingOptions): AsyncGenerator<Uint8Array, void>;
  /** Receives all that is missing from the first missing byte on, without a reader. */
  goOn(first?: Reading, pace?: Pace): void;
  /** True while bytes are being received. */
  isReceiving(): boolean;
  /** Forgets the bytes of a unit that proved wrong. */
  distrust(unit: Unit): void;
  /** Stores the file if all of it is here. */
  tryToComplete(): void;
  /** Resolves when the file is not being stored any more; at once while it is not complete. */
  stored(): Promise<void>;
  /** Resolves when nothing is being received, proven or stored. */
  settled(): Promise<void>;
  /** Ends what is being received and waits for it. Readers get `site-pull-closed`. */
  stop(): Promise<void>;
};

type ReadingOptions = { readonly signal?: AbortSignal | undefined; readonly pace?: Pace | undefined };

/** Bytes of a unit that nobody gets before the unit is proven. */
const heldBack = 64 * 1024;
/** A unit up to this length that is here is proven before anything of it is handed on, a larger one meanwhile. */
const provenFirst = 8 * 1024 * 1024;
/** Bytes that a reader gets at a time. */
const pieceLength = 64 * 1024;
/** The same when there are many readers, so that memory stays bounded, and how many are many. */
const crowdedPieceLength = 32 * 1024;
const crowd = 64;
/**
 * As many bytes between two frames, of which nothing is known, are received with them: a request of their own would
 * take longer on a thin link. More are passed on without being kept.
 */
const smallGap = 64 * 1024;

/** Makes an entry over a part file. */
export function createEntry(options: EntryOptions): Entry {
  const { name, part, content, upstream } = options;
  const stopping = new AbortController();
  const runs = new Set<Run>();
  const working = new Set<Promise<void>>();
  const proving = new Map<number, Promise<void>>();
  /** How often a unit was taken back, by its first byte. */
  const takenBack = new Map<number, number>();
  /** First bytes of units that this process has received bytes of. */
  const received = new Set<number>();
  let next = Promise.withResolvers<void>();
  let users = 0;
  /** Everything proved right and was given to the repository, or that is being done. */
  let isCompleting = false;
  let completing: Promise<void> = Promise.resolve();

  const wake = () => {
    const { resolve } = next;
    next = Promise.withResolvers<void>();
    resolve();
  };
  const hold = () => {
    users += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      users -= 1;
      if (users === 0) options.idle();
    };
  };
  /** Does something that the entry must stay open for. */
  const work = (action: () => Promise<void>): Promise<void> => {
    const release = hold();
    const done = action().finally(() => {
      working.delete(done);
      release();
    });
    working.add(done);
    return done;
  };

  const distrust = (unit: Unit) => {
    takenBack.set(unit.start, (takenBack.get(unit.start) ?? 0) + 1);
    content.forget(unit);
    part.forget(unit.start, unit.end);
    received.delete(unit.start);
    wake();
  };
  const proveOnce = async (unit: Unit) => {
    const isFromUpstream = received.has(unit.start);
    const isRight = await content.prove(unit, part);
    if (!isRight) distrust(unit);
    options.judged(unit, { isRight, isFromUpstream });
    wake();
    tryToComplete();
  };
  const prove = (unit: Unit): Promise<void> => {
    const begun = proving.get(unit.start) ?? proveOnce(unit).finally(() => proving.delete(unit.start));
    proving.set(unit.start, begun);
    return begun;
  };
  const tryToComplete = () => {
    if (isCompleting || stopping.signal.aborted || !part.received.covers(0, part.size)) return;
    isCompleting = true;
    completing = work(async () => {
      try {
        isCompleting = await options.complete(entry);
      } catch (error) {
        isCompleting = false;
        options.failed(error);
      }
    });
  };

  const scene: RunScene = {
    ...{ name, part, content, upstream, prove, wake },
    timing: options.timing,
    signal: stopping.signal,
  };
  /** Where a run that begins at a missing byte ends: with the unit of the last wanted byte, or where bytes are. */
  const endOfRun = (start: number, wantedEnd: number): number => {
    let end = start;
    while (end < wantedEnd) {
      const unit = content.unitAt(end);
      if (unit.canBeProven) end = unit.end;
      else if (unit.end - unit.start <= smallGap) end = Math.min(unit.end, wantedEnd);
      else break;
    }
    const others = [...runs].filter(({ position }) => position > start).map(({ position }) => position);
    return Math.min(end, part.received.nextFrom(start), ...others);
  };
  const begin = (start: number, end: number, pace: Pace | undefined, first?: Reading): Run => {
    const run: Run = {
      ...{ position: start, end, pace },
      ...{ trouble: undefined, isHopeless: false, failure: undefined },
    };
    runs.add(run);
    for (let at = start; at < end; ) {
      const unit = content.unitAt(at);
      received.add(unit.start);
      at = unit.end;
    }
    void work(async () => {
      try {
        try {
          await options.ensureRoom(end - start);
        } catch (error) {
          if (first !== undefined) await dismiss(first);
          throw error;
        }
        await receive(run, scene, first);
      } catch (error) {
        run.failure = stopping.signal.aborted ? stopped() : options.failed(error);
      } finally {
        runs.delete(run);
        wake();
        tryToComplete();
      }
      // What is complete is synced where it is stored; a disk that cannot sync shows it to the next who writes.
      if (!part.received.covers(0, part.size)) await part.sync().catch(() => undefined);
    });
    return run;
  };
  const runFor = (byte: number): Run | undefined =>
    [...runs].find(({ position, end }) => position <= byte && byte < end);

  /** Waits until the byte at `position` may be handed on; returns the byte after the last that may. */
  const ready = async (
    position: number,
    end: number,
    unit: Unit,
    { signal, pace }: ReadingOptions,
  ): Promise<number> => {
    let awaited: Run | undefined;
    let isOwn = false;
    for (;;) {
      throwIfCancelled(signal);
      if (stopping.signal.aborted) throw stopped();
      if (content.isProven(unit)) return Math.min(end, unit.end);
      const here = part.received.endFrom(position);
      const limit = unit.canBeProven ? unit.end - heldBack : unit.end;
      const isHere = unit.canBeProven && part.received.covers(unit.start, unit.end);
      const isSoonProven = isHere && unit.end - unit.start <= provenFirst;
      if (!isSoonProven && Math.min(here, limit) > position) return Math.min(end, here, limit);
      if (isHere) {
        await untilAborted(prove(unit), signal);
        continue;
      }
      // Another request that was refused as a loop says nothing about this one: its asker may have made that up.
      if (awaited?.failure !== undefined && (isOwn || !isSatchelError(awaited.failure, 'site-loop')))
        throw awaited.failure;
      const need = unit.canBeProven ? part.received.endFrom(unit.start) : position;
      const refusal = options.refusal(unit);
      if (refusal !== undefined) throw refusal;
      const begun = runFor(need);
      isOwn = begun === undefined || (isOwn && begun === awaited);
      awaited = begun ?? begin(need, endOfRun(need, Math.max(end, need + 1)), pace);
      if (pace === undefined) awaited.pace = undefined;
      if (awaited.isHopeless) throw awaited.trouble;
      await untilAborted(next.promise, signal);
    }
  };
  const wrongBytes = (unit: Unit) =>
    options.refusal(unit) ?? new SatchelError('site-bytes-proved-wrong', { file: name });
  async function* pieces(
    { offset, length }: PulledPart,
    reading: ReadingOptions,
  ): AsyncGenerator<Uint8Array, void> {
    const end = offset + length;
    let unit: Unit | undefined;
    let turn = 0;
    for (let position = offset; position < end; ) {
      if (unit === undefined || position >= unit.end) {
        unit = content.unitAt(position);
        turn = takenBack.get(unit.start) ?? 0;
      }
      if (!unit.canBeProven && unit.end - unit.start > smallGap) {
        const passed = { offset: position, length: Math.min(end, unit.end) - position };
        yield* passOn({ name, upstream, size: part.size }, passed, reading);
        position += passed.length;
        continue;
      }
      const until = await ready(position, end, unit, reading);
      const hasBegun = position > Math.max(offset, unit.start);
      const { start } = unit;
      const isTakenBack = () => turn !== (takenBack.get(start) ?? 0);
      if (isTakenBack() && hasBegun) throw wrongBytes(unit);
      turn = takenBack.get(unit.start) ?? 0;
      const most = users > crowd ? crowdedPieceLength : pieceLength;
      const bytes = Buffer.allocUnsafeSlow(Math.min(most, until - position));
      await part.read(bytes, position);
      // What was read may have been taken back meanwhile.
      if (isTakenBack()) {
        if (hasBegun) throw wrongBytes(unit);
        continue;
      }
      position += bytes.length;
      yield bytes;
    }
  }

  const entry: Entry = {
    ...{ name, size: part.size, part, hold, distrust, tryToComplete },
    async *read(wanted, reading) {
      const release = hold();
      try {
        yield* pieces(wanted, reading);
      } finally {
        release();
      }
    },
    goOn(first, pace) {
      const start = part.received.endFrom(0);
      // A process that was killed may have received the last byte, and no more. Who reads is told what is wrong.
      if (start === part.size) void work(() => prove(content.unitAt(0)).catch(() => undefined));
      const end = first === undefined && start < part.size ? endOfRun(start, part.size) : part.size;
      if (first !== undefined || (start < end && runFor(start) === undefined)) begin(start, end, pace, first);
    },
    stored: () => completing,
    isReceiving: () => runs.size > 0,
    async settled() {
      while (working.size + proving.size > 0) await Promise.allSettled([...working, ...proving.values()]);
    },
    async stop() {
      stopping.abort();
      wake();
      await entry.settled();
    },
  };
  return entry;
}

const stopped = () => new SatchelError('site-pull-closed');
