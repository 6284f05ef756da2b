import { throwIfCancelled } from '../base/cancel.ts';
import type { Progress, Reporter, Step } from '../base/progress.ts';

/** One part of what is staged: a bundle, or several that share their objects. */
export type StagePart = {
  /** How much it counts: entries to stage, and bytes to fetch. */
  readonly size: Readonly<Partial<Record<Step, number>>>;
  stage(reporter: Reporter, signal: AbortSignal): Promise<void>;
};

/** Stages parts beside each other. Closing it stops what is still under way, and waits for that. */
export type StagingCrew = AsyncDisposable & {
  /** Begins with a part now or as soon as others are done. */
  add(part: StagePart): void;
  /** Waits for all parts. Throws what made the first of them fail; then nothing is under way any more. */
  finish(): Promise<void>;
};

/** Parts that are staged at the same time: enough for two threads, of which one may be at its last file. */
export const partsAtOnce = 3;

/** A crew that has nothing to do yet. */
export function gatherCrew(options: {
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
}): StagingCrew {
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  const { count, reporterFor } = sharedProgress(options.reporter);
  const queue: StagePart[] = [];
  const begun: Promise<void>[] = [];
  let underWay = 0;
  const begin = (part: StagePart) => {
    underWay += 1;
    const staged = part.stage(reporterFor(), signal).catch((error: unknown) => stop.abort(error));
    begun.push(
      staged.then(() => {
        underWay -= 1;
        beginMore();
      }),
    );
  };
  const beginMore = () => {
    while (underWay < partsAtOnce && !signal.aborted) {
      const part = queue.shift();
      if (part === undefined) return;
      begin(part);
    }
  };
  const waitForAll = async () => {
    for (let next = begun.shift(); next !== undefined; next = begun.shift()) await next;
  };
  return {
    add(part) {
      queue.push(part);
      count(part.size);
      beginMore();
    },
    async finish() {
      await waitForAll();
      if (stop.signal.aborted) throw stop.signal.reason;
      throwIfCancelled(options.signal);
    },
    async [Symbol.asyncDispose]() {
      queue.length = 0;
      stop.abort();
      await waitForAll();
    },
  };
}

/** Reporters that each tell how far all parts are that have been counted. */
function sharedProgress(reporter: Reporter) {
  const totals = new Map<Step, number>();
  const done = new Map<Step, number>();
  const add = (sums: Map<Step, number>, step: Step, more: number) => {
    const sum = (sums.get(step) ?? 0) + more;
    sums.set(step, sum);
    return sum;
  };
  return {
    count(size: StagePart['size']) {
      for (const step of Object.keys(size) as Step[]) add(totals, step, size[step] ?? 0);
    },
    reporterFor(): Reporter {
      const own = new Map<Step, number>();
      return {
        progress(progress: Progress) {
          const { step } = progress;
          const all = add(done, step, progress.done - (own.get(step) ?? 0));
          own.set(step, progress.done);
          const total = totals.get(step) ?? 0;
          reporter.progress({ ...progress, done: Math.min(all, total), total });
        },
        notice: (code, parameters) => reporter.notice(code, parameters),
      };
    },
  };
}
