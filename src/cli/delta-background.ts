import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';

/**
 * Starts a process of low priority that makes the deltas that streams want, and outlives this one. It says
 * nothing: `satchel delta list` shows what is there and what is missing.
 */
export function makeDeltasInBackground(options: {
  readonly repository: string;
  readonly keyDirectory: string;
  readonly environment: NodeJS.ProcessEnv;
}): ChildProcess {
  const program = fileURLToPath(new URL('./main.ts', import.meta.url));
  const words = ['delta', 'create', '--missing', '--repo', options.repository];
  const child = spawn(process.execPath, [program, ...words, '--key-dir', options.keyDirectory], {
    detached: true,
    stdio: 'ignore',
    env: options.environment,
  });
  // A machine that cannot start a process now makes them when it is asked to.
  child.on('error', () => {});
  if (child.pid !== undefined) lowerPriority(child.pid);
  child.unref();
  return child;
}

/** Its worker threads inherit the priority: publishing and serving come first. */
function lowerPriority(pid: number): void {
  try {
    setPriority(pid, 19);
  } catch {
    // It has ended already.
  }
}
