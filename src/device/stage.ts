import {
  closeSync,
  constants,
  copyFileSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
} from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import type { FileEntry, HardLinkEntry, IndexEntry, InodeEntry } from '../build/entry.ts';
import type { IndexTable } from '../build/index-table.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { applyMetadata, type FreshInode, type Owed } from './apply-metadata.ts';
import type { Delivery } from './deliver.ts';
import { makeSmall } from './stage-do.ts';
import type { NeededObject, StagePlan } from './stage-plan.ts';
import type { StagePool, StageWork } from './stage-pool.ts';
import type { DeltaScene } from './stage-segment.ts';
import type { CopyObject, StageOutcome, StageTask, StageTrees } from './stage-task.ts';

/** What staging found out on the way. */
export type StageResult = {
  /** Paths of the base whose content was not what its index says. */
  readonly damaged: ByteString[];
  /** What an ordinary user could not apply. */
  readonly owed: Owed[];
  /** Bytes written to new files. */
  readonly written: number;
};

export type StageOptions = {
  readonly plan: StagePlan;
  /** The index that the plan was made for. */
  readonly index: IndexTable;
  /** There when objects come from a delta. */
  readonly delta?: DeltaScene | undefined;
  readonly pool: StagePool;
  /** Absolute paths of the new tree and of the base (empty when there is none). */
  readonly trees: Pick<StageTrees, 'stage' | 'base'>;
  /**
   * Receives the frames that hold these objects and hands each over as soon as it is in the spool.
   * Called again with what a damaged base or a wrong frame made necessary.
   */
  readonly deliver: Delivery;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A base that changes while it is read, or a source that sends wrong bytes, is asked so many times. */
const rounds = 3;
const linksPerTask = 2000;
const entriesPerTask = 500;
const copyBytesPerTask = 4 * 1024 * 1024;

/**
 * Makes the new tree in `trees.stage`, which must not exist. When it throws, the base is as it was and
 * what lies in `trees.stage` is worth nothing.
 */
export async function stageTree(options: StageOptions): Promise<StageResult> {
  const { plan } = options;
  makeDirectories(options, options.trees.stage);
  const { uid, gid } = lstatSync(options.trees.stage);
  const trees: StageTrees = { ...options.trees, fresh: { uid, gid, umask: process.umask() } };
  for (const number of plan.large) preallocate(entryOf(options, number, 'file'), trees.stage);
  const result: Result = { damaged: [...plan.damaged], owed: [], written: 0, unlinkable: [] };
  options.pool.expect(bytesToWrite(plan));
  using work = options.pool.begin({ trees, index: options.index.share(), delta: options.delta });
  await fill(options, work, result);
  throwIfCancelled(options.signal);
  finish(options, trees, result);
  // A path may have been found by several objects, and in several ways.
  return { damaged: [...new Set(result.damaged)], owed: result.owed, written: result.written };
}

type Result = { damaged: ByteString[]; owed: Owed[]; written: number; unlinkable: number[] };

async function fill(options: StageOptions, work: StageWork, result: Result): Promise<void> {
  const { plan, reporter } = options;
  const objects = [...plan.objects.values()];
  const total = plan.links.length + plan.small.length + objects.length + plan.large.length;
  let done = 0;
  const dirty: CopyObject[] = [];
  const run = async (task: StageTask, count: number): Promise<StageOutcome> => {
    const outcome = await work.run(task);
    result.owed.push(...outcome.owed);
    result.unlinkable.push(...outcome.unlinkable);
    result.written += outcome.written;
    result.damaged.push(...outcome.damaged);
    dirty.push(...outcome.dirty);
    done += count;
    reporter.progress({ step: 'stage', done, total, unit: 'entries' });
    return outcome;
  };
  const local = localTasks(options, objects).map(({ task, count }) => run(task, count));
  // A local failure must stop the receiving too, instead of waiting for the end of a slow link.
  const stop = new AbortController();
  const localDone = Promise.all(local).catch((error: unknown) => {
    stop.abort(error);
    throw error;
  });
  const signal = options.signal ? AbortSignal.any([options.signal, stop.signal]) : stop.signal;
  let wanted = objects.filter((object) => object.source === undefined);
  const received = deliverAll(wanted);
  await Promise.all([localDone, received]).catch(async (error: unknown) => {
    await Promise.allSettled([localDone, received]);
    throw stop.signal.aborted ? stop.signal.reason : error;
  });

  for (let round = 1; dirty.length > 0; round += 1) {
    if (round > rounds) throw new SatchelError('stage-never-ends', {});
    result.damaged.push(...new Set(dirty.map((object) => object.source.path)));
    wanted = dirty.splice(0).map(({ sha256, size, targets }) => ({ sha256, size, targets: [...targets] }));
    await deliverAll(wanted);
  }
  await Promise.all(plan.large.map((entry) => run({ kind: 'complete', entry }, 1)));

  async function deliverAll(objectsToFetch: readonly NeededObject[]): Promise<void> {
    if (objectsToFetch.length === 0) return;
    await options.deliver(
      objectsToFetch,
      (task) => run(task, task.kind === 'frame' ? task.objects.length : task.segment.objects),
      signal,
    );
  }
}

function localTasks(
  options: StageOptions,
  objects: readonly NeededObject[],
): { task: StageTask; count: number }[] {
  const { plan } = options;
  const tasks: { task: StageTask; count: number }[] = [];
  const addInParts = (kind: 'link' | 'make', numbers: readonly number[], size: number) => {
    for (let i = 0; i < numbers.length; i += size) {
      const entries = numbers.slice(i, i + size);
      tasks.push({ task: { kind, entries }, count: entries.length });
    }
  };
  addInParts('link', plan.links, linksPerTask);
  addInParts(
    'make',
    plan.small.filter((number) => !isSpecial(entryOf(options, number))),
    entriesPerTask,
  );
  let batch: CopyObject[] = [];
  let bytes = 0;
  const flush = () => {
    if (batch.length > 0) tasks.push({ task: { kind: 'copy', objects: batch }, count: batch.length });
    batch = [];
    bytes = 0;
  };
  for (const { sha256, size, source, targets } of objects) {
    if (source === undefined) continue;
    batch.push({ sha256, size, source, targets });
    bytes += size;
    if (bytes >= copyBytesPerTask || batch.length >= entriesPerTask) flush();
  }
  flush();
  return tasks;
}

function bytesToWrite(plan: StagePlan): number {
  let bytes = 0;
  for (const { size, targets } of plan.objects.values()) bytes += size * targets.length;
  return bytes;
}

/** The entry with this number, of the type that the plan says it has. */
function entryOf<Type extends IndexEntry['type']>(
  { index }: StageOptions,
  number: number,
  ...types: Type[]
): Extract<IndexEntry, { type: Type }> {
  const entry = index.at(number);
  if (entry === undefined || (types.length > 0 && !types.includes(entry.type as Type)))
    throw new Error('the plan is of another index');
  return entry as Extract<IndexEntry, { type: Type }>;
}

function isSpecial({ type }: IndexEntry): boolean {
  return type === 'char' || type === 'block' || type === 'fifo';
}

function makeDirectories(options: StageOptions, stage: string): void {
  for (const number of options.plan.directories) {
    const path = pathBelow(stage, options.index.pathAt(number));
    withSystemErrors('mkdir', path, () => mkdirSync(path, { mode: 0o700 }));
  }
}

/** Chunks arrive in any order, so the file has its length from the start. */
function preallocate(entry: FileEntry, stage: string): void {
  const path = pathBelow(stage, entry.path);
  withSystemErrors('create', path, () => {
    const fd = openSync(path, 'wx', 0o600);
    try {
      ftruncateSync(fd, entry.size);
    } finally {
      closeSync(fd);
    }
  });
}

/** What needs the content to be there: large files' metadata, further names, and last the directories. */
function finish(options: StageOptions, trees: StageTrees, result: Result): void {
  const { plan } = options;
  const { stage } = trees;
  const root = process.geteuid?.() === 0;
  const owe = (entry: InodeEntry, fresh?: FreshInode) =>
    result.owed.push(...applyMetadata(pathBelow(stage, entry.path), entry, { root }, fresh));
  const link = ({ path, link: first }: HardLinkEntry) => {
    const to = pathBelow(stage, path);
    withSystemErrors('link', to, () => linkSync(pathBelow(stage, first), to));
  };
  // Only this thread has the foreign calls loaded that devices need, and there are few of them.
  for (const number of plan.small) {
    const entry = entryOf(options, number);
    if (isSpecial(entry)) makeSmall(entry as InodeEntry, stage, result);
  }
  for (const number of result.unlinkable) {
    const entry = entryOf(options, number, 'hardlink', 'file');
    if (entry.type === 'hardlink') link(entry);
    else {
      copyUnlinkable(entry.path, trees);
      owe(entry);
    }
  }
  for (const number of plan.hardLinks) link(entryOf(options, number, 'hardlink'));
  const { uid, gid } = trees.fresh;
  // A folder may hand a set-id bit down, so the mode is never known to be right.
  const fresh = { uid, gid, mode: Number.NaN };
  for (const number of plan.directories.toReversed()) owe(entryOf(options, number, 'directory'), fresh);
}

function copyUnlinkable(path: ByteString, { base, stage }: StageTrees): void {
  const to = pathBelow(stage, path);
  withSystemErrors('copy', to, () => copyFileSync(pathBelow(base, path), to, constants.COPYFILE_FICLONE));
}
