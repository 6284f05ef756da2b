import { createHash, hash } from 'node:crypto';
import { closeSync, linkSync, openSync, readSync, symlinkSync, writeSync } from 'node:fs';
import { type ByteString, bytesOf, displayOf, isAscii, pathBelow } from '../base/byte-string.ts';
import { isSatchelError, SatchelError, systemErrorCode } from '../base/errors.ts';
import type { FileEntry, InodeEntry } from '../build/entry.ts';
import { makeNode } from '../os/system-calls.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import { decompressFrame } from '../pack/frame.ts';
import { applyFileMetadata, applyMetadata, type Owed } from './apply-metadata.ts';
import { contentAt } from './restore-inode.ts';
import { readPieces } from './spool.ts';
import type { ObjectTarget } from './stage-plan.ts';
import type { CopyObject, FrameObject, StageOutcome, StageTask, StageTrees } from './stage-task.ts';

type Progress = { dirty: CopyObject[]; unlinkable: ByteString[]; owed: Owed[]; written: number };

/** Does one task of staging. Every file is made new with `O_EXCL`; nothing that exists is changed. */
export function doStageTask(task: StageTask, trees: StageTrees): StageOutcome {
  const progress: Progress = { dirty: [], unlinkable: [], owed: [], written: 0 };
  let badFrame = false;
  switch (task.kind) {
    case 'link':
      for (const path of task.paths) linkFromBase(path, trees, progress);
      break;
    case 'make':
      for (const entry of task.entries) makeSmall(entry, trees.stage, progress);
      break;
    case 'complete':
      completeLarge(task.entry, trees.stage, progress);
      break;
    case 'copy':
      for (const object of task.objects) copyObject(object, trees, progress);
      break;
    case 'frame':
      badFrame = !writeFrame(readPieces(task.pieces), task.rawLength, task.objects, trees, progress);
      break;
  }
  return { ...progress, badFrame };
}

function linkFromBase(path: ByteString, { base, stage }: StageTrees, progress: Progress): void {
  const to = pathBelow(stage, path);
  try {
    linkSync(pathBelow(base, path), to);
  } catch (error) {
    // An inode can have only so many names: 65 000 on ext4.
    if (systemErrorCode(error) !== 'EMLINK') throw systemError(error, 'link', to);
    progress.unlinkable.push(path);
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

function copyObject(object: CopyObject, trees: StageTrees, progress: Progress): void {
  const bytes = readAt(pathBelow(trees.base, object.source.path), object.source.position, object.size);
  if (bytes === undefined || hash('sha256', bytes) !== object.sha256) {
    progress.dirty.push(object);
    return;
  }
  for (const target of object.targets) writeTarget(target, bytes, trees, progress);
}

/** Exactly `length` bytes, or undefined if the file is gone, is no regular file, or is shorter. */
function readAt(path: string | Buffer, position: number, length: number): Buffer | undefined {
  const bytes = Buffer.allocUnsafe(length);
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return undefined;
    throw error;
  }
  try {
    let filled = 0;
    while (filled < length) {
      const count = readSync(fd, bytes, filled, length - filled, position + filled);
      if (count === 0) return undefined;
      filled += count;
    }
    return bytes;
  } finally {
    closeSync(fd);
  }
}

/** Writes a frame's objects; false, with nothing written, if its bytes are not what the index promises. */
function writeFrame(
  stored: Buffer,
  rawLength: number,
  objects: readonly FrameObject[],
  trees: StageTrees,
  progress: Progress,
): boolean {
  let raw: Uint8Array;
  try {
    raw = decompressFrame(stored, rawLength);
  } catch (error) {
    if (isSatchelError(error)) return false;
    throw error;
  }
  const contents = objects.map((object) => raw.subarray(object.rawOffset, object.rawOffset + object.size));
  if (!objects.every((object, i) => hash('sha256', contents[i] ?? raw) === object.sha256)) return false;
  objects.forEach((object, i) => {
    for (const target of object.targets) writeTarget(target, contents[i] ?? raw, trees, progress);
  });
  return true;
}

function writeTarget(target: ObjectTarget, bytes: Uint8Array, trees: StageTrees, progress: Progress): void {
  if (target.kind === 'file') {
    writeSmallFile(target.entry, bytes, trees, progress);
  } else {
    const path = pathBelow(trees.stage, target.path);
    withSystemErrors('write', path, () => {
      const fd = openSync(path, 'r+');
      try {
        writeAll(fd, bytes, target.position);
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
