import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { freeBuffer } from '../base/memory.ts';
import { isTransient } from '../store/retry.ts';
import type { Reading } from '../store/store.ts';
import type { Content, Unit } from './pull-content.ts';
import type { PartFile } from './pull-part-file.ts';
import type { Pace, PullUpstream } from './pull-types.ts';

/** A stretch of a file that is being received, from its first byte on. */
export type Run = {
  /** The next byte to come. */
  position: number;
  /** The byte after the last. */
  readonly end: number;
  /** Whoever began it is in no hurry; undefined as soon as somebody is. */
  pace: Pace | undefined;
  /** Why nothing comes just now; it is tried again. */
  trouble: SatchelError | undefined;
  /** The trouble has lasted so long that nobody should wait for its end. */
  isHopeless: boolean;
  /** Why it ended before its end. */
  failure: unknown;
};

/** How long to be patient, and how time passes. */
export type PullTiming = {
  /** Milliseconds that whoever waits for bytes bears with an upstream that brings none. */
  readonly patience: number;
  /** For an upstream that does not say itself when it wants to be asked again. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  readonly random: () => number;
};

/** What a run works on. */
export type RunScene = {
  readonly name: string;
  readonly part: PartFile;
  readonly content: Content;
  readonly upstream: PullUpstream;
  readonly timing: PullTiming;
  readonly signal: AbortSignal;
  /** Compares a unit that has arrived. */
  prove(unit: Unit): Promise<void>;
  /** Something changed for those who wait. */
  wake(): void;
};

/** An attempt that brings fewer bytes than this brings next to nothing. */
const leastProgress = 1024;
/** So many attempts in a row that bring next to nothing end a run; whoever wants the rest begins another. */
const mostAttempts = 12;
const firstPause = 500;
const longestPause = 30_000;

/**
 * Receives a run, going on where the upstream was cut off, and proves what has arrived as a whole. Throws what is no
 * passing trouble (`store-not-found`, `data-budget-spent`, `disk-full`, `store-changed`, …), the last trouble after
 * many attempts, `cancelled`.
 */
export async function receive(run: Run, scene: RunScene, first?: Reading): Promise<void> {
  let fruitless = 0;
  let reading = first;
  let proven = run.position;
  let timer: NodeJS.Timeout | undefined;
  const calm = () => {
    clearTimeout(timer);
    timer = undefined;
    run.trouble = undefined;
    run.isHopeless = false;
  };
  const worry = (trouble: SatchelError) => {
    run.trouble = trouble;
    const despair = () => {
      run.isHopeless = true;
      scene.wake();
    };
    if (scene.timing.patience === 0) despair();
    else timer ??= setTimeout(despair, scene.timing.patience).unref();
    scene.wake();
  };
  const arrived = async () => {
    calm();
    scene.wake();
    while (proven < run.position) {
      const unit = scene.content.unitAt(proven);
      if (unit.end > run.position) return;
      proven = unit.end;
      if (unit.canBeProven && !scene.content.isProven(unit)) await scene.prove(unit);
    }
  };
  try {
    do {
      const before = run.position;
      try {
        await receiveOnce(run, scene, reading, arrived);
      } catch (error) {
        throwIfCancelled(scene.signal);
        const isPassing = isTransient(error) || isSatchelError(error, 'site-upstream-down');
        if (!isPassing) throw error;
        if (run.position < run.end) {
          fruitless = run.position - before >= leastProgress ? 1 : fruitless + 1;
          if (fruitless >= mostAttempts) throw error;
          worry(error);
          // It may be days until more comes.
          await scene.part.sync();
          await untilNext(fruitless, scene);
        }
      }
      reading = undefined;
    } while (run.position < run.end);
  } finally {
    clearTimeout(timer);
  }
}

async function receiveOnce(
  run: Run,
  scene: RunScene,
  first: Reading | undefined,
  arrived: () => Promise<void>,
): Promise<void> {
  const { name, part, content, upstream, signal } = scene;
  const isToEnd = run.end === part.size;
  const length = isToEnd ? undefined : run.end - run.position;
  const reading = first ?? (await upstream.read(name, { offset: run.position, length, signal }));
  if (reading.size !== part.size) {
    await dismiss(reading);
    const sizes = { before: part.size, after: reading.size };
    throw new SatchelError('store-changed', { location: upstream.location, name, ...sizes });
  }
  for await (const piece of reading.body) {
    await part.write(piece, run.position);
    content.written(piece, run.position);
    run.position += piece.length;
    const { length: taken } = piece;
    // Left to the collector, a fast link fills the memory before it looks. Parts of a larger piece share theirs.
    if (taken === piece.buffer.byteLength) freeBuffer(piece);
    await arrived();
    await run.pace?.(taken, signal);
  }
}

/** Lets go of an answer that nobody wants: its connection would stay open otherwise. */
export async function dismiss({ body }: Reading): Promise<void> {
  try {
    for await (const _ of body) break;
  } catch {
    // What is not wanted may well be broken.
  }
}

async function untilNext(fruitless: number, { name, upstream, timing, signal }: RunScene): Promise<void> {
  if (upstream.untilTry !== undefined) await upstream.untilTry(name, { signal });
  else {
    const grown = Math.min(longestPause, firstPause * 2 ** (fruitless - 1));
    await timing.sleep(grown * (0.5 + timing.random() / 2), signal);
  }
  throwIfCancelled(signal);
}
