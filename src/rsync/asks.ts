import {
  closeSync,
  constants,
  type FSWatcher,
  openSync,
  readdirSync,
  rmSync,
  watch,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { isSatchelError, systemErrorCode } from '../base/errors.ts';
import { type BuildName, isBuildName } from '../base/identifiers.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { percentOf } from './daemon-motd.ts';
import type { RsyncLayout } from './layout.ts';
import type { ServiceLog } from './service-log.ts';
import type { TreeProgress, Trees } from './trees.ts';

/** What is needed to answer clients that wait for a tree. */
export type AskOptions = {
  readonly layout: RsyncLayout;
  readonly make: Trees['make'];
  /** Trees that are being made, and builds that are being fetched for one. */
  readonly making: Trees['making'];
  /** Seconds that a client waits at most; asked anew each time. */
  readonly wait: () => number;
  /** The language that clients are answered in. */
  readonly language: Language;
  readonly log: ServiceLog;
};

/** The answering of clients. */
export type Asks = {
  /** Looks for clients that wait; called in between, in case that the system told nothing of them. */
  look(): void;
  /** Tells everybody who waits that the server is being stopped, and ends; a second call does nothing. */
  close(): Promise<void>;
};

/**
 * Answers the fifos of `asks/`, also those that were there before: `ok` when the tree is ready, else `no` with a
 * sentence. The asker holds its fifo open from before it has its name, so a line that is written is read, and a fifo
 * that nobody holds is of somebody who has gone.
 */
export function answerAsks(options: AskOptions): Asks {
  const { layout, log } = options;
  const stopping = new AbortController();
  const waiting = new Map<string, Promise<void>>();

  const look = () => {
    if (stopping.signal.aborted) return;
    for (const file of withSystemErrors('readdir', layout.asks, () => readdirSync(layout.asks))) {
      if (waiting.has(file)) continue;
      const name = buildAskedFor(file);
      if (name === undefined) {
        removeAbandoned(layout.asks, file);
        continue;
      }
      const path = join(layout.asks, file);
      const done = verdict(name, options, stopping.signal)
        .then((line) => reply(path, line))
        .catch((error: unknown) => log.warn(error instanceof Error ? error.message : String(error)))
        .finally(() => waiting.delete(file));
      waiting.set(file, done);
    }
  };
  const watcher = watchFolder(layout.asks, () => {
    try {
      look();
    } catch {
      // Whoever calls the regular look is told.
    }
  });
  look();
  return {
    look,
    async close() {
      watcher?.close();
      stopping.abort();
      await Promise.all(waiting.values());
    },
  };
}

/** The line for a client that asks for a build. */
async function verdict(name: BuildName, options: AskOptions, stop: AbortSignal): Promise<string> {
  const patience = new AbortController();
  const no = (code: MessageCode, parameters: MessageParameters = {}) =>
    `no ${say(code, parameters, options.language).text}`;
  const made = options.make(name, { signal: AbortSignal.any([stop, patience.signal]) });
  const timer = pause(options.wait() * 1000, undefined, { signal: patience.signal, ref: false });
  timer.then(
    () => patience.abort(),
    () => undefined,
  );
  try {
    await made;
    return 'ok';
  } catch (error) {
    if (stop.aborted) return no('rsync-answer-stopping');
    if (isSatchelError(error, 'build-not-found')) return no('rsync-answer-absent', { name });
    if (isSatchelError(error, 'cancelled') && patience.signal.aborted)
      return no(...progressOf(name, options.making()));
    // The trees have said in the log what went wrong.
    return no('rsync-answer-failed', { name });
  } finally {
    patience.abort();
  }
}

function progressOf(name: BuildName, making: readonly TreeProgress[]): [MessageCode, MessageParameters] {
  const progress = making.find((tree) => tree.name === name);
  if (progress === undefined || progress.total === 0) return ['rsync-answer-waiting', { name }];
  return ['rsync-answer-making', { name, percent: percentOf(progress) }];
}

/** Writes the line to whoever holds the fifo; nobody may any more. */
function reply(path: string, line: string): void {
  let fd: number;
  try {
    fd = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    // ENXIO: it has gone. Its fifo would be taken for a new one.
    if (!['ENXIO', 'ENOENT'].includes(systemErrorCode(error) ?? '')) throw error;
    rmSync(path, { force: true });
    return;
  }
  try {
    writeSync(fd, `${line}\n`);
  } finally {
    closeSync(fd);
    // The asker has it open; without its name nobody answers it twice.
    rmSync(path, { force: true });
  }
}

function buildAskedFor(file: string): BuildName | undefined {
  const [name = '', pid = '', ...rest] = file.split(',');
  return rest.length === 0 && isBuildName(name) && /^[1-9][0-9]{0,9}$/.test(pid) ? name : undefined;
}

/** Removes a fifo that was about to get its name (`.<pid>`) when its process ended. */
function removeAbandoned(folder: string, file: string): void {
  const pid = /^\.([1-9][0-9]{0,9})$/.exec(file)?.[1];
  try {
    if (pid !== undefined) process.kill(Number(pid), 0);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') return;
    rmSync(join(folder, file), { force: true });
  }
}

/** Without a watcher (the system allows only so many) the regular look has to do. */
function watchFolder(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, { persistent: false }, onChange);
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
