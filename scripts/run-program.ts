import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** How a program ended, and what it wrote. */
export type ProgramResult = {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly output: string;
  /** The last lines of standard error, for the sentence that says what went wrong. */
  readonly complaint: string;
};

export type ProgramOptions = {
  readonly signal?: AbortSignal;
  /** Called with every line of standard error while the program runs. */
  readonly onLine?: (line: string) => void;
  /** Added to the environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Written to standard input, which is otherwise empty. */
  readonly input?: string;
};

const complaintLines = 8;

/**
 * Runs a program to its end. Rejects only when it cannot be started (`ENOENT`) or the signal aborts it;
 * a program that fails is an answer like any other.
 */
export function runProgram(
  program: string,
  parameters: readonly string[],
  options: ProgramOptions = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...options.environment },
      ...(options.directory === undefined ? {} : { cwd: options.directory }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    const output: string[] = [];
    const complaint: string[] = [];
    child.stdout.setEncoding('utf8').on('data', (text: string) => output.push(text));
    createInterface({ input: child.stderr }).on('line', (line) => {
      complaint.push(line);
      if (complaint.length > complaintLines) complaint.shift();
      options.onLine?.(line);
    });
    // A program that ends without reading its input is no failure of ours.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code: code ?? -1, output: output.join(''), complaint: complaint.join('\n') }),
    );
  });
}

/** True when the program is on the path and can be started. */
export async function hasProgram(program: string): Promise<boolean> {
  const { code } = await runProgram('sh', ['-c', 'command -v "$1" >/dev/null', 'sh', program]);
  return code === 0;
}
