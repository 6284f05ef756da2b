import { readFileSync } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';
import { Fields } from '../base/fields.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { systemError } from '../os/system-error.ts';
import { daemonFiles } from './daemon-files.ts';
import type { RsyncLayout } from './layout.ts';

/** What a service that runs tells other processes about itself. */
export type ServiceState = {
  readonly url: string;
  /** The process that runs it. */
  readonly pid: number;
  readonly making: readonly { readonly name: string; readonly percent: number }[];
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
  const bytes = readIfThere(path);
  if (bytes === undefined) return undefined;
  const fields = Fields.parse(bytes, path);
  fields.expectFormat(kind, format);
  const pid = fields.count('pid');
  if (!isRunning(pid)) return undefined;
  const making = fields
    .list('making')
    .map((tree) => ({ name: tree.buildName('name'), percent: tree.count('percent') }));
  return { url: fields.text('url'), pid, making };
}

function isRunning(pid: number): boolean {
  try {
    return pid > 1 && process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw systemError(error, 'read', path);
  }
}
