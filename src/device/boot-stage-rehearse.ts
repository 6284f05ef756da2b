import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type ByteString, displayOf, pathBelow } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError } from '../base/errors.ts';
import { createLender, freeBuffer } from '../base/memory.ts';
import type { Reporter } from '../base/progress.ts';
import { decompressFrame } from '../pack/frame.ts';
import type { BootStageScene } from './boot-stage-scene.ts';
import type { StepTask } from './boot-stage-steps.ts';
import { readAt } from './read-at.ts';
import { readPieces } from './spool.ts';
import { applyReceivedSegment } from './stage-segment.ts';

/** What would go wrong. */
export type Rehearsal = {
  /** Tasks whose received bytes are not those that were signed. */
  readonly badBytes: readonly StepTask[];
  /** Files of the old version that are not what its index says. */
  readonly damaged: readonly string[];
  /** True when everything that the new version needs comes out right. */
  readonly isSound: boolean;
};

/**
 * Does every step without writing anything: what comes out is compared with the new index and thrown away. Only a
 * disk that fails can spoil the real thing after that. Throws `cancelled` and system failures.
 */
export async function rehearse(
  scene: BootStageScene,
  { reporter, signal }: { readonly reporter: Reporter; readonly signal?: AbortSignal | undefined },
): Promise<Rehearsal> {
  const badBytes: StepTask[] = [];
  const damaged = new Set<string>();
  let isSound = true;
  let done = 0;
  const written = new Uint8Array(new SharedArrayBuffer(scene.index.objects.length));
  for (const step of scene.steps) {
    for (const task of step.tasks) {
      const outcome = tryTask(task, scene, written);
      if (outcome.badBytes) badBytes.push(task);
      for (const path of outcome.damaged) damaged.add(displayOf(path));
      isSound &&= outcome.isWhole;
      await setImmediate();
      throwIfCancelled(signal);
    }
    for (const ordinal of step.outputs) if (hasSegment(step.tasks)) isSound &&= written[ordinal] === 1;
    done += 1;
    reporter.progress({ step: 'verify', done, total: scene.steps.length, unit: 'entries' });
  }
  isSound &&= isComplete(scene);
  return { badBytes, damaged: [...damaged], isSound };
}

type Outcome = {
  readonly badBytes: boolean;
  readonly damaged: readonly ByteString[];
  readonly isWhole: boolean;
};

const right: Outcome = { badBytes: false, damaged: [], isWhole: true };

function tryTask(task: StepTask, scene: BootStageScene, written: Uint8Array): Outcome {
  if (task.kind === 'copy') return tryCopy(task, scene);
  if (task.kind === 'frame') return tryFrame(task) ? right : { badBytes: true, damaged: [], isWhole: false };
  const { delta, trees } = scene;
  if (delta === undefined) throw new Error('a segment without its delta');
  const place = { tree: trees.base, lend: createLender() };
  const applied = applyReceivedSegment(task, { ...delta.scene, written, ...place }, () => {});
  return {
    badBytes: applied.badBytes,
    damaged: applied.damaged,
    isWhole: !applied.badBytes && applied.damaged.length === 0,
  };
}

function tryCopy({ objects }: Extract<StepTask, { kind: 'copy' }>, { trees }: BootStageScene): Outcome {
  const damaged: ByteString[] = [];
  for (const { sha256, size, source } of objects) {
    const bytes = readAt(pathBelow(trees.base, source.path), source.position, size);
    if (bytes === undefined || hash('sha256', bytes) !== sha256) damaged.push(source.path);
    if (bytes !== undefined) freeBuffer(bytes);
  }
  return { badBytes: false, damaged, isWhole: damaged.length === 0 };
}

function tryFrame({ pieces, rawLength, objects }: Extract<StepTask, { kind: 'frame' }>): boolean {
  try {
    const raw = decompressFrame(readPieces(pieces), rawLength);
    return objects.every(
      ({ rawOffset, size, sha256 }) => hash('sha256', raw.subarray(rawOffset, rawOffset + size)) === sha256,
    );
  } catch (error) {
    if (isSatchelError(error)) return false;
    throw error;
  }
}

function hasSegment(tasks: readonly StepTask[]): boolean {
  return tasks.some(({ kind }) => kind === 'segment');
}

/** A delta may not make all that is needed. */
function isComplete({ steps, plan }: BootStageScene): boolean {
  const made = new Set(steps.flatMap(({ outputs }) => outputs));
  return made.size === plan.objects.size;
}
