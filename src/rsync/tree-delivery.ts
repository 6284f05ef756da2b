import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { type Delivery, framesOf, type NeededFrame, type ReceivedTask } from '../device/deliver.ts';
import type { NeededObject } from '../device/stage-plan.ts';
import type { FrameObject } from '../device/stage-task.ts';
import { compressZstd } from '../formats/zstd.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { packFile } from '../repository/layout.ts';

export type LocalDelivery = {
  /** The repository's directory. */
  readonly repository: string;
  /**
   * Where the bytes of a pack that is not in the directory lie at their place, as far as they are needed: a path with
   * `{pack}` for its hash.
   */
  readonly parts?: string | undefined;
  readonly map: ObjectMap;
  /** Number of each object in the order that the map refers to. */
  readonly ordinals: ReadonlyMap<Sha256, number>;
  /** Contents that no pack has; they go into a file at this path, as frames like those of a pack. */
  readonly others: ReadonlyMap<Sha256, Uint8Array>;
  readonly othersFile: string;
};

/** Other contents are put together up to this many bytes, like small objects in a pack. */
const otherFrameBytes = 1024 * 1024;

/** Hands over frames where they lie: in the packs of a repository on this machine. */
export function createLocalDelivery(options: LocalDelivery): Delivery {
  const { ordinals } = options;
  return async (objects, take, signal) => {
    const stored = objects.filter(({ sha256 }) => ordinals.has(sha256));
    const others = objects.filter(({ sha256 }) => !ordinals.has(sha256));
    const frames = framesOf(stored, options);
    const pathOf = findPacks(options, frames);
    const tasks = [...frames.map((frame) => taskOf(pathOf, frame)), ...(await otherTasks(options, others))];
    await inTurn(tasks, signal, async (task) => {
      const { badFrame } = await take(task);
      if (badFrame)
        throw damaged(options.repository, frames.find(({ number }) => number === task.frame)?.file);
    });
  };
}

/** Enough to keep every thread busy; few enough to end soon after being told to. */
const atOnce = 16;

/** Does all tasks, some at once. When one fails the others that have begun are waited for. */
async function inTurn<Task>(
  tasks: readonly Task[],
  signal: AbortSignal | undefined,
  run: (task: Task) => Promise<void>,
): Promise<void> {
  const left = tasks.values();
  const lane = async () => {
    for (const task of left) {
      throwIfCancelled(signal);
      await run(task);
    }
  };
  const lanes = await Promise.allSettled(Array.from({ length: atOnce }, lane));
  const failed = lanes.find((one) => one.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

type FrameTask = Extract<ReceivedTask, { kind: 'frame' }>;

function taskOf(
  pathOf: (pack: Sha256) => string,
  { number, file, start, end, rawLength, objects }: NeededFrame,
): FrameTask {
  const pieces = [{ path: pathOf(file), position: start, length: end - start }];
  return { kind: 'frame', frame: number, pieces, rawLength, objects };
}

/** Where each pack lies; one that is cut short or gone is told before anything is written. */
function findPacks(
  { repository, parts }: LocalDelivery,
  frames: readonly NeededFrame[],
): (pack: Sha256) => string {
  const ends = new Map<Sha256, number>();
  for (const { file, end } of frames) ends.set(file, Math.max(end, ends.get(file) ?? 0));
  const paths = new Map<Sha256, string>();
  for (const [file, end] of ends) {
    const places = [join(repository, packFile(file))];
    if (parts !== undefined) places.push(parts.replace('{pack}', file));
    const path = places.find((place) => sizeOf(place) >= end);
    if (path === undefined) throw damaged(repository, file);
    paths.set(file, path);
  }
  return (pack) => paths.get(pack) as string;
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return -1;
    throw error;
  }
}

function damaged(repository: string, pack: Sha256 | undefined): Error {
  if (pack === undefined) return new Error('a frame that was just written is damaged');
  return new SatchelError('stored-file-damaged', { file: packFile(pack), location: repository });
}

/** Writes other contents into their file; the tasks that read them from there. */
async function otherTasks(
  { others, othersFile }: LocalDelivery,
  objects: readonly NeededObject[],
): Promise<FrameTask[]> {
  const tasks: FrameTask[] = [];
  let position = 0;
  for (const group of groupsOf(objects)) {
    const raw = Buffer.concat(group.map(({ sha256 }) => contentOf(others, sha256)));
    const bytes = await compressZstd(raw, { level: 1 });
    withSystemErrors('write', othersFile, () => writeFileSync(othersFile, bytes, { flag: 'a' }));
    const pieces = [{ path: othersFile, position, length: bytes.length }];
    // Numbers of frames only name them in answers.
    tasks.push({ kind: 'frame', frame: -1, pieces, rawLength: raw.length, objects: placed(group) });
    position += bytes.length;
  }
  return tasks;
}

function* groupsOf(objects: readonly NeededObject[]): Generator<NeededObject[]> {
  let group: NeededObject[] = [];
  let bytes = 0;
  for (const object of objects) {
    if (group.length > 0 && bytes + object.size > otherFrameBytes) {
      yield group;
      group = [];
      bytes = 0;
    }
    group.push(object);
    bytes += object.size;
  }
  if (group.length > 0) yield group;
}

function placed(group: readonly NeededObject[]): FrameObject[] {
  let rawOffset = 0;
  return group.map(({ sha256, size, targets }) => {
    const object = { sha256, rawOffset, size, targets };
    rawOffset += size;
    return object;
  });
}

function contentOf(others: ReadonlyMap<Sha256, Uint8Array>, sha256: Sha256): Uint8Array {
  const content = others.get(sha256);
  if (content === undefined) throw new Error(`neither a pack nor the index holds ${sha256}`);
  return content;
}
