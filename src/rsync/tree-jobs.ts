import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, messageOf, type SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { Queue } from '../base/queue.ts';
import { formatBytes } from '../base/units.ts';
import type { Owner } from './fake-super.ts';
import type { RsyncLayout } from './layout.ts';
import type { TreeBudget } from './tree-budget.ts';
import { isReady } from './tree-mark.ts';
import { makeTreeInThread } from './tree-thread.ts';
import type { TreeTrash } from './tree-trash.ts';

/** How far the making of one tree is. */
export type TreeProgress = {
  readonly name: BuildName;
  /**
   * Entries of the tree that are made, of `total`; both 0 while the tree waits for its turn. Bytes of the build's
   * archive while that is being brought from elsewhere.
   */
  readonly done: number;
  readonly total: number;
};

/** The makings of trees that are under way: one a build, one after the other. */
export type TreeJobs = {
  /** The making of a tree, begun by whoever asks first. */
  make(name: BuildName): Promise<void>;
  /** True while a build that is not here is being brought: until then it is not among the published. */
  isBringing(name: BuildName): boolean;
  progress(): readonly TreeProgress[];
  /** Ends the making of a tree; whoever waits for it gets this reason. */
  stop(name: BuildName, reason: SatchelError): void;
  /** Resolves when no making is left. */
  ended(): Promise<void>;
};

export type JobOptions = {
  readonly layout: RsyncLayout;
  readonly owner: Owner;
  readonly budget: TreeBudget;
  readonly trash: TreeTrash;
  readonly reporter: Reporter;
  /** Brings a build that is not in the repository, or not all of it; gives the place from which the tree is made. */
  readonly bring: (
    name: BuildName,
    options: { readonly signal: AbortSignal; readonly onProgress: (progress: Done) => void },
  ) => Promise<TreeOrigin>;
  readonly inTurn: Queue;
  /** Ends everything. */
  readonly signal: AbortSignal;
};

/** The files that a tree is made from. */
export type TreeOrigin = {
  /** The repository's directory. */
  readonly repository: string;
  /** Where bytes of packs lie that are not in that directory. */
  readonly parts?: string | undefined;
};

type Done = Pick<TreeProgress, 'done' | 'total'>;
type Job = { readonly stop: AbortController; done: Promise<void>; isBringing: boolean; progress: Done };

/** Starts with no making under way. */
export function createTreeJobs(options: JobOptions): TreeJobs {
  const jobs = new Map<BuildName, Job>();

  const start = (name: BuildName): Job => {
    const job: Job = {
      stop: new AbortController(),
      done: Promise.resolve(),
      isBringing: true,
      progress: { done: 0, total: 0 },
    };
    jobs.set(name, job);
    job.done = work(name, job, options)
      .catch((error: unknown) => {
        throw failureOf(error, name, job, options);
      })
      .finally(() => {
        jobs.delete(name);
        void options.trash.collect();
      });
    // Whoever asked may have gone.
    job.done.catch(() => {});
    return job;
  };

  return {
    make: (name) => (jobs.get(name) ?? start(name)).done,
    isBringing: (name) => jobs.get(name)?.isBringing === true,
    progress: () => [...jobs].map(([name, { progress }]) => ({ name, ...progress })),
    stop: (name, reason) => jobs.get(name)?.stop.abort(reason),
    async ended() {
      await Promise.allSettled([...jobs.values()].map(({ done }) => done));
    },
  };
}

async function work(name: BuildName, job: Job, options: JobOptions): Promise<void> {
  const { layout, budget, trash, reporter } = options;
  const signal = AbortSignal.any([job.stop.signal, options.signal]);
  const onProgress = (progress: Done) => {
    job.progress = progress;
  };
  const origin = await options.bring(name, { signal, onProgress });
  job.isBringing = false;
  job.progress = { done: 0, total: 0 };
  await options.inTurn(async () => {
    throwIfCancelled(signal);
    if (isReady(layout, name)) return;
    const began = performance.now();
    const { entries, written } = await makeTreeInThread({
      ...{ ...origin, layout, name, owner: options.owner },
      ...{ signal, onProgress },
      async makeRoom(bytes, base) {
        // Deleted later if possible: ext4 is slow to make files while many were deleted in the last half minute.
        if (budget.keep(bytes, base === undefined ? [] : [base])) await trash.collect();
      },
    });
    budget.changed(name);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    reporter.notice('tree-made', { build: name, entries, written: formatBytes(written), seconds });
    budget.keep(0, [name]);
  });
}

/** What those who wait are told; the operator is told what is no one's wish. */
function failureOf(error: unknown, name: BuildName, { stop }: Job, { reporter }: JobOptions): unknown {
  if (stop.signal.aborted) return stop.signal.reason;
  if (!isSatchelError(error, 'cancelled', 'build-not-found')) {
    const reason = messageOf(error);
    reporter.notice('tree-making-failed', { build: name, reason });
  }
  return error;
}
