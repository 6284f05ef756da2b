import { SatchelError } from '../base/errors.ts';
import { recordEnd } from '../device/journal.ts';
import { initialiseDevice } from '../device/layout.ts';
import { lockDevice } from '../device/lock.ts';
import { openBootPointer } from '../device/open-boot-pointer.ts';
import { runningVersion } from '../device/running-version.ts';
import { collectTrash, moveToTrash } from '../device/trash.ts';
import { endTrialBefore } from '../device/trial-update.ts';
import { changeByRsync, workFolder } from './client-change.ts';
import { inhibitSuspend } from './client-inhibit.ts';
import { openClientMonth } from './client-month.ts';
import type { ClientUpdateOptions, ClientUpdateResult } from './client-options.ts';
import { openPlace } from './client-place.ts';

/**
 * Brings a device to a build that lies at a plain rsync server or in a directory, without a repository of ours, by the
 * phases of the original olpc-update (facts, 3.4): nothing is changed in place, the tree is checked, and the switch
 * comes last. What was received is kept when it is stopped, and used when it is run again.
 *
 * Throws `rsync-update-needs-root`, `rsync-contents-missing`, `build-name-reused`, `update-running` and what
 * fetching throws; the device is as it was then.
 */
export async function updateByRsync(options: ClientUpdateOptions): Promise<ClientUpdateResult> {
  if (process.geteuid?.() !== 0) throw new SatchelError('rsync-update-needs-root');
  const started = performance.now();
  const layout = initialiseDevice(options.root);
  using _lock = lockDevice(layout);
  const ended = { layout, clock: options.clock };
  await using _awake = inhibitSuspend();
  const month = openClientMonth(layout, options.clock);
  const open = openPlace(options.place, { ...options, onReceived: month.count });
  const { current } = openBootPointer(layout).read();
  const finish = (what: Partial<ClientUpdateResult>): ClientUpdateResult => ({
    build: options.build,
    from: current ?? null,
    plan: 'none',
    source: open.place.name,
    ...what,
    ...open.counters(),
    seconds: (performance.now() - started) / 1000,
    rebootNeeded:
      openBootPointer(layout).read().current === options.build && runningVersion(layout) !== options.build,
  });
  try {
    const folder = workFolder(layout, options.build);
    if (options.build !== current) await endTrialBefore({ ...options, layout }, options.build);
    const changed = await changeByRsync({ ...options, layout, open, month, folder, current });
    const result = finish(changed);
    if (result.plan !== 'none') recordEnd(ended, result, 'done');
    moveToTrash(layout, folder);
    collectTrash(layout);
    return result;
  } catch (error) {
    if (error instanceof SatchelError)
      recordEnd(ended, finish({}), error.code === 'cancelled' ? 'cancelled' : 'failed', error.code);
    throw error;
  }
}
