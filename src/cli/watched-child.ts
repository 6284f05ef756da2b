/** A process that works for this one and must not keep it waiting for ever. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { messageOf } from '../base/errors.ts';

/** How long a process is waited for, in milliseconds. */
export type Patience = {
  /** It is ended when it has neither read nor written anything for so long: it hangs, or somebody has stopped it. */
  readonly idle: number;
  /** Asked to end, it may take so long to do so at a safe place; then it is killed. */
  readonly grace: number;
};

/** How a process ended. */
export type ChildEnd = {
  /** Null when it was killed, or could not be started. */
  readonly code: number | null;
  readonly output: string;
  /** The last line of what it wrote to standard error, else how it ended. */
  readonly complaint: string;
  /** True when it was ended because nothing had happened for too long. */
  readonly isStuck: boolean;
};

/** The last of what the process wrote, for the sentence about one that broke. */
const complaintLimit = 2000;

/**
 * Runs a program to its end, whatever becomes of it. When `signal` is aborted it is asked to end. One that cannot be
 * killed, because a disk does not answer, is left behind. Never rejects.
 */
export function runWatched(
  [program, ...words]: readonly [string, ...string[]],
  {
    environment,
    signal,
    patience,
  }: { readonly environment: NodeJS.ProcessEnv; readonly signal: AbortSignal; readonly patience: Patience },
): Promise<ChildEnd> {
  const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  let [output, complaint] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-complaintLimit);
  });
  return new Promise((resolve) => {
    const ending = endsInTime(child, patience, () => finish(null, 'SIGKILL'));
    const finish = (code: number | null, how: unknown) => {
      ending.done();
      signal.removeEventListener('abort', ending.ask);
      const lastLine = complaint.trim().split('\n').at(-1) || String(how);
      resolve({ code, output, complaint: lastLine, isStuck: ending.isStuck() });
    };
    signal.addEventListener('abort', ending.ask, { once: true });
    child.once('error', (error) => finish(null, messageOf(error)));
    child.once('close', (code, how) => finish(code, how ?? code));
    if (signal.aborted) ending.ask();
  });
}

/** Asks a process to end and kills it when it does not, also by itself when nothing happens any more. */
function endsInTime(child: ChildProcess, { idle, grace }: Patience, giveUp: () => void) {
  let isStuck = false;
  let isAsked = false;
  let last = workOf(child);
  let since = performance.now();
  let killing: NodeJS.Timeout | undefined;
  const ask = () => {
    if (isAsked) return;
    isAsked = true;
    child.kill('SIGTERM');
    killing = setTimeout(() => {
      child.kill('SIGKILL');
      killing = setTimeout(() => {
        child.unref();
        child.stdout?.destroy();
        child.stderr?.destroy();
        giveUp();
      }, grace);
    }, grace);
  };
  const looking = setInterval(() => {
    const now = workOf(child);
    if (now !== last) [last, since] = [now, performance.now()];
    else if (!isAsked && performance.now() - since >= idle) {
      isStuck = true;
      ask();
    }
  }, idle / 10);
  return {
    ask,
    isStuck: () => isStuck,
    done() {
      clearInterval(looking);
      clearTimeout(killing);
    },
  };
}

/** What a process has done so far, to be compared: bytes that it has read and written, else the time that it has taken. */
function workOf({ pid }: ChildProcess): string {
  for (const [file, pattern] of counts)
    try {
      const found = pattern.exec(readFileSync(`/proc/${pid}/${file}`, 'latin1'));
      if (found !== null) return found.slice(1).join(' ');
    } catch {
      // Not every kernel counts bytes, nor shows them to everybody; one that has ended has done what it did.
    }
  return '';
}

/** In `stat` the fields 14 and 15; the name in brackets may hold anything. */
const counts = [
  ['io', /^rchar: (\d+)\nwchar: (\d+)/],
  ['stat', /\) \S(?: \S+){10} (\d+) (\d+)/],
] as const;
