import {
  closeSync,
  constants,
  copyFileSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  rmSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { displayOf, pathBelow } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { createLender } from '../base/memory.ts';
import type { HardLinkEntry, IndexEntry, InodeEntry } from '../build/entry.ts';
import { entryAt } from '../build/index-table.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { applyMetadata, type Owed } from './apply-metadata.ts';
import type { BootStageOrder } from './boot-stage-order.ts';
import type { BootStageScene } from './boot-stage-scene.ts';
import type { Step } from './boot-stage-steps.ts';
import { recordTree } from './record-tree.ts';
import { doStageTask, makeSmall, type StageScene } from './stage-do.ts';
import type { StageOutcome, StageTask } from './stage-task.ts';

/** Makes the new tree of an update in place, in one thread; every part can be done again. Only for root. */
export class BootStageTree {
  readonly #scene: BootStageScene;
  readonly #order: Pick<BootStageOrder, 'from' | 'to' | 'toIndex'>;
  #opened: StageScene | undefined;

  /** `done`: how many steps are on the disk, so that what they made is not made again. */
  constructor(scene: BootStageScene, order: Pick<BootStageOrder, 'from' | 'to' | 'toIndex'>, done: number) {
    this.#scene = scene;
    this.#order = order;
    const written = scene.delta?.scene.written;
    if (written === undefined) return;
    for (const { outputs } of scene.steps.slice(0, done)) for (const ordinal of outputs) written[ordinal] = 1;
  }

  /** Makes all that takes nearly no room: folders, links into the old tree, symlinks, devices, empty files. */
  begin(): void {
    const { plan, trees } = this.#scene;
    mkdirSync(dirname(trees.stage), { recursive: true, mode: 0o700 });
    for (const number of plan.directories) {
      const path = this.#at(number);
      withSystemErrors('mkdir', path, () => mkdirSync(path, { mode: 0o700 }));
    }
    for (const number of plan.large) preallocate(this.#at(number), this.#entry(number));
    const { unlinkable } = this.#do({ kind: 'link', entries: plan.links });
    for (const number of unlinkable) this.#copy(number);
    for (const number of plan.small) makeSmall(this.#entry(number) as InodeEntry, trees.stage, { owed: [] });
  }

  /** Removes what an interrupted run has written of a step. */
  clear({ targets }: Step): void {
    for (const { entry, position } of targets) if (position === undefined) remove(this.#at(entry));
  }

  /** Does a step, by its number. Throws `boot-stage-failed`. */
  run(step: Step, number: number): void {
    const { index, delta } = this.#scene;
    for (const task of step.tasks) {
      const wrong = whatWentWrong(this.#do(task));
      if (wrong !== undefined) throw this.#failed(number, wrong);
    }
    if (delta === undefined || step.tasks[0]?.kind !== 'segment') return;
    if (step.outputs.some((ordinal) => delta.scene.written[ordinal] !== 1))
      throw this.#failed(number, displayOf(index.entries.pathAt(step.targets[0]!.entry)));
  }

  /** Makes what needs the contents to be there; gives what the file system refused. */
  finish(): readonly Owed[] {
    const { plan, trees } = this.#scene;
    for (const entry of plan.large) this.#do({ kind: 'complete', entry });
    for (const number of plan.hardLinks) {
      const [path, { link }] = [this.#at(number), this.#entry(number) as HardLinkEntry];
      remove(path);
      withSystemErrors('link', path, () => linkSync(pathBelow(trees.stage, link), path));
    }
    for (const number of plan.directories.toReversed())
      applyMetadata(this.#at(number), this.#entry(number) as InodeEntry, { root: true });
    return owedOf(this.#scene, this.#order.toIndex);
  }

  #entry(number: number): IndexEntry {
    return this.#scene.index.entries.at(number)!;
  }

  #at(number: number): string | Buffer {
    return pathBelow(this.#scene.trees.stage, this.#scene.index.entries.pathAt(number));
  }

  #do(task: StageTask): StageOutcome {
    this.#opened ??= openScene(this.#scene);
    return doStageTask(task, this.#opened);
  }

  /** Its inode has as many names as it can have. */
  #copy(number: number): void {
    const { trees } = this.#scene;
    const [path, entry] = [this.#at(number), this.#entry(number)];
    withSystemErrors('copy', path, () => {
      if (entry.type === 'hardlink') return linkSync(pathBelow(trees.stage, entry.link), path);
      copyFileSync(pathBelow(trees.base, entry.path), path, constants.COPYFILE_FICLONE);
      applyMetadata(path, entry, { root: true });
    });
  }

  #failed(number: number, path: string): SatchelError {
    const { from, to } = this.#order;
    const steps = this.#scene.steps.length;
    return new SatchelError('boot-stage-failed', { from, to, path, step: number + 1, steps });
  }
}

function openScene({ trees, index, delta }: BootStageScene): StageScene {
  const { uid, gid } = lstatSync(trees.stage);
  const fresh = { uid, gid, umask: process.umask() };
  return { ...trees, fresh, entries: index.entries, delta: delta?.scene, lend: createLender() };
}

/** What the file system refused is owed, as anywhere else: by now the new version is the better one in any case. */
function owedOf({ index: { entries }, trees }: BootStageScene, toIndex: Sha256): readonly Owed[] {
  const { damaged } = recordTree({ tree: trees.stage, entries, index: toIndex, owed: [] });
  return damaged.flatMap(({ path, reason }) => {
    if (!['owner', 'mode', 'attributes'].includes(reason)) return [];
    const entry = entryAt(entries, path) as InodeEntry;
    return applyMetadata(pathBelow(trees.stage, path), entry, { root: true });
  });
}

/** The path for which a task failed; empty where it is not known. */
function whatWentWrong({ dirty, damaged, badFrame }: StageOutcome): string | undefined {
  const path = dirty[0]?.source.path ?? damaged[0];
  if (path !== undefined) return displayOf(path);
  return badFrame ? 'spool' : undefined;
}

/** Chunks come in any order, so a large file has its length from the start. */
function preallocate(path: string | Buffer, entry: IndexEntry): void {
  if (entry.type !== 'file') throw new Error('the plan is of another index');
  withSystemErrors('create', path, () => {
    const fd = openSync(path, 'wx', 0o600);
    try {
      ftruncateSync(fd, entry.size);
    } finally {
      closeSync(fd);
    }
  });
}

function remove(path: string | Buffer): void {
  withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
}
