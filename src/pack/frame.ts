import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { decompressExact } from '../formats/zstd.ts';

/**
 * Raw frames are never longer than this (4 MiB), so that a reader's memory is bounded. Today's writer
 * stays at or below 1 MiB.
 */
export const maximumFrameLength = 4 * 1024 * 1024;

/** Frames need no larger window (binary logarithm) than the longest frame. */
const frameWindowLog = 22;

/** The most bytes that a frame of this raw length can be stored in: incompressible bytes and zstd's own. */
export function maximumStoredLength(rawLength: number): number {
  return rawLength + (rawLength >> 7) + 512;
}

/** One object inside the raw bytes of a frame. */
export type FrameObject = { readonly sha256: Sha256; readonly rawOffset: number; readonly size: number };

/** The stored bytes of one frame and where they come from, for sentences. */
export type StoredFrame = {
  readonly bytes: Uint8Array;
  readonly rawLength: number;
  readonly pack: Sha256;
  readonly offset: number;
};

/**
 * The raw bytes of a frame. Synchronous, for worker threads. Throws `zstd-damaged` or `zstd-too-large` unless
 * `stored` is exactly one zstd frame of exactly `rawLength` bytes.
 */
export function decompressFrame(stored: Uint8Array, rawLength: number): Buffer {
  if (rawLength > maximumFrameLength)
    throw new SatchelError('zstd-too-large', { wanted: rawLength, limit: maximumFrameLength });
  return decompressExact(stored, rawLength, { windowLogLimit: frameWindowLog });
}

/**
 * The contents of the objects of one frame, in the order asked for, each compared with its name. They are views
 * of one buffer. Throws `frame-damaged` and `object-damaged`, which name the pack.
 */
export function readObjects(frame: StoredFrame, objects: readonly FrameObject[]): Buffer[] {
  const raw = rawBytes(frame);
  return objects.map(({ sha256, rawOffset, size }) => {
    const content = raw.subarray(rawOffset, rawOffset + size);
    if (content.length !== size || hash('sha256', content) !== sha256)
      throw new SatchelError('object-damaged', { sha256, pack: frame.pack });
    return content;
  });
}

function rawBytes({ bytes, rawLength, pack, offset }: StoredFrame): Buffer {
  try {
    return decompressFrame(bytes, rawLength);
  } catch (cause) {
    if (!(cause instanceof SatchelError)) throw cause;
    throw new SatchelError('frame-damaged', { pack, offset }, { cause });
  }
}
