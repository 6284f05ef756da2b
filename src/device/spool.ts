import {
  closeSync,
  constants,
  fdatasync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import { removeTree } from '../os/remove-tree.ts';

const dataSync = promisify(fdatasync);

/** Received bytes reach the disk after this many bytes or this many milliseconds, whichever comes first. */
const syncBytes = 8 * 1024 * 1024;
const syncMilliseconds = 10_000;

/** Bytes `start` to `end` (exclusive) of a stored file. */
export type Interval = { readonly start: number; readonly end: number };

type Part = { readonly path: string; readonly start: number; end: number };

/**
 * Received pieces of stored files (packs), kept until the update that needs them is switched to.
 *
 * A piece is a file `<sha256 of the stored file>.<first byte>` whose length says how far it has come, so a
 * killed process has lost nothing that it wrote, and the rest may come from any other source.
 */
export type Spool = {
  /** The intervals inside `wanted` that have not been received. */
  missing(file: Sha256, wanted: Interval): Interval[];
  /** Starts or goes on with a piece at this byte, which must be missing. Close it before the process ends. */
  append(file: Sha256, start: number): SpoolWriter;
  /** Where received bytes lie: one or more (path, position, length), in order. Throws a plain Error if absent. */
  locate(file: Sha256, wanted: Interval): SpoolPiece[];
  /** Forgets every piece that overlaps, because its bytes proved wrong. */
  discard(file: Sha256, wanted: Interval): void;
  /** Bytes received and kept. */
  size(): number;
  /** Removes everything. */
  clear(): void;
};

/** A run of received bytes in one file of the spool. */
export type SpoolPiece = { readonly path: string; readonly position: number; readonly length: number };

/** Writes one piece; the kernel has the bytes when `write` returns, the disk soon after. */
export type SpoolWriter = {
  write(bytes: Uint8Array): Promise<void> | undefined;
  close(): Promise<void>;
};

/** Opens the spool in a directory (made if absent) and takes stock of what earlier runs received. */
export function openSpool(directory: string): Spool {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const parts = new Map<string, Part[]>();
  const partsOf = (file: Sha256) => {
    let list = parts.get(file);
    if (list === undefined) {
      list = [];
      parts.set(file, list);
    }
    return list;
  };
  const insert = (file: Sha256, part: Part) => {
    const list = partsOf(file);
    list.push(part);
    list.sort((a, b) => a.start - b.start);
  };
  for (const name of readdirSync(directory)) {
    const [file, start] = name.split('.');
    if (file === undefined || !isSha256(file) || !/^\d+$/.test(start ?? '')) continue;
    const path = join(directory, name);
    const begin = Number(start);
    const found = lstatSync(path);
    // Only a program other than this one makes anything else there; it must not lead us elsewhere.
    if (found.isFile()) insert(file, { path, start: begin, end: begin + found.size });
    else removeTree(path);
  }

  function missing(file: Sha256, wanted: Interval): Interval[] {
    const gaps: Interval[] = [];
    let position = wanted.start;
    for (const part of partsOf(file)) {
      if (part.end <= position) continue;
      if (part.start >= wanted.end) break;
      if (part.start > position) gaps.push({ start: position, end: part.start });
      position = part.end;
    }
    if (position < wanted.end) gaps.push({ start: position, end: wanted.end });
    return gaps;
  }

  function append(file: Sha256, start: number): SpoolWriter {
    if (missing(file, { start, end: start + 1 }).length === 0)
      throw new Error(`byte ${start} of ${file} has been received already`);
    let part = partsOf(file).find((candidate) => candidate.end === start && candidate.start < start);
    if (part === undefined) {
      part = { path: join(directory, `${file}.${start}`), start, end: start };
      const stale = partsOf(file).findIndex((candidate) => candidate.start === start);
      if (stale >= 0) partsOf(file).splice(stale, 1);
      insert(file, part);
    }
    return openWriter(part);
  }

  function locate(file: Sha256, wanted: Interval): SpoolPiece[] {
    const pieces: SpoolPiece[] = [];
    if (wanted.start === wanted.end) return pieces;
    let position = wanted.start;
    for (const part of partsOf(file)) {
      if (part.end <= position || part.start > position) continue;
      const end = Math.min(part.end, wanted.end);
      pieces.push({ path: part.path, position: position - part.start, length: end - position });
      position = end;
      if (position === wanted.end) return pieces;
    }
    throw new Error(`the spool does not hold ${file} ${wanted.start}-${wanted.end}`);
  }

  function discard(file: Sha256, wanted: Interval): void {
    const list = partsOf(file);
    for (const part of list.filter(({ start, end }) => start < wanted.end && end > wanted.start)) {
      // What came before the wrong bytes may be right; what came after came from the same hand.
      const keep = Math.max(0, wanted.start - part.start);
      const fd = openSync(part.path, constants.O_RDWR | constants.O_NOFOLLOW);
      try {
        ftruncateSync(fd, keep);
      } finally {
        closeSync(fd);
      }
      part.end = part.start + keep;
    }
  }

  return {
    missing,
    append,
    locate,
    discard,
    size: () => [...parts.values()].flat().reduce((sum, part) => sum + part.end - part.start, 0),
    clear() {
      parts.clear();
      removeTree(directory);
    },
  };
}

const appending = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW;

function openWriter(part: Part): SpoolWriter {
  const fd = openSync(part.path, appending, 0o600);
  let unsynced = 0;
  let lastSync = performance.now();
  let syncing: Promise<void> | undefined;
  const startSync = () => {
    unsynced = 0;
    lastSync = performance.now();
    syncing = dataSync(fd);
    // Awaited before the next sync and in close(); this only keeps Node from calling it unhandled meanwhile.
    syncing.catch(() => undefined);
  };
  return {
    write(bytes) {
      writeAll(fd, bytes, part);
      unsynced += bytes.length;
      if (unsynced < syncBytes && performance.now() - lastSync < syncMilliseconds) return undefined;
      const previous = syncing;
      if (previous === undefined) {
        startSync();
        return undefined;
      }
      return previous.then(startSync);
    },
    async close() {
      try {
        await syncing;
        if (unsynced > 0) await dataSync(fd);
      } finally {
        closeSync(fd);
      }
    },
  };
}

function writeAll(fd: number, bytes: Uint8Array, part: Part): void {
  let written = 0;
  try {
    while (written < bytes.length) {
      const count = writeSync(fd, bytes, written);
      written += count;
      part.end += count;
    }
  } catch (error) {
    const code = systemErrorCode(error) === 'ENOSPC' || systemErrorCode(error) === 'EDQUOT';
    if (code) throw new SatchelError('disk-full', { path: part.path }, { cause: error });
    throw error;
  }
}

/** Reads located pieces into one buffer. */
export function readPieces(pieces: readonly SpoolPiece[]): Buffer {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const bytes = Buffer.allocUnsafe(length);
  let filled = 0;
  for (const piece of pieces) {
    const fd = openSync(piece.path, 'r');
    try {
      const end = filled + piece.length;
      let position = piece.position;
      while (filled < end) {
        const count = readSync(fd, bytes, filled, end - filled, position);
        if (count === 0) throw new Error(`${piece.path} is shorter than when it was received`);
        filled += count;
        position += count;
      }
    } finally {
      closeSync(fd);
    }
  }
  return bytes;
}
