import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { markCarried, type QueuedReport } from './report-queue.ts';

/** Milliseconds that writing may take: each file is synced, and sticks are slow at that. The rest waits. */
const patience = 3000;

/**
 * Writes reports below a folder of a stick, a file each: `<device>-<id>.json`, and notes that they are there. Gives how
 * many it wrote. The stick may be anybody's: nothing is written through a symlink. Throws `device-folder-outside`, and
 * what the disk says.
 */
export function carryReports(folder: string, queued: readonly QueuedReport[]): number {
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true }));
  const found = withSystemErrors('lstat', folder, () => lstatSync(folder));
  if (!found.isDirectory())
    throw new SatchelError('device-folder-outside', { path: folder, target: '?', root: folder });
  const end = performance.now() + patience;
  let carried = 0;
  for (const item of queued) {
    if (item.isCarried) continue;
    if (carried > 0 && performance.now() > end) break;
    const { report } = item;
    const path = join(folder, `${report.device}-${report.id}.json`);
    if (!existsSync(path)) writeFileAtomic(path, `${JSON.stringify(report)}\n`);
    markCarried(item);
    carried += 1;
  }
  return carried;
}
