import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Reporter } from '../base/progress.ts';
import { tryLock } from '../os/file-lock.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree, removeTreeInBackground } from '../os/remove-tree.ts';
import { renameTree } from '../os/rename-tree.ts';
import { errnoOf, type SystemPath, withSystemErrors } from '../os/system-error.ts';
import type { DeviceLayout } from './layout.ts';

/**
 * Takes something out of the way in one step; it is deleted later. What lies on another file system, where
 * there is no such step, is deleted at once. Nothing there is no error.
 */
export function moveToTrash(layout: DeviceLayout, path: SystemPath): void {
  withSystemErrors('mkdir', layout.trash, () => mkdirSync(layout.trash, { recursive: true, mode: 0o755 }));
  try {
    renameTree(path, join(layout.trash, randomBytes(8).toString('hex')));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'ENOENT') return;
    if (errno !== 'EXDEV') throw error;
    removeTree(path);
  }
}

/** Deletes what is in the trash, now and at full speed: for when its room is needed. */
export function emptyTrashNow(layout: DeviceLayout): void {
  for (const path of trashed(layout)) removeTree(path);
}

/**
 * Deletes what is in the trash, between other work. Does nothing when another process does it already.
 * Throws `tree-has-mounts`, `cancelled`.
 */
export async function emptyTrash(
  layout: DeviceLayout,
  options: { readonly reporter: Reporter; readonly signal?: AbortSignal },
): Promise<void> {
  using lock = tryLock(layout.trashLock);
  if (lock === undefined) return;
  let done = 0;
  const onRemoved = (count: number) => {
    done += count;
    options.reporter.progress({ step: 'delete', done, unit: 'files' });
  };
  for (const path of trashed(layout))
    await removeTreeInBackground(path, { onRemoved, ...(options.signal ? { signal: options.signal } : {}) });
}

/** Starts a process of low priority that empties the trash and outlives this one; none for an empty trash. */
export function collectTrash(layout: DeviceLayout): ChildProcess | undefined {
  if (trashed(layout).length === 0) return undefined;
  const program = fileURLToPath(new URL('./trash-collector.ts', import.meta.url));
  const child = spawn(process.execPath, [program, layout.root], { detached: true, stdio: 'ignore' });
  // A machine that cannot start a process now deletes after the next update.
  child.on('error', () => {});
  child.unref();
  return child;
}

function trashed(layout: DeviceLayout): string[] {
  return listIfThere(layout.trash).map((name) => join(layout.trash, name));
}
