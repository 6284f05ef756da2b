import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { throwIfCancelled } from '../base/cancel.ts';

/** How a child process ended. */
export type ProcessOutcome = {
  /** The exit code, or null when a signal ended it or it could not be started. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What it wrote to standard error, at most 4 KiB. */
  readonly standardError: string;
};

/** A child process that turns one stream of bytes into another. */
export type FilterOptions = {
  /** The program, an absolute path or a name to be looked up. */
  readonly program: string;
  readonly arguments: readonly string[];
  /** Goes to its standard input. */
  readonly input: AsyncIterable<Uint8Array>;
  readonly signal?: AbortSignal | undefined;
  /** Added to the environment of this process. */
  readonly environment?: Readonly<Record<string, string>>;
  /** True for a program that works with children of its own: they are killed with it. */
  readonly hasChildren?: boolean;
  /** Called once when the process has ended by itself: an error if that was a failure. */
  readonly judge: (outcome: ProcessOutcome) => Error | undefined;
};

const standardErrorLimit = 4096;

/** The first of the named programs that is on the search path, as an absolute path. */
export function findProgram(...names: readonly string[]): string | undefined {
  for (const name of names) {
    for (const folder of (process.env.PATH ?? '').split(delimiter)) {
      const path = join(folder || '.', name);
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
      } catch {
        // Not here; the next folder may have it.
      }
    }
  }
  return undefined;
}

/**
 * Words to put before a program so that the kernel ends it when this process is gone, however it went; nothing where
 * there is no program that does that.
 */
export function tiedToParent(): readonly string[] {
  const program = findProgram('setpriv');
  return program === undefined ? [] : [program, '--pdeathsig', 'TERM', '--'];
}

/**
 * The standard output of a process that is fed with `input`. The process runs in the C locale. It never outlives the
 * iteration: when the consumer stops early, the signal is aborted or the input throws, it is killed and waited for.
 *
 * Throws `cancelled`; what `input` throws (before any failure of the process that follows from it); what `judge`
 * returns.
 */
export async function* runFilter(options: FilterOptions): AsyncGenerator<Uint8Array> {
  throwIfCancelled(options.signal);
  const child = spawn(options.program, options.arguments, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...options.environment },
    detached: options.hasChildren === true,
  });
  const kill = () => (options.hasChildren ? killGroup(child) : child.kill('SIGKILL'));
  options.signal?.addEventListener('abort', kill, { once: true });
  const ended = outcomeOf(child);
  const feeding = feed(options.input, child.stdin, kill);
  let isRunning = true;
  try {
    yield* child.stdout as AsyncIterable<Uint8Array>;
    const outcome = await ended;
    isRunning = false;
    throwIfCancelled(options.signal);
    const failure = feeding.failure();
    if (failure !== undefined) throw failure.error;
    const judgement = options.judge(outcome);
    if (judgement !== undefined) throw judgement;
  } finally {
    options.signal?.removeEventListener('abort', kill);
    if (isRunning) {
      kill();
      await ended;
    }
    await feeding.stop();
  }
}

/** Kills a process that leads a group, and the group. */
function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended already.
  }
}

/** Resolves when the process and its pipes have ended, or when it could not be started. */
function outcomeOf(child: ChildProcess & { stderr: Readable }): Promise<ProcessOutcome> {
  let standardError = '';
  child.stderr.setEncoding('utf8');
  child.stderr.on('data', (text: string) => {
    standardError = (standardError + text).slice(0, standardErrorLimit);
  });
  return new Promise<ProcessOutcome>((resolve) => {
    child.once('error', (error) => resolve({ exitCode: null, signal: null, standardError: error.message }));
    child.once('close', (exitCode, signal) => resolve({ exitCode, signal, standardError }));
  });
}

/**
 * Writes `input` to a pipe in the background, as fast as it is taken. `failure` is what the input threw. A pipe that
 * closes early ends the feeding without failure: the process itself says why.
 */
function feed(input: AsyncIterable<Uint8Array>, pipe: Writable, kill: () => void) {
  const iterator = input[Symbol.asyncIterator]();
  let failure: { error: unknown } | undefined;
  let isDone = false;
  let isWaiting = false;
  pipe.on('error', () => {});
  void (async () => {
    try {
      while (!pipe.destroyed) {
        isWaiting = true;
        const next = await iterator.next();
        isWaiting = false;
        if (next.done) {
          isDone = true;
          break;
        }
        if (!pipe.destroyed && !pipe.write(next.value)) await drained(pipe);
      }
      pipe.end();
    } catch (error) {
      isDone = true;
      failure = { error };
      kill();
    }
  })();
  return {
    failure: () => failure,
    async stop(): Promise<void> {
      pipe.destroy();
      if (isDone) return;
      const closing = Promise.resolve(iterator.return?.()).catch(() => {});
      // An input that hangs must not keep the filter from ending.
      if (!isWaiting) await closing;
    },
  };
}

async function drained(pipe: Writable): Promise<void> {
  const settled = new AbortController();
  const waits = ['drain', 'close'].map((event) => once(pipe, event, { signal: settled.signal }));
  for (const wait of waits) wait.catch(() => {});
  try {
    await Promise.race(waits).catch(() => {});
  } finally {
    settled.abort();
  }
}
