import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Reporter } from '../base/progress.ts';
import { sleep } from '../base/sleep.ts';
import { type Lock, lockHolder, tryLock } from '../os/file-lock.ts';
import { withSystemErrors } from '../os/system-error.ts';

/**
 * The turn of whoever makes deltas in a repository. Two makers at once would take each other's memory and do the
 * same work twice, and a file that is stored but not recorded yet would look like waste to `prune`.
 */

const lockPause = 500;

/** Takes the turn if it is free. */
export function tryMakerLock(spoolDirectory: string): Lock | undefined {
  withSystemErrors('mkdir', spoolDirectory, () => mkdirSync(spoolDirectory, { recursive: true }));
  return tryLock(lockFile(spoolDirectory));
}

/** Waits for the turn, and says so once when it is not free. Throws `cancelled`. */
export async function makerLock(options: {
  readonly spoolDirectory: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
}): Promise<Lock> {
  const { spoolDirectory, reporter, signal } = options;
  for (let waited = false; ; waited = true) {
    throwIfCancelled(signal);
    const lock = tryMakerLock(spoolDirectory);
    if (lock !== undefined) return lock;
    if (!waited)
      reporter.notice('delta-maker-busy', { process: lockHolder(lockFile(spoolDirectory)) ?? '?' });
    await sleep(lockPause, signal);
  }
}

function lockFile(spoolDirectory: string): string {
  return join(spoolDirectory, 'deltas.lock');
}
