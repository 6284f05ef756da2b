import { setTimeout as pause } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { openCatalog } from '../repository/catalog.ts';
import { publishSet, withdrawBuild } from './drop-change.ts';
import { dropDirectory } from './drop-directory.ts';
import { type DropKeeper, keepRecord } from './drop-keeper.ts';
import { dropLock } from './drop-lock.ts';
import { type DropLook, lookAtDrop } from './drop-look.ts';
import type { RefreshOptions } from './drop-options.ts';
import { planDrop } from './drop-plan.ts';
import { type DropProblem, dropProblems } from './drop-problems.ts';
import { type DropRecord, readDropRecord, troubleOf } from './drop-record.ts';

/** What a refresh did and found. */
export type DropReport = {
  /** The drop directory. */
  readonly directory: string;
  readonly published: readonly BuildName[];
  readonly withdrawn: readonly BuildName[];
  /** Builds that were published before and stay. */
  readonly kept: readonly BuildName[];
  /** What is not complete yet, or waits for a signature. */
  readonly waiting: readonly DropProblem[];
  /** What somebody has to mend. */
  readonly problems: readonly DropProblem[];
};

const defaultSettle = 1000;
/** Others write into the directory too; nobody takes an hour for a small file. */
const leftoverAge = 60 * 60_000;

/**
 * Brings the list of builds up to date with the drop directory: publishes the sets of four files that are new,
 * withdraws builds that came from there and whose `.name` file is gone. What is wrong with one set never keeps the
 * others from being published. It may be killed at any moment: the next refresh finishes what it began.
 *
 * Throws `drop-directory-unreadable`, `drop-directory-empty`, `record-invalid`, `cancelled`, and what reading the
 * repository throws.
 */
export async function refreshDrop(options: RefreshOptions): Promise<DropReport> {
  const { layout } = options;
  using _lock = await dropLock(options);
  removeTemporaries(layout.directory, { olderThanMs: leftoverAge });
  const keeper = keepRecord(layout);
  try {
    const report = await refresh(options, keeper);
    keeper.settle();
    return report;
  } catch (error) {
    if (isSatchelError(error) && error.code !== 'cancelled') keeper.fail(troubleOf(error));
    throw error;
  }
}

async function refresh(options: RefreshOptions, keeper: DropKeeper): Promise<DropReport> {
  const { layout, store, signal, force = false, retry = true } = options;
  const directory = dropDirectory(layout);
  const before = readDropRecord(layout);
  const { look, changing } = await settledLook(directory, before, options);
  const catalog = await openCatalog(store, signal);
  const plan = planDrop({
    look,
    changing,
    record: before,
    isPublished: (name) => catalog.hasBuild(name),
    force,
    retry,
  });
  keeper.begin(look, plan);
  const withdrawn: BuildName[] = [];
  for (const name of plan.withdraw) {
    throwIfCancelled(signal);
    if (await withdrawBuild(name, options, keeper)) withdrawn.push(name);
  }
  const published: BuildName[] = [];
  const kept = plan.settled.flatMap(({ state, name }) => (state === 'published' && name ? [name] : []));
  for (const set of plan.publish) {
    throwIfCancelled(signal);
    const outcome = await publishSet(set, options, keeper);
    if (outcome === 'published') published.push(set.name);
    if (outcome === 'kept') kept.push(set.name);
  }
  return { directory, published, withdrawn, kept: kept.sort(), ...dropProblems(keeper.record()) };
}

/**
 * Looks at the directory; when something is new since the last refresh, looks again a moment later, so that files
 * that are being copied are seen to change.
 */
async function settledLook(
  directory: string,
  record: DropRecord,
  { settle = defaultSettle, force, signal }: RefreshOptions,
): Promise<{ look: DropLook; changing: ReadonlySet<string> }> {
  const lookAgain = () => {
    const look = lookAtDrop(directory);
    if (!force) requireMounted(look, directory, record);
    return look;
  };
  const first = lookAgain();
  if (isAsRecorded(first, record)) return { look: first, changing: new Set() };
  await pause(settle, undefined, signal ? { signal } : {}).catch(() => throwIfCancelled(signal));
  const look = lookAgain();
  const filesOf = ({ sets }: DropLook) => new Map(sets.map(({ set, files }) => [set, files]));
  const [before, after] = [filesOf(first), filesOf(look)];
  const changing = [...before.keys(), ...after.keys()].filter((set) => before.get(set) !== after.get(set));
  return { look, changing: new Set(changing) };
}

/** A disk that is not mounted is no reason to withdraw all that was on it. Throws `drop-directory-empty`. */
function requireMounted({ isEmpty, inode }: DropLook, directory: string, record: DropRecord): void {
  const isOther = record.inode !== '' && record.inode !== inode;
  if (isEmpty && isOther && record.builds.size > 0)
    throw new SatchelError('drop-directory-empty', { directory, count: record.builds.size });
}

function isAsRecorded({ sets }: DropLook, record: DropRecord): boolean {
  return (
    sets.length === record.sets.size && sets.every(({ set, files }) => record.sets.get(set)?.files === files)
  );
}
