import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { run } from './measure.ts';

/** How long something is needed: by its row alone, or by every later row of the pair. */
export type Lifetime = 'row' | 'pair';

/**
 * Where a run keeps its directories. On ext4, files are created several times slower for minutes after many were
 * deleted, so what is not needed any more stays until the end of the run as long as the disk has room.
 */
export type Workspace = {
  /** Everything lies below this directory. */
  readonly root: string;
  /** A new name below the workspace; nothing exists there yet. */
  fresh(label: string, until?: Lifetime): string;
  /** Same, and made as an empty directory. */
  freshDirectory(label: string, until?: Lifetime): string;
  /** Changes how long something is needed. */
  keepUntil(path: string, until: Lifetime): void;
  /** How many things the row has made so far: a mark for `makeRoom`. */
  mark(): number;
  /** Where the disk is short, removes what the row has made between two marks. */
  makeRoom(from: number, to: number): Promise<void>;
  /** Ends a row: nothing that only the row needed is needed any more. */
  endRow(): Promise<void>;
  /** Ends a pair: nothing is needed any more. */
  endPair(): Promise<void>;
  remove(): Promise<void>;
  /** The same for a run that is being stopped. */
  removeAtOnce(): void;
};

/** Room for the next round of a row on the largest trees. */
const keepFree = 25e9;

/** Opens a workspace on the file system of the checkout, or in `SATCHEL_BENCH_DIR`. */
export function openWorkspace(checkout: string): Workspace {
  const parent = resolve(process.env.SATCHEL_BENCH_DIR ?? join(checkout, '.cache', 'bench'));
  mkdirSync(parent, { recursive: true });
  const root = mkdtempSync(join(parent, 'run-'));
  const made: Record<Lifetime, string[]> = { row: [], pair: [] };
  let count = 0;
  const fresh = (label: string, until: Lifetime = 'row') => {
    count += 1;
    const path = join(root, `${String(count).padStart(3, '0')}-${label}`);
    made[until].push(path);
    return path;
  };
  const makeRoom = async (paths: string[], from: number, to: number) => {
    const { bavail, bsize } = statfsSync(root);
    if (from >= to || bavail * bsize >= keepFree) return;
    for (const path of paths.splice(from, to - from)) rmSync(path, { recursive: true, force: true });
    await run({ program: 'sync', parameters: [] });
  };
  const endRow = async () => {
    await makeRoom(made.row, 0, made.row.length);
    made.row = [];
  };
  return {
    root,
    fresh,
    freshDirectory(label, until) {
      const path = fresh(label, until);
      mkdirSync(path);
      return path;
    },
    keepUntil(path, until) {
      for (const lifetime of ['row', 'pair'] as const)
        made[lifetime] = made[lifetime].filter((each) => each !== path);
      made[until].push(path);
    },
    mark: () => made.row.length,
    makeRoom: (from, to) => makeRoom(made.row, from, to),
    endRow,
    async endPair() {
      await endRow();
      await makeRoom(made.pair, 0, made.pair.length);
      made.pair = [];
    },
    async remove() {
      await run({ program: 'rm', parameters: ['-rf', root] });
    },
    removeAtOnce() {
      spawnSync('rm', ['-rf', root]);
    },
  };
}
