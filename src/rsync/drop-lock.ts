import { mkdirSync } from 'node:fs';
import { throwIfCancelled } from '../base/cancel.ts';
import { sleep } from '../base/sleep.ts';
import { type Lock, lockHolder, tryLock } from '../os/file-lock.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DropContext } from './drop-options.ts';

const lockPause = 250;

/**
 * The turn of whoever publishes and withdraws for the drop directory; waits for it, and says so once when it is not
 * free. Throws `cancelled`.
 */
export async function dropLock({
  layout,
  reporter,
  signal,
}: Pick<DropContext, 'layout' | 'reporter' | 'signal'>): Promise<Lock> {
  withSystemErrors('mkdir', layout.directory, () => mkdirSync(layout.directory, { recursive: true }));
  for (let waited = false; ; waited = true) {
    throwIfCancelled(signal);
    const lock = tryLock(layout.packedLock);
    if (lock !== undefined) return lock;
    if (!waited) reporter.notice('drop-busy', { process: lockHolder(layout.packedLock) ?? '?' });
    await sleep(lockPause, signal);
  }
}
