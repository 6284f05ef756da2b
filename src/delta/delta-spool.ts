import { createHash } from 'node:crypto';
import { closeSync, constants, mkdirSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { syncFile, temporaryBeside } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SegmentEntry } from './delta-format.ts';
import type { EncodedSegment } from './segment-format.ts';

/**
 * The file of a delta that is being made. Segments come first and are kept in a file of their own, because the head,
 * which stands before them, tells their lengths.
 */
export type DeltaSpool = {
  /** What the head says of the segments appended so far. */
  readonly segments: readonly SegmentEntry[];
  /** Throws `disk-full` and other system failures. */
  append(segments: readonly EncodedSegment[]): void;
  /** Writes the head and all segments into one file and makes it durable. Throws as `append`, and `cancelled`. */
  complete(head: Uint8Array, signal?: AbortSignal): Promise<CompleteFile>;
  /** Closes and removes everything that is there. */
  discard(): void;
};

/** A finished file, its length in bytes and its SHA-256. */
export type CompleteFile = { readonly path: string; readonly length: number; readonly stored: Sha256 };

const copyPiece = 1024 * 1024;

/** Starts a delta in a folder, made if it is missing, under names that `removeTemporaries` knows. */
export function openDeltaSpool(directory: string): DeltaSpool {
  withSystemErrors('mkdir', directory, () => mkdirSync(directory, { recursive: true, mode: 0o700 }));
  const growing = openNew(temporaryBeside(join(directory, 'segments')));
  const whole = temporaryBeside(join(directory, 'delta'));
  const segments: SegmentEntry[] = [];

  const copySegments = async (target: NewFile, see: (bytes: Uint8Array) => void, signal?: AbortSignal) => {
    const buffer = Buffer.allocUnsafeSlow(copyPiece);
    for (let position = 0; ; ) {
      const length = withSystemErrors('read', growing.path, () =>
        readSync(growing.fd, buffer, 0, copyPiece, position),
      );
      if (length === 0) return;
      const bytes = buffer.subarray(0, length);
      see(bytes);
      target.write(bytes);
      position += length;
      // Publishing and serving go on meanwhile.
      await setImmediate();
      throwIfCancelled(signal);
    }
  };

  return {
    segments,
    append(encoded) {
      for (const { bytes, entry } of encoded) {
        growing.write(bytes);
        segments.push(entry);
      }
    },
    async complete(head, signal) {
      const hash = createHash('sha256').update(head);
      const target = openNew(whole);
      try {
        target.write(head);
        await copySegments(target, (bytes) => void hash.update(bytes), signal);
      } finally {
        target.close();
      }
      syncFile(whole);
      growing.remove();
      const length = segments.reduce((sum, segment) => sum + segment.length, head.length);
      return { path: whole, length, stored: hash.digest('hex') as Sha256 };
    },
    discard() {
      growing.remove();
      rmSync(whole, { force: true });
    },
  };
}

type NewFile = {
  readonly path: string;
  readonly fd: number;
  write(bytes: Uint8Array): void;
  close(): void;
  /** Closes and removes it. */
  remove(): void;
};

function openNew(path: string): NewFile {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL;
  const fd = withSystemErrors('open', path, () => openSync(path, flags, 0o644));
  let isOpen = true;
  const close = () => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  return {
    path,
    fd,
    write(bytes) {
      withSystemErrors('write', path, () => {
        for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
      });
    },
    close,
    remove() {
      close();
      rmSync(path, { force: true });
    },
  };
}
