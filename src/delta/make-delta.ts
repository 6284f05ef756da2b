import { hash } from 'node:crypto';
import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { BuildObject } from '../build/objects.ts';
import type { DeltaSide } from './content-source.ts';
import { eachContent } from './contents.ts';
import { type Archive, memoryToApply, scratchToApply, serialiseHead } from './delta-format.ts';
import { type DeltaSpool, openDeltaSpool } from './delta-spool.ts';
import { makeIndexPatch } from './index-patch.ts';
import { makeArchives } from './make-archives.ts';
import { type MakeThread, makeThreads, startMakeThread } from './make-pool.ts';
import type { Contents, MakeTask } from './make-task.ts';
import { matchBuilds, type Target } from './match.ts';
import { objectList } from './object-list.ts';
import type { ObjectSizes } from './piece-control.ts';
import type { PartsPlan, PlanTask } from './plan-parts.ts';
import { createRefiner, type Refiner } from './refine.ts';
import type { EncodedSegment } from './segment-format.ts';
import { type Group, groupTargets } from './segments.ts';

export type { DeltaSide } from './content-source.ts';

/** What to make a delta of. */
export type MakeDeltaOptions = {
  /** The build that devices have. */
  readonly from: DeltaSide;
  /** The build that they are to get. */
  readonly to: DeltaSide;
  /** Folder for the growing file, made if it is missing; on the file system where the finished one will stand. */
  readonly spoolDirectory: string;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/** A delta that lies finished and synced in the spool folder. */
export type MadeDelta = {
  readonly path: string;
  /** SHA-256 of the whole file. */
  readonly stored: Sha256;
  /** Bytes of the whole file. */
  readonly length: number;
  readonly head: { readonly length: number; readonly sha256: Sha256 };
  /** Memory in bytes that applying it takes at most. */
  readonly memory: number;
  /** Bytes of the disk that applying it takes beside the new tree. */
  readonly scratch: number;
  /** Bytes of the objects that it makes. */
  readonly output: number;
  /** Removes the file, if it is still there. */
  discard(): void;
};

/**
 * Makes the delta from one build to another: always the same bytes for the same builds. Works in threads; memory
 * stays within 1 GB whatever the builds are. Throws `cancelled`, what reading the contents throws, and the system
 * failures of writing; nothing is left in the spool folder then.
 */
export async function makeDelta(options: MakeDeltaOptions): Promise<MadeDelta> {
  const { from, to, spoolDirectory, signal } = options;
  throwIfCancelled(signal);
  const found = matchBuilds(from, to);
  const spool = openDeltaSpool(spoolDirectory);
  try {
    using made = await makeArchives(found, {
      ...{ from, to, signal },
      directory: spoolDirectory,
      plan: planner(options),
    });
    const { archives, targets } = made;
    const groups = groupTargets(targets, from.objects, to.objects);
    await makeGroups(groups, archives, options, spool);
    const head = {
      from: sha256Of(from.index),
      to: sha256Of(to.index),
      indexPatch: makeIndexPatch(from.index, to.index),
      archives,
      segments: spool.segments,
    };
    const headBytes = serialiseHead(head);
    const file = await spool.complete(headBytes, signal);
    return {
      ...file,
      head: { length: headBytes.length, sha256: sha256Of(headBytes) },
      memory: memoryToApply(head),
      scratch: scratchToApply(head),
      output: head.segments.reduce((sum, { output }) => sum + output, 0),
      discard: () => spool.discard(),
    };
  } catch (error) {
    spool.discard();
    throw error;
  }
}

function sha256Of(bytes: Uint8Array): Sha256 {
  return hash('sha256', bytes) as Sha256;
}

function sizesOf(from: DeltaSide, to: DeltaSide): ObjectSizes {
  return { bases: objectList(from.objects).sizes, targets: objectList(to.objects).sizes };
}

/** Plans large gzip files, each in a thread of its own: most deltas have none. */
function planner({ from, to, signal }: MakeDeltaOptions): (task: PlanTask) => Promise<PartsPlan | undefined> {
  return async (task) => {
    const thread = startMakeThread(sizesOf(from, to));
    try {
      return await untilAborted(thread.plan(task), signal);
    } finally {
      await thread.end();
    }
  };
}

/** Makes all groups, each by the thread that is free first, and appends their segments in the order of the groups. */
async function makeGroups(
  groups: readonly Group[],
  archives: readonly Archive[],
  { from, to, reporter, signal }: MakeDeltaOptions,
  spool: DeltaSpool,
): Promise<void> {
  const sizes = { ...sizesOf(from, to), archives: archives.map(({ length }) => length) };
  const finished: (readonly EncodedSegment[] | undefined)[] = [];
  const total = groups.reduce((sum, { targets }) => sum + outputOf(targets, to.objects), 0);
  let started = 0;
  let appended = 0;
  let done = 0;
  const refiner = createRefiner(from);
  const report = () => reporter.progress({ step: 'delta', done, total, unit: 'bytes' });
  const work = async (thread: MakeThread): Promise<void> => {
    while (started < groups.length) {
      const number = started++;
      const { targets } = groups[number]!;
      const task = await taskFor(targets, { from, to, signal }, refiner);
      finished[number] = await untilAborted(thread.run(task), signal);
      done += outputOf(targets, to.objects);
      report();
      for (let next = finished[appended]; next !== undefined; next = finished[++appended]) {
        spool.append(next);
        finished[appended] = undefined;
      }
    }
  };
  report();
  const threads = Array.from({ length: Math.min(makeThreads(), groups.length) }, () =>
    startMakeThread(sizes),
  );
  try {
    await Promise.all(threads.map(work));
  } finally {
    // After a failure no other thread may go on to its next task.
    started = groups.length;
    await Promise.all(threads.map((thread) => thread.end()));
  }
}

function outputOf(targets: readonly Target[], objects: readonly BuildObject[]): number {
  return targets.reduce(
    (sum, { outputs }) => outputs.reduce((all, ordinal) => all + objects[ordinal]!.size, sum),
    0,
  );
}

async function taskFor(
  targets: readonly Target[],
  { from, to, signal }: Pick<MakeDeltaOptions, 'from' | 'to' | 'signal'>,
  refiner: Refiner,
): Promise<MakeTask> {
  const ordinals = targets.flatMap((target) => target.outputs);
  const outputs = await contentsOf(to, ordinals, signal);
  const refined: Target[] = [];
  let position = 0;
  for (const target of targets) {
    const length = outputOf([target], to.objects);
    refined.push(await refiner.refine(target, outputs.bytes.subarray(position, position + length), signal));
    position += length;
  }
  const bases = refined.flatMap(({ candidates }) => candidates.flatMap((candidate) => candidate.bases));
  return {
    targets: refined,
    outputs,
    bases: await contentsOf(
      from,
      [...new Set(bases)].sort((a, b) => a - b),
      signal,
    ),
  };
}

/** Reads objects into a buffer that can be given to a thread. */
async function contentsOf(
  side: DeltaSide,
  ordinals: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Contents> {
  const length = ordinals.reduce((sum, ordinal) => sum + side.objects[ordinal]!.size, 0);
  const bytes = new Uint8Array(length);
  await eachContent(side, ordinals, signal, (content, position) => bytes.set(content, position));
  return { ordinals, bytes };
}
