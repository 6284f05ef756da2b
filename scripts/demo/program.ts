import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { say } from './words.ts';

const checkout = join(import.meta.dirname, '..', '..');

/** The program, as anybody would start it from a checkout. */
export const program = join(checkout, 'satchel');

/** A step that failed: its sentence has been said already, by the program itself. */
export class StepFailed extends Error {
  readonly code: number;
  constructor(code: number, command: string) {
    super(say('step-failed', { code, command }));
    this.code = code;
  }
}

/** How long a command took, from outside, and what it reported with `--json`. */
export type Ran = { readonly seconds: number; readonly report: Readonly<Record<string, unknown>> };

/**
 * Runs one command of ours in front of the reader: the command itself, then its progress and sentences as they
 * come. Its report is read, not shown. Throws `StepFailed`.
 */
export async function runStep(words: readonly string[], signal: AbortSignal): Promise<Ran> {
  console.log(`  $ ${commandLine(words)}`);
  const started = performance.now();
  const output = await spawnStep([...words, '--json'], ['inherit', 'pipe', 'inherit'], signal);
  const seconds = (performance.now() - started) / 1000;
  return { seconds, report: output.trim() === '' ? {} : (JSON.parse(output) as Ran['report']) };
}

/** Runs one command whose own words are what the reader should see. Throws `StepFailed`. */
export async function showStep(words: readonly string[], signal: AbortSignal): Promise<void> {
  console.log(`  $ ${commandLine(words)}`);
  await spawnStep(words, ['inherit', 'inherit', 'inherit'], signal);
}

/** The command as it may be typed in the checkout. */
export function commandLine(words: readonly string[]): string {
  const shown = words.map((word) =>
    word.startsWith(`${checkout}/`) ? word.slice(checkout.length + 1) : word,
  );
  return ['./satchel', ...shown].join(' ');
}

function spawnStep(
  words: readonly string[],
  stdio: ['inherit', 'pipe' | 'inherit', 'inherit'],
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio });
    // A Ctrl-C at the terminal reaches the child by itself; this is for being ended by others.
    const stop = () => child.kill('SIGTERM');
    signal.addEventListener('abort', stop, { once: true });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', stop);
      if (code === 0) resolve(output);
      else reject(new StepFailed(code ?? 1, commandLine(words)));
    });
  });
}
