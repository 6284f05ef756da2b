import { SatchelError } from '../base/errors.ts';
import type { Reading } from '../store/store.ts';
import { smallGap } from './pull-content.ts';
import type { Proofs } from './pull-proofs.ts';
import { dismiss, type Run, type RunScene, receive } from './pull-run.ts';
import type { Pace } from './pull-types.ts';
import type { Users } from './pull-users.ts';

/** The stretches of a file that are being received. */
export type Runs = {
  /** The run that brings a byte; undefined when none does. */
  runFor(byte: number): Run | undefined;
  /** Where a run that begins at a missing byte ends: with the unit of the last wanted byte, or where bytes are. */
  endFor(start: number, wantedEnd: number): number;
  begin(part: RunPart): Run;
  /** True while bytes are being received. */
  isReceiving(): boolean;
};

/** What a run is to bring. */
export type RunPart = {
  readonly start: number;
  /** The byte after the last. */
  readonly end: number;
  readonly pace: Pace | undefined;
  /** An answer of the upstream that begins with the first byte; absent: it is asked. */
  readonly first?: Reading | undefined;
};

/** What runs work with. */
export type RunsOptions = {
  readonly scene: RunScene;
  readonly proofs: Proofs;
  readonly users: Users;
  /** Makes room before bytes are asked for. */
  ensureRoom(bytes: number): Promise<void>;
  /** A run ended before its end. Returns why, for those who waited. */
  failed(error: unknown): unknown;
  /** A run ended: perhaps everything is here. */
  done(): void;
};

/** None at first. */
export function createRuns(options: RunsOptions): Runs {
  const { scene, proofs, users } = options;
  const { part, content, signal, wake } = scene;
  const runs = new Set<Run>();

  const withRoom = async (run: Run, first: Reading | undefined): Promise<void> => {
    try {
      await options.ensureRoom(run.end - run.position);
    } catch (error) {
      if (first !== undefined) await dismiss(first);
      throw error;
    }
    await receive(run, scene, first);
  };
  /** On a full disk not even what is to be taken back can be written down. */
  const whyFailed = (error: unknown): unknown => {
    try {
      return options.failed(error);
    } catch (failure) {
      return failure;
    }
  };
  const finish = async (run: Run, first: Reading | undefined): Promise<void> => {
    try {
      await withRoom(run, first);
    } catch (error) {
      run.failure = signal.aborted ? new SatchelError('site-pull-closed') : whyFailed(error);
    } finally {
      runs.delete(run);
      wake();
      options.done();
    }
    // What is complete is synced where it is stored; a disk that cannot sync shows it to the next who writes.
    if (!part.received.covers(0, part.size)) await part.sync().catch(() => undefined);
  };
  return {
    runFor: (byte) => [...runs].find(({ position, end }) => position <= byte && byte < end),
    endFor(start, wantedEnd) {
      let end = start;
      while (end < wantedEnd) {
        const unit = content.unitAt(end);
        if (unit.canBeProven) end = unit.end;
        else if (unit.end - unit.start <= smallGap) end = Math.min(unit.end, wantedEnd);
        else break;
      }
      const others = [...runs].filter(({ position }) => position > start).map(({ position }) => position);
      return Math.min(end, part.received.nextFrom(start), ...others);
    },
    begin({ start, end, pace, first }) {
      const run: Run = {
        ...{ position: start, end, pace },
        ...{ trouble: undefined, isHopeless: false, failure: undefined },
      };
      runs.add(run);
      proofs.receives(start, end);
      void users.work(() => finish(run, first));
      return run;
    },
    isReceiving: () => runs.size > 0,
  };
}
