import { createHash } from 'node:crypto';
import { closeSync, constants, fsyncSync, openSync, readSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { bytesOf, displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { freeBuffer } from '../base/memory.ts';
import type { FileEntry, InodeEntry } from '../build/entry.ts';
import { makeNode } from '../os/system-calls.ts';
import { type SystemPath, withSystemErrors } from '../os/system-error.ts';
import { applyFileMetadata, applyMetadata, type Owed } from './apply-metadata.ts';

/** Gives the content of a file in pieces of any size. */
export type ContentSource = (entry: FileEntry) => AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/**
 * Makes a new inode for an entry at a free path, complete with metadata, its content hashed on the way and on
 * the disk. Undefined instead of what is owed: a device that this user cannot make, so there is nothing.
 * Throws `restored-content-wrong` and leaves nothing then.
 */
export async function makeInode(
  path: SystemPath,
  entry: InodeEntry,
  content: ContentSource,
  signal: AbortSignal | undefined,
): Promise<readonly Owed[] | undefined> {
  if (entry.type === 'file') return makeFile(path, entry, content, signal);
  const made = withSystemErrors('create', path, () => makeSpecial(path, entry));
  return made ? applyMetadata(path, entry) : undefined;
}

/**
 * The bytes of a regular file, for a content that is still somewhere in the tree. Every piece lies in the same
 * memory: it is gone when the next is asked for.
 */
export function* contentAt(path: SystemPath): Generator<Uint8Array, void> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW;
  const fd = withSystemErrors('open', path, () => openSync(path, flags));
  const piece = Buffer.allocUnsafe(1024 * 1024);
  try {
    for (;;) {
      const count = withSystemErrors('read', path, () => readSync(fd, piece));
      if (count === 0) return;
      yield piece.subarray(0, count);
    }
  } finally {
    freeBuffer(piece);
    closeSync(fd);
  }
}

async function makeFile(
  path: SystemPath,
  entry: FileEntry,
  content: ContentSource,
  signal: AbortSignal | undefined,
): Promise<readonly Owed[]> {
  const fd = withSystemErrors('create', path, () => openSync(path, 'wx', 0o600));
  try {
    const digest = createHash('sha256');
    let size = 0;
    for await (const bytes of entry.size === 0 ? [] : content(entry)) {
      throwIfCancelled(signal);
      size += bytes.length;
      if (size > entry.size) break;
      digest.update(bytes);
      withSystemErrors('write', path, () => writeAll(fd, bytes));
    }
    if (size !== entry.size || digest.digest('hex') !== entry.sha256)
      throw new SatchelError('restored-content-wrong', { path: displayOf(entry.path) });
    const owed = applyFileMetadata(fd, path, entry);
    withSystemErrors('fsync', path, () => fsyncSync(fd));
    return owed;
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/** False for a device that an ordinary user asks for. */
function makeSpecial(path: SystemPath, entry: Exclude<InodeEntry, FileEntry>): boolean {
  if (entry.type === 'symlink') symlinkSync(bytesOf(entry.target), path);
  else if (entry.type === 'fifo') makeNode(path, 'fifo', 0o600);
  else if (entry.type === 'directory') throw new Error('directories are made in place');
  else if (process.geteuid?.() !== 0) return false;
  else makeNode(path, entry.type, 0o600, ...entry.device);
  return true;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; )
    written += writeSync(fd, bytes, written, bytes.length - written, null);
}
