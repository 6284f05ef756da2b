import { chmodSync, lstatSync, renameSync } from 'node:fs';
import { errnoOf, type SystemPath, withSystemErrors } from './system-error.ts';

/**
 * Renames a file or a tree into another folder of the same file system. Moving a directory changes its entry
 * "..", so an ordinary user may only move those that it may write; one that it owns and may not write is made
 * writable for the moment. The mode afterwards is what it was before. `EXDEV` is thrown as a system error.
 */
export function renameTree(from: SystemPath, to: SystemPath): void {
  withSystemErrors('rename', from, () => {
    try {
      renameSync(from, to);
    } catch (error) {
      if (errnoOf(error) !== 'EACCES') throw error;
      renameProtected(from, to, error);
    }
  });
}

function renameProtected(from: SystemPath, to: SystemPath, refused: unknown): void {
  const found = lstatSync(from);
  const mode = found.mode & 0o7777;
  if (!found.isDirectory() || found.uid !== process.geteuid?.() || (mode & 0o200) !== 0) throw refused;
  chmodSync(from, mode | 0o200);
  try {
    renameSync(from, to);
  } catch (error) {
    chmodSync(from, mode);
    throw error;
  }
  chmodSync(to, mode);
}
