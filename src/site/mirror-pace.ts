import { throwIfCancelled } from '../base/cancel.ts';
import type { SatchelError } from '../base/errors.ts';
import { sleep as systemSleep } from '../base/sleep.ts';
import type { Pace } from './pull-types.ts';

export type PaceOptions = {
  /** Most bytes a second; undefined: as fast as it goes. Asked anew each time. */
  readonly bytesPerSecond: () => number | undefined;
  /** Why no more may come now; undefined: it may. */
  readonly refusal: () => SatchelError | undefined;
  /** Milliseconds that only grow. */
  readonly now?: () => number;
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
};

/** What was not used is made up for up to so many milliseconds: then the link was silent for another reason. */
const longestCredit = 1000;

/** Nobody waits longer than this at once, in milliseconds, so that a higher limit is noticed. */
const longestPause = 1000;

/** Holds the average of everything that comes under a limit, and stops it when its time is over. */
export function createPace({ bytesPerSecond, refusal, ...time }: PaceOptions): Pace {
  const { now = () => performance.now(), sleep = systemSleep } = time;
  let due = now();
  return async (bytes, signal) => {
    const stop = refusal();
    if (stop !== undefined) throw stop;
    const first = bytesPerSecond();
    if (first === undefined) return;
    due = Math.max(due, now() - longestCredit) + (bytes * 1000) / first;
    for (let wait = due - now(); wait > 0; wait = due - now()) {
      throwIfCancelled(signal);
      if (bytesPerSecond() !== first) {
        // The old debt is forgiven: it was counted by another limit.
        due = now();
        return;
      }
      await sleep(Math.min(wait, longestPause), signal);
    }
  };
}
