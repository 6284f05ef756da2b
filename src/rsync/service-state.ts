import { rmSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';
import { daemonFiles } from './daemon-files.ts';
import type { RsyncLayout } from './layout.ts';
import type { TreeUsage } from './tree-budget.ts';

/** What a service that runs tells other processes about itself. */
export type ServiceState = {
  readonly url: string;
  /** Why nobody is served there now; absent when all is well. */
  readonly down?: string;
  /** The process that runs it. */
  readonly pid: number;
  readonly making: readonly { readonly name: string; readonly percent: number }[];
  /** Trees that are complete, and the bytes that they take on disk together. */
  readonly usage: TreeUsage;
};

const kind = 'rsync-service';
const format = 1;

/** Replaces the state atomically. */
export function writeServiceState(layout: RsyncLayout, state: ServiceState): void {
  writeFileAtomic(daemonFiles(layout).state, `${JSON.stringify({ satchel: kind, format, ...state })}\n`);
}

/** The state of the service that runs now; undefined when none does. Throws `record-invalid`, `record-newer`. */
export function readServiceState(layout: RsyncLayout): ServiceState | undefined {
  const path = daemonFiles(layout).state;
  const bytes = readFileIfThere(path);
  if (bytes === undefined) return undefined;
  const fields = Fields.parse(bytes, path);
  fields.expectFormat(kind, format);
  const pid = fields.count('pid');
  if (!isRunning(pid)) return undefined;
  const making = fields
    .list('making')
    .map((tree) => ({ name: tree.buildName('name'), percent: tree.count('percent') }));
  const down = fields.has('down') ? { down: fields.text('down') } : {};
  const usage = fields.record('usage');
  return {
    ...{ url: fields.text('url'), pid, making, ...down },
    usage: { trees: usage.count('trees'), bytes: usage.count('bytes') },
  };
}

/** Says that this process serves no more; to be called by the one that wrote the state. */
export function removeServiceState(layout: RsyncLayout): void {
  rmSync(daemonFiles(layout).state, { force: true });
}

/** Says why this process does not come to serve; false, and nothing said, when another one serves the directory. */
export function writeServiceFailure(layout: RsyncLayout, url: string, down: string): boolean {
  const other = readServiceState(layout);
  if (other !== undefined && other.pid !== process.pid) return false;
  writeServiceState(layout, { url, down, pid: process.pid, making: [], usage: { trees: 0, bytes: 0 } });
  return true;
}

function isRunning(pid: number): boolean {
  try {
    return pid > 1 && process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}
