import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { throwIfCancelled } from '../base/cancel.ts';

/** What is kept of what a check says, in bytes: the end of it. */
const outputLimit = 4096;

/** Milliseconds after the end of a check in which the rest of its words may come through the pipe. */
const lastWords = 1000;

/** How a program ended. */
export type CheckEnd = {
  /** `late`: it took too long and was ended, with all that it had started. */
  readonly outcome: 'passed' | 'failed' | 'late';
  /** The exit code, the signal, or why it could not be started. */
  readonly code: number | string;
  readonly seconds: number;
  /** The last 4 KiB of its standard output and standard error. */
  readonly output: string;
};

/**
 * Runs a check in a group of its own, in the C locale and without standard input. When its time is over the group is
 * killed. A program that cannot be started has failed. Throws `cancelled`; nothing of it runs any more then.
 */
export async function runCheck(
  path: string,
  options: {
    readonly seconds: number;
    readonly environment: Readonly<Record<string, string>>;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<CheckEnd> {
  throwIfCancelled(options.signal);
  const started = performance.now();
  const child = spawn(path, [], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', ...options.environment },
    detached: true,
  });
  const output = lastOutput([child.stdout, child.stderr]);
  const ended = endOf(child);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    killGroup(child);
  }, options.seconds * 1000);
  const cancel = () => killGroup(child);
  options.signal?.addEventListener('abort', cancel, { once: true });
  try {
    const code = await ended;
    // What it has left running is no part of the system that started.
    killGroup(child);
    await pipesClosed(child);
    throwIfCancelled(options.signal);
    return {
      outcome: isLate ? 'late' : code === 0 ? 'passed' : 'failed',
      code,
      seconds: (performance.now() - started) / 1000,
      output: output(),
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', cancel);
  }
}

function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => resolve(code ?? signal ?? ''));
  });
}

/** Something that left the group may hold the pipe open for ever. */
async function pipesClosed(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  const limit = AbortSignal.timeout(lastWords);
  const pipes = [child.stdout, child.stderr].filter((pipe) => pipe !== null && !pipe.closed);
  await Promise.all(pipes.map((pipe) => once(pipe as Readable, 'close', { signal: limit }))).catch(() => {});
  for (const pipe of pipes) pipe?.destroy();
}

function lastOutput(pipes: readonly Readable[]): () => string {
  let kept = Buffer.alloc(0);
  for (const pipe of pipes)
    pipe.on('data', (bytes: Buffer) => {
      kept = Buffer.concat([kept, bytes]).subarray(-outputLimit);
    });
  return () => kept.toString('utf8');
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // All of them have ended already.
  }
}
