import { hash } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { damaged } from './damaged.ts';
import { makeDictionaryFrame, readDictionaryFrame } from './dictionary-frame.ts';
import { readLinePatch } from './line-patch-reader.ts';
import { writeLinePatch } from './line-patch-writer.ts';

/** The first byte of a patch: how it is made. */
const kinds = { frame: 0, lines: 1 } as const;

/**
 * The patch that turns the bytes of one index (uncompressed) into those of another. Any two byte strings will do;
 * of indexes only what changed goes into it, field by field.
 */
export function makeIndexPatch(from: Uint8Array, to: Uint8Array): Buffer {
  const lines = writeLinePatch(from, to);
  if (lines !== undefined) {
    const patch = Buffer.concat([Buffer.of(kinds.lines), lines]);
    if (rebuilds(from, patch, to)) return patch;
  }
  const frame = makeDictionaryFrame(dictionaryOf(from), to) as Buffer;
  return Buffer.concat([Buffer.of(kinds.frame), frame]);
}

/**
 * The new index, compared with its length and hash. Takes some four times the length of both indexes as memory.
 * Throws `delta-damaged`.
 */
export function applyIndexPatch(
  from: Uint8Array,
  patch: Uint8Array,
  to: { readonly sha256: Sha256; readonly size: number },
): Buffer {
  const index = readPatch(from, patch, to.size);
  if (index.length !== to.size || hash('sha256', index) !== to.sha256)
    throw damaged('its index patch does not make the index');
  return index;
}

function readPatch(from: Uint8Array, patch: Uint8Array, size: number): Buffer {
  const body = patch.subarray(1);
  switch (patch[0]) {
    case kinds.lines:
      return readLinePatch(from, body, size);
    case kinds.frame:
      return readDictionaryFrame(dictionaryOf(from), body, size);
    default:
      throw damaged('its index patch is of an unknown kind');
  }
}

/** Never empty, and never like a dictionary that zstd was trained with. */
function dictionaryOf(from: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from('\n'), from]);
}

/** Text that no index looks like may be beyond what lines can say. */
function rebuilds(from: Uint8Array, patch: Uint8Array, to: Uint8Array): boolean {
  try {
    applyIndexPatch(from, patch, { sha256: hash('sha256', to) as Sha256, size: to.length });
    return true;
  } catch (error) {
    if (isSatchelError(error, 'delta-damaged')) return false;
    throw error;
  }
}
