import {
  closeSync,
  constants,
  type FSWatcher,
  lstatSync,
  openSync,
  readdirSync,
  rmSync,
  watch,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type Language, type MessageCode, type MessageParameters, say } from '../base/catalogue.ts';
import { isSatchelError, messageOf, systemErrorCode } from '../base/errors.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type Asker, askerOf, lookAtClients } from './ask-client.ts';
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
  /** Connections that there may be at one time; 0: any number. Asked anew each time. */
  readonly connections: () => number;
  /** The language that clients are answered in. */
  readonly language: Language;
  readonly log: ServiceLog;
};

/** The answering of clients. */
export type Asks = {
  /**
   * Looks for clients that wait, and for those that do so no more; called in between, because the system tells nothing
   * of those who leave, and not always of those who come.
   */
  look(): void;
  /** Tells everybody who waits that the server is being stopped, and ends; a second call does nothing. */
  close(): Promise<void>;
};

/**
 * Answers the fifos of `asks/`, also those that were there before: `ok` when the tree is ready, else `no` with a
 * sentence. The asker holds its fifo open from before it has its name, so a line that is written is read, and a fifo
 * that nobody holds is of somebody who has gone. One address may have a quarter of all connections waiting.
 */
export function answerAsks(options: AskOptions): Asks {
  const { layout, log } = options;
  const stopping = new AbortController();
  const waiting = new Map<string, Waiting>();

  const begin = (file: string, asker: Asker) => {
    const leaving = new AbortController();
    const signal = AbortSignal.any([stopping.signal, leaving.signal]);
    const line = isCrowd(asker, waiting.values(), options)
      ? Promise.resolve(refusal('rsync-answer-crowd', { count: crowdLimit(options) }, options))
      : verdict(asker, options, signal, stopping.signal);
    const done = line
      .then((text) => reply(join(layout.asks, file), text))
      .catch((error: unknown) => log.warn(messageOf(error)))
      .finally(() => waiting.delete(file));
    waiting.set(file, { asker, leaving, done, looksWithout: 0 });
  };
  const lookForNew = () => {
    if (stopping.signal.aborted) return;
    for (const file of withSystemErrors('readdir', layout.asks, () => readdirSync(layout.asks))) {
      if (waiting.has(file)) continue;
      const path = join(layout.asks, file);
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found === undefined) continue;
      const asker = askerOf(file);
      if (!found.isFIFO()) removeStrange(path, log);
      else if (asker === undefined) removeAbandoned(layout.asks, file);
      else begin(file, asker);
    }
  };
  const lookForLeft = () => {
    const clients = lookAtClients();
    for (const one of waiting.values()) {
      one.looksWithout = clients.hasLeft(one.asker) ? one.looksWithout + 1 : 0;
      // The system's list of connections may miss one that is there, but not twice.
      if (one.looksWithout === 2) one.leaving.abort();
    }
  };
  const look = () => {
    lookForNew();
    lookForLeft();
  };
  const watcher = watchFolder(layout.asks, () => {
    try {
      lookForNew();
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
      await Promise.all([...waiting.values()].map(({ done }) => done));
    },
  };
}

type Waiting = {
  readonly asker: Asker;
  /** Aborted when the client has left. */
  readonly leaving: AbortController;
  readonly done: Promise<void>;
  /** Looks in a row that have not found the client. */
  looksWithout: number;
};

/** How many clients of one address may wait; 0: any number. A classroom may sit behind one address. */
function crowdLimit(options: AskOptions): number {
  return Math.ceil(options.connections() / 4);
}

function isCrowd({ address }: Asker, waiting: Iterable<Waiting>, options: AskOptions): boolean {
  const most = crowdLimit(options);
  if (most === 0 || address === undefined) return false;
  return [...waiting].filter(({ asker }) => asker.address === address).length >= most;
}

function refusal(code: MessageCode, parameters: MessageParameters, { language }: AskOptions): string {
  return `no ${say(code, parameters, language).text}`;
}

/** The line for a client that asks for a build; `end` ends its waiting, also when it has left before all stop. */
async function verdict(
  { name }: Asker,
  options: AskOptions,
  end: AbortSignal,
  stop: AbortSignal,
): Promise<string> {
  const patience = new AbortController();
  const no = (code: MessageCode, parameters: MessageParameters = {}) => refusal(code, parameters, options);
  const made = options.make(name, { signal: AbortSignal.any([end, patience.signal]) });
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
    if (end.aborted) return no('rsync-answer-gone');
    if (isSatchelError(error, 'build-not-found')) return no('rsync-answer-absent', { name });
    if (isSatchelError(error, 'cancelled') && patience.signal.aborted)
      return no(...progressOf(name, options.making()));
    // The trees have said in the log what went wrong.
    return no('rsync-answer-failed', { name });
  } finally {
    patience.abort();
  }
}

function progressOf(name: Asker['name'], making: readonly TreeProgress[]): [MessageCode, MessageParameters] {
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

/** Nobody can be answered through anything else, and it would be met at every look. */
function removeStrange(path: string, log: ServiceLog): void {
  removeTree(path);
  log.warn(say('rsync-entry-strange', { path }, 'en').text);
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
