import { lstatSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BuildName } from '../base/identifiers.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';

/** What stands in a mark of a trial, so that it is told from those that people made. */
const ourWords = 'satchel trial\n';

/** Keeps a version from every purge, that of an initramfs of old too, while another one is on trial. */
export function markWayBack({ sticky }: DeviceLayout, build: BuildName): void {
  const mark = join(sticky, build);
  if (lstatSync(mark, { throwIfNoEntry: false }) !== undefined) return;
  withSystemErrors('mkdir', sticky, () => mkdirSync(sticky, { recursive: true }));
  writeFileAtomic(mark, ourWords);
}

/** Names in `sticky/` that a trial put there. */
export function trialMarks({ sticky }: DeviceLayout): string[] {
  return listIfThere(sticky).filter((name) => isOurs(join(sticky, name)));
}

/** Removes the marks of trials, but for `kept`. The caller holds the device lock. */
export function removeTrialMarks(layout: DeviceLayout, kept?: BuildName): void {
  const marks = trialMarks(layout).filter((name) => name !== kept);
  for (const name of marks) {
    const path = join(layout.sticky, name);
    withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
  }
  if (marks.length > 0) syncDirectory(layout.sticky);
}

/** What people put there may be anything, a folder too. */
function isOurs(path: string): boolean {
  try {
    return readFileSync(path, 'latin1') === ourWords;
  } catch {
    return false;
  }
}
