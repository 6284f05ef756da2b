import { type FSWatcher, statSync, watch } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { say } from '../base/catalogue.ts';
import { isSatchelError, messageOf } from '../base/errors.ts';
import { silentReporter } from '../base/progress.ts';
import { dropDirectory } from './drop-directory.ts';
import type { DropContext, RefreshOptions } from './drop-options.ts';
import { problemSentence } from './drop-problems.ts';
import { type DropReport, refreshDrop } from './drop-refresh.ts';

/** How to watch; times are milliseconds. */
export type WatchOptions = Omit<DropContext, 'signal' | 'reporter'> & {
  /** Told in English what was published, withdrawn, or is wrong; each problem once, until it changes. */
  readonly log: { info(sentence: string): void; warn(sentence: string): void };
  readonly settle?: RefreshOptions['settle'];
  /** How long nothing may happen in the directory before it is looked at; 1000 when absent. */
  readonly quiet?: number;
  /** After how long it is looked at although files keep changing; 30 000 when absent. */
  readonly patience?: number;
  /** How often it is looked at although nothing was heard of it (another machine may write to it); a minute. */
  readonly interval?: number;
};

/** A drop directory that is being watched. */
export type DropWatch = {
  /** Ends a refresh under way, as a kill would, and waits for its end. */
  close(): Promise<void>;
};

/** What failed and has not changed is tried again after a minute, then ever later, at most after an hour. */
const slowestRetry = 60 * 60_000;

/**
 * Keeps the list of builds as the drop directory says, from now until it is closed: refreshes at once, whenever
 * something there has changed and then been quiet for a moment, and every minute. Nothing that goes wrong ends it.
 */
export function watchDrop(options: WatchOptions): DropWatch {
  const { quiet = 1000, patience = 30_000, interval = 60_000 } = options;
  const stop = new AbortController();
  const ear = directoryEar();
  const teller = problemTeller(options.log);
  const retries = retryTimes(interval);

  /** One refresh; gives the milliseconds until the next one when nothing is heard. */
  const refresh = async (retry: boolean): Promise<number> => {
    try {
      const { signal } = stop;
      const report = await refreshDrop({ ...options, reporter: silentReporter, retry, signal });
      teller.tell(report);
      const isMoving = report.waiting.some(({ code }) => code === 'drop-set-changing');
      return isMoving ? quiet : interval;
    } catch (error) {
      if (!stop.signal.aborted) teller.fail(error);
      return interval;
    }
  };

  const run = async () => {
    while (!stop.signal.aborted) {
      ear.listenAt(() => dropDirectory(options.layout));
      const heard = ear.heard();
      const next = await refresh(retries.isDue());
      if (ear.heard() === heard) await ear.sound(next, stop.signal);
      if (ear.heard() === heard) continue;
      retries.soon();
      // Copying makes a noise all the time: look when it has been quiet for a moment, but not never.
      const latest = performance.now() + patience;
      for (let last = -1; last !== ear.heard() && performance.now() < latest && !stop.signal.aborted; ) {
        last = ear.heard();
        await pause(quiet, undefined, { signal: stop.signal }).catch(() => {});
      }
    }
    ear.close();
  };

  const running = run();
  return {
    async close() {
      stop.abort();
      await running;
    },
  };
}

/** When to try again what failed: each time after twice as long. */
function retryTimes(first: number) {
  let wait = 0;
  let due = 0;
  return {
    isDue(): boolean {
      const now = performance.now();
      if (now < due) return false;
      wait = Math.min(wait === 0 ? first : 2 * wait, slowestRetry);
      due = now + wait;
      return true;
    },
    /** Something has changed: what failed because of something else may succeed now. */
    soon(): void {
      wait = 0;
      due = Math.min(due, performance.now() + first);
    },
  };
}

/** Counts what happens in a directory, which may be replaced by another one at any time. */
function directoryEar() {
  let count = 0;
  let wake: (() => void) | undefined;
  let watcher: FSWatcher | undefined;
  let listensTo = '';
  const hear = () => {
    count += 1;
    wake?.();
  };
  const close = () => {
    watcher?.close();
    watcher = undefined;
    listensTo = '';
  };
  return {
    close,
    heard: () => count,
    /** Listens at the directory if it is there; without a watch (too many, network disk) only the clock tells. */
    listenAt(directoryOf: () => string): void {
      try {
        const directory = directoryOf();
        const { dev, ino } = statSync(directory);
        const place = `${dev}:${ino}:${directory}`;
        if (place === listensTo) return;
        close();
        watcher = watch(directory, { persistent: false }, hear);
        watcher.on('error', close);
        listensTo = place;
      } catch {
        // The refresh says what is wrong with it.
        close();
      }
    },
    /** Ends when something is heard, the time is over, or the signal is aborted. */
    sound(milliseconds: number, signal: AbortSignal): Promise<void> {
      return new Promise((resolve) => {
        const done = () => {
          clearTimeout(timer);
          signal.removeEventListener('abort', done);
          wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, milliseconds);
        wake = done;
        signal.addEventListener('abort', done, { once: true });
        if (signal.aborted) done();
      });
    },
  };
}

/** Says what is new, and nothing twice. */
function problemTeller(log: WatchOptions['log']) {
  let said = new Set<string>();
  return {
    tell({ published, withdrawn, waiting, problems }: DropReport): void {
      const names = (list: readonly string[]) => ({ names: list.join(', ') });
      if (withdrawn.length > 0) log.info(say('drop-withdrawn', names(withdrawn), 'en').text);
      if (published.length > 0) log.info(say('drop-published', names(published), 'en').text);
      const isNew = (sentence: string) => !said.has(sentence);
      const waits = waiting.map((problem) => problemSentence(problem, 'en'));
      const fails = problems.map((problem) => problemSentence(problem, 'en'));
      for (const sentence of waits.filter(isNew)) log.info(sentence);
      for (const sentence of fails.filter(isNew)) log.warn(sentence);
      said = new Set([...waits, ...fails]);
    },
    fail(error: unknown): void {
      const reason = messageOf(error);
      const sentence = isSatchelError(error) ? reason : say('drop-bug', { reason }, 'en').text;
      if (!said.has(sentence)) log.warn(sentence);
      said = new Set([sentence]);
    },
  };
}
