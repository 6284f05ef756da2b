import { isSatchelError } from '../base/errors.ts';

/** What went wrong with making files, so that it is not tried again at once. */
export type ZipFailures = {
  /** Throws again what went wrong lately with this file. */
  throwIfRecent(path: string): void;
  /** Notes how making a file ended; undefined: well. */
  note(path: string, error: unknown): void;
};

/** Milliseconds until the second try; each further one waits twice as long, up to the longest pause. */
const firstPause = 60_000;
const longestPause = 6 * 60 * 60_000;

/** These say nothing about the file itself, and are found out before much is written. */
const passing = [
  ...(['bundle-zip-no-room', 'bundle-zip-too-large', 'cancelled', 'site-month-spent'] as const),
  ...(['store-unreachable', 'store-refused', 'store-stalled', 'store-busy', 'store-certificate'] as const),
] as const;

type Failure = { readonly error: unknown; readonly pause: number; readonly until: number };

/**
 * A file that cannot be made, because a pack is damaged or the disk failed, would be written as far as that each time
 * somebody asks for it. `now` tells milliseconds that only grow.
 */
export function zipFailures(now: () => number = () => performance.now()): ZipFailures {
  const failures = new Map<string, Failure>();
  return {
    throwIfRecent(path) {
      const failure = failures.get(path);
      if (failure !== undefined && now() < failure.until) throw failure.error;
    },
    note(path, error) {
      if (error === undefined) failures.delete(path);
      else if (!isSatchelError(error, ...passing)) {
        const before = failures.get(path)?.pause;
        const pause = before === undefined ? firstPause : Math.min(longestPause, 2 * before);
        failures.set(path, { error, pause, until: now() + pause });
      }
    },
  };
}
