import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './measure.ts';

/** Where a run keeps its directories. Nothing in it is removed while something is still to be measured. */
export type Workspace = {
  /** A new name below the workspace; nothing exists there yet. */
  fresh(label: string): string;
  /** Same, and made as an empty directory. */
  freshDirectory(label: string): string;
  /**
   * Ends a row. On ext4, files are created several times slower for minutes after many were deleted, so what the
   * row made is kept until the end of the run as long as the disk has room.
   */
  endRow(): Promise<void>;
  remove(): Promise<void>;
  /** The same for a run that is being stopped. */
  removeAtOnce(): void;
};

const keepFree = 40e9;

/** Opens a workspace on the file system of the checkout, or in `SATCHEL_BENCH_DIR`. */
export function openWorkspace(checkout: string): Workspace {
  const parent = resolve(process.env.SATCHEL_BENCH_DIR ?? join(checkout, '.cache', 'bench'));
  mkdirSync(parent, { recursive: true });
  const root = mkdtempSync(join(parent, 'run-'));
  let count = 0;
  let row: string[] = [];
  const fresh = (label: string) => {
    count += 1;
    const path = join(root, `${String(count).padStart(3, '0')}-${label}`);
    row.push(path);
    return path;
  };
  return {
    fresh,
    freshDirectory(label) {
      const path = fresh(label);
      mkdirSync(path);
      return path;
    },
    async endRow() {
      const { bavail, bsize } = statfsSync(root);
      if (bavail * bsize < keepFree) {
        for (const path of row) rmSync(path, { recursive: true, force: true });
        await run({ program: 'sync', parameters: [] });
      }
      row = [];
    },
    async remove() {
      await run({ program: 'rm', parameters: ['-rf', root] });
    },
    removeAtOnce() {
      spawnSync('rm', ['-rf', root]);
    },
  };
}
