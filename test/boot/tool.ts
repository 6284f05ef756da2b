import { spawnSync } from 'node:child_process';

/** Runs a tool of the system to its end and gives its standard output; one that fails throws with what it said. */
export function command(
  program: string,
  words: readonly string[],
  options: { readonly input?: string; readonly environment?: Readonly<Record<string, string>> } = {},
): string {
  const { status, stdout, stderr, error } = spawnSync(program, words, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    // Some tools lie where an ordinary user's path does not lead.
    env: {
      ...process.env,
      ...options.environment,
      PATH: `${process.env.PATH ?? ''}:/usr/local/sbin:/usr/sbin:/sbin`,
    },
    ...(options.input === undefined ? {} : { input: options.input }),
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ${words.join(' ')} ended with ${status}\n${stderr}${stdout}`);
  return stdout;
}
