import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { lockHolder } from '../os/file-lock.ts';
import { readFileIfThere } from '../os/if-there.ts';
import type { SiteLayout } from './layout.ts';

/** Notes whether the process that has just locked the site asks nobody; call the answer when it ends. */
export function markOffline(layout: SiteLayout, offline: boolean): { close(): void } {
  const path = markPath(layout);
  const close = () => rmSync(path, { force: true });
  if (offline) writeFileAtomic(path, `${process.pid}\n`, { mode: 0o600 });
  else close();
  return { close };
}

/** True while a process serves the site that was told to ask nobody. */
export function isServedOffline(layout: SiteLayout): boolean {
  const pid = Number(readFileIfThere(markPath(layout))?.toString('latin1') ?? Number.NaN);
  return Number.isInteger(pid) && pid > 0 && lockHolder(layout.lock) === pid && isAlive(pid);
}

function markPath({ directory }: SiteLayout): string {
  return join(directory, 'offline');
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return systemErrorCode(error) === 'EPERM';
  }
}
