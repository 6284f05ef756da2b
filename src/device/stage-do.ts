import { createHash, hash } from 'node:crypto';
import { closeSync, linkSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { type ByteString, bytesOf, displayOf, isAscii, pathBelow } from '../base/byte-string.ts';
import { isSatchelError, SatchelError, systemErrorCode } from '../base/errors.ts';
import { freeBuffer, type Lender } from '../base/memory.ts';
import type { FileEntry, IndexEntry, InodeEntry } from '../build/entry.ts';
import { type EntryList, pathOf } from '../build/index-table.ts';
import { makeNode } from '../os/system-calls.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import { decompressFrame } from '../pack/frame.ts';
import { applyFileMetadata, applyMetadata, type Owed } from './apply-metadata.ts';
import { readAt } from './read-at.ts';
import { contentAt } from './restore-inode.ts';
import { readPieces } from './spool.ts';
import type { ObjectTarget } from './stage-plan.ts';
import { applyReceivedSegment, type DeltaScene } from './stage-segment.ts';
import type { CopyObject, StageOutcome, StageTask, StageTrees } from './stage-task.ts';

type FrameTask = Extract<StageTask, { kind: 'frame' }>;
type Progress = {
  dirty: CopyObject[];
  unlinkable: number[];
  owed: Owed[];
  written: number;
  produced: number[];
  damaged: ByteString[];
};

/** The trees that tasks move between, and the index of the new one. */
export type StageScene = StageTrees & {
  readonly entries: EntryList;
  /** There when objects come from a delta. */
  readonly delta?: DeltaScene | undefined;
  /** Memory of this thread that one object of the base after another is read into. */
  readonly lend: Lender;
};

/** Does one task of staging. Every file is made new with `O_EXCL`; nothing that exists is changed. */
export function doStageTask(task: StageTask, trees: StageScene): StageOutcome {
  const progress: Progress = {
    dirty: [],
    unlinkable: [],
    owed: [],
    written: 0,
    produced: [],
    damaged: [],
  };
  let badFrame = false;
  switch (task.kind) {
    case 'link':
      for (const number of task.entries) linkFromBase(number, trees, progress);
      break;
    case 'make':
      for (const number of task.entries) makeSmall(inodeEntryOf(trees, number), trees.stage, progress);
      break;
    case 'complete':
      completeLarge(fileEntryOf(trees, task.entry), trees.stage, progress);
      break;
    case 'copy':
      for (const object of task.objects) copyObject(object, trees, progress);
      break;
    case 'frame':
      badFrame = !writeFrame(task, trees, progress);
      break;
    case 'segment':
      badFrame = !writeSegment(task, trees, progress);
      break;
  }
  return { ...progress, badFrame };
}

function entryOf({ entries }: StageScene, number: number): IndexEntry {
  const entry = entries.at(number);
  if (entry === undefined) throw new Error(`the index has no entry ${number}`);
  return entry;
}

function inodeEntryOf(scene: StageScene, number: number): InodeEntry {
  const entry = entryOf(scene, number);
  if (entry.type === 'hardlink') throw new Error(`entry ${number} carries no inode`);
  return entry;
}

function fileEntryOf(scene: StageScene, number: number): FileEntry {
  const entry = entryOf(scene, number);
  if (entry.type !== 'file') throw new Error(`entry ${number} is no file`);
  return entry;
}

function linkFromBase(number: number, { entries, base, stage }: StageScene, progress: Progress): void {
  const path = pathOf(entries, number)!;
  const to = pathBelow(stage, path);
  try {
    linkSync(pathBelow(base, path), to);
  } catch (error) {
    // An inode can have only so many names: 65 000 on ext4.
    if (systemErrorCode(error) !== 'EMLINK') throw systemError(error, 'link', to);
    progress.unlinkable.push(number);
  }
}

/** Makes an inode without content: a symlink, a device, a fifo or an empty file. */
export function makeSmall(entry: InodeEntry, stage: string, progress: Pick<Progress, 'owed'>): void {
  const path = pathBelow(stage, entry.path);
  const isRoot = process.geteuid?.() === 0;
  withSystemErrors('create', path, () => {
    if (entry.type === 'symlink')
      symlinkSync(isAscii(entry.target) ? entry.target : bytesOf(entry.target), path);
    else if (entry.type === 'file') closeSync(openSync(path, 'wx', 0o600));
    else if (entry.type === 'fifo') makeNode(path, 'fifo', 0o600, 0, 0);
    else if (entry.type === 'char' || entry.type === 'block') {
      if (!isRoot) {
        progress.owed.push({ path: entry.path, what: 'device' });
        return;
      }
      makeNode(path, entry.type, 0o600, entry.device[0], entry.device[1]);
    }
    progress.owed.push(...applyMetadata(path, entry, { root: isRoot }));
  });
}

/**
 * Each chunk was compared with its own hash when it was written; whether together they are the file that was signed
 * only the whole tells. What was just written is read from memory.
 */
function completeLarge(entry: FileEntry, stage: string, progress: Progress): void {
  const path = pathBelow(stage, entry.path);
  const found = withSystemErrors('read', path, () => {
    const digest = createHash('sha256');
    for (const piece of contentAt(path)) digest.update(piece);
    return digest.digest('hex');
  });
  if (found !== entry.sha256)
    throw new SatchelError('large-file-wrong', { path: displayOf(entry.path), found, wanted: entry.sha256 });
  progress.owed.push(...applyMetadata(path, entry));
}

function copyObject(object: CopyObject, trees: StageScene, progress: Progress): void {
  const { path, position } = object.source;
  const bytes = readAt(pathBelow(trees.base, path), position, object.size, trees.lend);
  if (bytes === undefined || hash('sha256', bytes) !== object.sha256) {
    progress.dirty.push(object);
    return;
  }
  for (const target of object.targets) writeTarget(target, bytes, trees, progress);
}

/** Writes a frame's objects; false, with nothing written, if its bytes are not what the index promises. */
function writeFrame(task: FrameTask, trees: StageScene, progress: Progress): boolean {
  const raw = rawFrame(task);
  if (raw === undefined) return false;
  const { objects } = task;
  const contents = objects.map(({ rawOffset, size }) => raw.subarray(rawOffset, rawOffset + size));
  const isRight = objects.every(({ sha256 }, i) => hash('sha256', contents[i]!) === sha256);
  if (isRight)
    objects.forEach(({ targets }, i) => {
      for (const target of targets) writeTarget(target, contents[i]!, trees, progress);
    });
  freeBuffer(raw);
  return isRight;
}

/** Writes what a segment makes; false, with nothing written, if its bytes are not those that were signed. */
function writeSegment(
  task: Extract<StageTask, { kind: 'segment' }>,
  scene: StageScene,
  progress: Progress,
): boolean {
  if (scene.delta === undefined) throw new Error('a segment came without its delta');
  const { produced, damaged, badBytes } = applyReceivedSegment(
    task,
    { ...scene.delta, tree: scene.base, lend: scene.lend },
    (targets, content) => {
      for (const target of targets) writeTarget(target, content, scene, progress);
    },
  );
  progress.produced = produced;
  progress.damaged = damaged;
  return !badBytes;
}

function rawFrame({ pieces, rawLength }: FrameTask): Uint8Array | undefined {
  const stored = readPieces(pieces);
  try {
    return decompressFrame(stored, rawLength);
  } catch (error) {
    if (isSatchelError(error)) return undefined;
    throw error;
  } finally {
    freeBuffer(stored);
  }
}

function writeTarget(target: ObjectTarget, bytes: Uint8Array, trees: StageScene, progress: Progress): void {
  const { entry, position } = target;
  if (position === undefined) {
    writeSmallFile(fileEntryOf(trees, entry), bytes, trees, progress);
  } else {
    // The line of a large file names all its chunks; its path is all that is needed here.
    const path = pathBelow(trees.stage, pathOf(trees.entries, entry)!);
    withSystemErrors('write', path, () => {
      const fd = openSync(path, 'r+');
      try {
        writeAll(fd, bytes, position);
      } finally {
        closeSync(fd);
      }
    });
  }
  progress.written += bytes.length;
}

function writeSmallFile(entry: FileEntry, bytes: Uint8Array, trees: StageTrees, progress: Progress): void {
  const path = pathBelow(trees.stage, entry.path);
  const { uid, gid, umask } = trees.fresh;
  const permissions = entry.mode & 0o777;
  withSystemErrors('write', path, () => {
    // The folders around it are closed to others until the tree is complete, so the final mode does no harm.
    const fd = openSync(path, 'wx', permissions);
    try {
      writeAll(fd, bytes, 0);
      const created = { uid, gid, mode: permissions & ~umask };
      progress.owed.push(...applyFileMetadata(fd, path, entry, undefined, created));
    } finally {
      closeSync(fd);
    }
  });
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  let written = 0;
  while (written < bytes.length)
    written += writeSync(fd, bytes, written, bytes.length - written, position + written);
}
