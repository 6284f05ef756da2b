import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { sleep } from '../base/sleep.ts';

/** How a gate tells time; tests give another. */
export type GateTime = {
  /** Milliseconds that only grow. */
  readonly now: () => number;
  /** A number from 0 to 1, for the jitter. */
  readonly random: () => number;
  readonly sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
};

/** The machine's own time. */
export const systemGateTime: GateTime = {
  now: () => performance.now(),
  random: Math.random,
  sleep,
};

/** One try at something that may be out of reach. End it in one of the four ways; later calls change nothing. */
export type Attempt = {
  /** There was an answer: others may ask, though nothing proves yet that it comes to a good end. */
  answered(): void;
  /** It came to a good end: the failures are forgotten. */
  succeeded(): void;
  /**
   * It is out of reach, and wants to be left alone for so many seconds at least. False when that was known: another
   * attempt of the same time has failed.
   */
  failed(leastSeconds?: number): boolean;
  /** It ended for reasons that say nothing. */
  abandoned(): void;
};

/** Keeps everybody from asking what has just failed. */
export type Gate = {
  /** Milliseconds until the next attempt may be made; 0: now. */
  pause(): number;
  /**
   * Begins an attempt; undefined while the gate is to be left alone. When its time has come again one attempt goes
   * first and the others wait for its answer. Throws `cancelled`.
   */
  begin(signal?: AbortSignal): Promise<Attempt | undefined>;
};

const firstPause = 1000;
const longestPause = 15 * 60 * 1000;

/**
 * Makes a gate, open. Pauses double from a second to a quarter of an hour and vary by half, so that the sites of a
 * country do not come back all at once.
 */
export function createGate(time: GateTime): Gate {
  let failures = 0;
  let isOpen = true;
  let next = 0;
  /** Counted up with each failure: what was begun before it adds nothing when it fails as well. */
  let era = 0;
  let probe: Promise<void> | undefined;

  const attempt = (endProbe: () => void): Attempt => {
    const began = era;
    let isOver = false;
    const answered = () => {
      isOpen = true;
      endProbe();
    };
    const over = (end: () => void) => () => {
      if (isOver) return;
      isOver = true;
      end();
      endProbe();
    };
    return {
      answered: () => {
        if (!isOver) answered();
      },
      succeeded: over(() => {
        failures = 0;
        answered();
      }),
      failed(leastSeconds = 0) {
        const isNews = !isOver && began === era;
        over(() => {
          if (!isNews) return;
          era += 1;
          failures += 1;
          isOpen = false;
          const grown = Math.min(longestPause, firstPause * 2 ** Math.min(failures - 1, 30));
          const asked = Math.min(longestPause, leastSeconds * 1000);
          next = time.now() + Math.max(asked, grown * (0.5 + time.random() / 2));
        })();
        return isNews;
      },
      abandoned: over(() => undefined),
    };
  };

  return {
    pause: () => (isOpen ? 0 : Math.max(0, next - time.now())),
    async begin(signal) {
      for (;;) {
        throwIfCancelled(signal);
        if (isOpen) return attempt(() => undefined);
        if (time.now() < next) return undefined;
        if (probe === undefined) {
          const { promise, resolve } = Promise.withResolvers<void>();
          probe = promise;
          return attempt(() => {
            if (probe === promise) probe = undefined;
            resolve();
          });
        }
        await untilAborted(probe, signal);
      }
    },
  };
}
