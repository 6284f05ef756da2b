import { linkSync, lstatSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { temporaryBeside } from '../os/atomic-file.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';

/**
 * Makes a symlink that a loader follows lead elsewhere, so that a power cut at any moment leaves the old one or the new
 * one also for a loader that does not replay the file system's journal (GRUB, extlinux, Open Firmware): it reads blocks
 * where they lie, and those reach the disk in any order. So whatever either link leads to lies in its place before,
 * both links exist before and after, and only one block of their folder says which has the name.
 *
 * What is left of an interrupted call, `removeTemporaries` of the folder removes.
 */
export function pointLoader(target: string, link: string): void {
  const folder = dirname(link);
  const [next, old] = [temporaryBeside(link), temporaryBeside(link)];
  withSystemErrors('symlink', link, () => {
    try {
      symlinkSync(target, next);
      // Without a second name the old link would be emptied by the rename.
      if (lstatSync(link, { throwIfNoEntry: false })) linkSync(link, old);
      settleOnDisk(folder);
      renameSync(next, link);
    } catch (error) {
      for (const path of [next, old]) rmSync(path, { force: true });
      throw error;
    }
  });
  settleOnDisk(folder);
  withSystemErrors('unlink', old, () => rmSync(old, { force: true }));
}

/**
 * Everything that was written to a file system lies in its place when this returns. One sync makes it safe for whoever
 * replays the journal, and only then writes it in place; what it wrote there the drive keeps by the next.
 */
export function settleOnDisk(path: string): void {
  syncFilesystem(path);
  syncFilesystem(path);
}
