import { rmSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { isSatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import { syncDirectory } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type BootStageOrder, dropBootStage } from './boot-stage-order.ts';
import { prepareLayer } from './carry-over.ts';
import { readInstalled } from './installed.ts';
import { recordEnd } from './journal.ts';
import { type DeviceLayout, recordFile } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { openSpool } from './spool.ts';

export type SwitchInPlaceOptions = {
  readonly layout: DeviceLayout;
  readonly clock: Clock;
  readonly reporter: Reporter;
};

/**
 * Lets a version that was made in place boot next, without a way back: the old one is not complete. What is left of
 * its tree and its layer stay until the new version has started once and the initramfs has taken the persistent paths
 * from them. What a power cut interrupts is done again.
 */
export async function switchInPlace(options: SwitchInPlaceOptions, order: BootStageOrder): Promise<void> {
  const { layout, clock, reporter } = options;
  const { from, to, bytesReceived, requests, seconds } = order;
  reporter.progress({ step: 'switch', done: 0, unit: 'entries' });
  await carryChanges(options, order);
  // At no moment that can come again is a version called complete that is not.
  removeRecord(layout, from);
  const boot = openBootPointer(layout);
  boot.switchTo(to);
  boot.forgetOthers(new Set([to, ...listIfThere(layout.sticky)]));
  recordEnd({ layout, clock }, { build: to, from, bytesReceived, requests, seconds }, 'done');
  openSpool(layout.spool).clear();
  dropBootStage(layout);
}

/** Without them the device starts all the same, which it does not without the switch. */
async function carryChanges(
  { layout, reporter }: SwitchInPlaceOptions,
  { from, to }: BootStageOrder,
): Promise<void> {
  // They were carried before the record went.
  if (readInstalled(layout, from) === undefined) return;
  try {
    await prepareLayer({ layout, from, to, reporter });
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    reporter.notice('boot-stage-local-left', { build: to, reason: error.code });
  }
}

/** The old version is no complete version any more. */
function removeRecord(layout: DeviceLayout, name: BootStageOrder['from']): void {
  const record = recordFile(layout, name);
  withSystemErrors('unlink', record, () => rmSync(record, { force: true }));
  syncDirectory(layout.builds);
}
