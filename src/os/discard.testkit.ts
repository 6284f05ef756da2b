import { existsSync, renameSync } from 'node:fs';
import { removeTree } from './remove-tree.ts';

/**
 * Removes a temporary folder of a test, also while the process that empties a device's trash is at work in it: under
 * its old name nothing is found, and nothing can be put there between the last look and the removal. Nothing there is
 * no error.
 */
export function discard(path: string): void {
  if (!existsSync(path)) return;
  const gone = `${path}.gone`;
  renameSync(path, gone);
  removeTree(gone);
}
