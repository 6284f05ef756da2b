import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { messageOf, SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { createQueue } from '../base/queue.ts';
import type { Lock } from '../os/file-lock.ts';
import { type Catalog, openCatalog } from '../repository/catalog.ts';
import type { Store } from '../store/store.ts';
import type { RsyncLayout } from './layout.ts';
import type { OwnBuilds } from './own-builds.ts';
import type { RsyncSettings } from './settings.ts';
import { createTreeBudget, type TreeUsage } from './tree-budget.ts';
import { clearLeftovers, openTreeDirectory } from './tree-directory.ts';
import { createTreeJobs, type TreeProgress } from './tree-jobs.ts';
import { makeModule } from './tree-make.ts';
import { dropHiddenMark, hideMark, isReady, namesIn, readMark, readyNames, treeKey } from './tree-mark.ts';
import { discard, openTrash, type TreeTrash } from './tree-trash.ts';

export type { TreeProgress } from './tree-jobs.ts';

/** Brings a build that is not in the repository: see {@link TreesOptions.upstream}. */
export type BuildUpstream = {
  /** Resolves when the build is published here. Throws `build-not-found` when it is not there either. */
  fetch(
    name: BuildName,
    options: {
      readonly signal: AbortSignal;
      readonly onProgress: (progress: Pick<TreeProgress, 'done' | 'total'>) => void;
    },
  ): Promise<void>;
};

/** Brings stored files of builds that the repository names and whose files are not all in its directory. */
export type LackingFiles = {
  /** Resolves when all that a tree of the build is made of can be read from disk. */
  bring(name: BuildName, signal: AbortSignal): Promise<void>;
  /** Where the bytes of a pack lie at their place when the pack is not in the directory, with `{pack}` for its hash. */
  readonly parts: string;
};

export type TreesOptions = {
  readonly layout: RsyncLayout;
  /** The repository's directory: packs are read from it without a copy. */
  readonly repository: string;
  /** The same repository as a store. The caller closes it. */
  readonly store: Store;
  /** Asked anew whenever they matter, so that a change needs no restart. */
  readonly settings: () => RsyncSettings;
  /** Told what an operator should know (trees made, evicted, withdrawn), for the log. */
  readonly reporter: Reporter;
  /** Where builds that are not here come from; absent: nowhere. */
  readonly upstream?: BuildUpstream | undefined;
  /** Builds that are made into trees too where the repository has none of their name. The caller closes the store. */
  readonly own?: OwnBuilds | undefined;
  /** Where what the repository's directory lacks comes from; absent: nothing is lacking. */
  readonly lacking?: LackingFiles | undefined;
  /** Ends everything that is being made. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * The trees of builds as rsync clients see them, made from the repository when they are asked for.
 *
 * A tree is complete exactly when its ready mark is there; the module's directory keeps its inode when its tree is
 * made or evicted, so a client that came before the tree was there finds it in the directory that it stands in.
 * Whoever begins a transfer makes its file in `uses/` first and looks for the ready mark afterwards: then a tree is
 * never evicted between the two. A use whose build is empty (`,<address>,<pid>`) is one of all builds.
 */
export type Trees = {
  /**
   * Makes the module directories of these builds (empty until the first client asks), and withdraws every other build
   * and every tree of a build that was replaced under its name. To be called whenever the repository has changed.
   */
  prepare(names: readonly BuildName[]): Promise<void>;
  /**
   * Resolves when the tree is complete: at once when it is, else when it has been made, once however many ask.
   * The signal ends the waiting only; the making goes on for whoever asks next.
   * Throws `build-not-found`, `cancelled`, or what went wrong.
   */
  make(name: BuildName, options?: { readonly signal?: AbortSignal | undefined }): Promise<void>;
  /** Trees that are being made now, and those that wait for their turn. */
  making(): readonly TreeProgress[];
  /** Takes a build's module away. Transfers under way end as they began; what they read is deleted afterwards. */
  withdraw(name: BuildName): Promise<void>;
  /** Deletes the least recently used trees until the budget is kept; those in use or sticky stay. */
  evict(): Promise<void>;
  /** Deletes the least recently used trees until they take no more than so many bytes; those in use or sticky stay. */
  shrinkTo(bytes: number): Promise<void>;
  /** How many trees are complete, and the bytes that they take on disk together. */
  usage(): TreeUsage;
  /** Ends what is being made and waits for the end of it. Trees stay. */
  close(): Promise<void>;
};

/**
 * Opens the trees of an rsync directory; makes the directory, and clears away what a killed run left.
 * Throws `trees-in-use`, `tree-attributes-refused` and what the disk says.
 */
export async function openTrees(options: TreesOptions): Promise<Trees> {
  const { layout, reporter } = options;
  const lock = openTreeDirectory(layout);
  const onFailure = (error: unknown) =>
    reporter.notice('tree-trash-stays', { path: layout.trash, reason: messageOf(error) });
  const trash = openTrash({ layout, onFailure });
  try {
    clearLeftovers(layout, (path) => reporter.notice('rsync-entry-strange', { path }));
  } catch (error) {
    lock.release();
    throw error;
  }
  void trash.collect();
  return createTrees(options, trash, lock);
}

function createTrees(options: TreesOptions, trash: TreeTrash, lock: Lock): Trees {
  const { layout, repository, store, reporter, upstream, own, lacking } = options;
  const owner = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };
  const budget = createTreeBudget({ layout, reporter, budget: () => options.settings().budget });
  // Trees are made one at a time, so that each can share with the one before.
  const inTurn = createQueue();
  const closing = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal;
  const jobs = createTreeJobs({
    ...{ layout, owner, budget, trash, reporter, inTurn, signal },
    async bring(name, how) {
      if (own !== undefined && catalogOf(await catalogs(), name)?.store === own.store)
        return { repository: own.repository };
      if (upstream !== undefined && !(await openCatalog(store, how.signal)).hasBuild(name))
        await upstream.fetch(name, how);
      await lacking?.bring(name, how.signal);
      return { repository, parts: lacking?.parts };
    },
  });

  /** Where a name is in several, the first one's build is meant. */
  const catalogs = (): Promise<Catalog[]> =>
    Promise.all((own === undefined ? [store] : [store, own.store]).map((one) => openCatalog(one, signal)));

  const withdrawNow = (name: BuildName): void => {
    if (hideMark(layout, name)) dropHiddenMark(layout, name);
    discard(layout, layout.module(name), name);
    budget.changed(name);
    reporter.notice('tree-withdrawn', { build: name });
  };

  const withdraw = async (name: BuildName): Promise<void> => {
    jobs.stop(name, new SatchelError('build-not-found', { name, location: store.location }));
    await inTurn(async () => withdrawNow(name));
    void trash.collect();
  };

  /** Takes away the tree that was made for another build of this name. */
  const replace = (known: readonly Catalog[], name: BuildName) =>
    inTurn(async () => {
      // It may have been made anew while this waited.
      if (!(await isReplaced(known, name))) return;
      withdrawNow(name);
      makeModule(layout, name);
    });

  const isReplaced = async (known: readonly Catalog[], name: BuildName): Promise<boolean> => {
    const catalog = catalogOf(known, name);
    if (catalog === undefined || !isReady(layout, name)) return false;
    return readMark(layout, name)?.index !== treeKey(await catalog.build(name), owner);
  };

  return {
    async prepare(names) {
      for (const name of names) makeModule(layout, name);
      const published = new Set(names);
      for (const name of new Set([...namesIn(layout.builds), ...readyNames(layout)]))
        if (!published.has(name) && !jobs.isBringing(name)) await withdraw(name);
      const known = await catalogs();
      for (const name of names) if (await isReplaced(known, name)) await replace(known, name);
      void trash.collect();
    },
    async make(name, asked = {}) {
      throwIfCancelled(signal);
      if (!isReady(layout, name)) await untilAborted(jobs.make(name), asked.signal);
    },
    making: () => jobs.progress(),
    withdraw,
    async evict() {
      await inTurn(async () => {
        budget.keep(0, []);
      });
      await trash.collect();
    },
    async shrinkTo(bytes) {
      await inTurn(async () => budget.shrinkTo(bytes));
      await trash.collect();
    },
    usage: () => budget.usage(),
    async close() {
      closing.abort();
      await jobs.ended();
      await inTurn(async () => {});
      await trash.close();
      lock.release();
    },
  };
}

function catalogOf(known: readonly Catalog[], name: BuildName): Catalog | undefined {
  return known.find((catalog) => catalog.hasBuild(name));
}
