import { spawn } from 'node:child_process';
import { findProgram } from '../os/process.ts';

/** Milliseconds that another program of the system may take to answer. */
const patience = 5000;

/** Most bytes of an answer. */
const answerLimit = 256 * 1024;

/** Asks a program of the system: {@link askProgram}, or what a test says. */
export type AskProgram = (
  name: string,
  words: readonly string[],
  signal?: AbortSignal | undefined,
) => Promise<string | undefined>;

/**
 * What a program of the system writes to its standard output; undefined where there is no such program, where it fails,
 * and where it takes too long. The agent knows more with it and goes on without it.
 */
export async function askProgram(
  name: string,
  words: readonly string[],
  signal?: AbortSignal | undefined,
): Promise<string | undefined> {
  const program = findProgram(name);
  if (program === undefined) return undefined;
  const limit = AbortSignal.timeout(patience);
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, LC_ALL: 'C' },
    signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
    killSignal: 'SIGKILL',
  });
  let answer = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    answer = (answer + text).slice(0, answerLimit);
  });
  return new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('close', (code) => resolve(code === 0 ? answer : undefined));
  });
}
