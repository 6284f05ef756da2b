import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { unpackStored } from './catalog.ts';
import { mapFile } from './layout.ts';
import type { StoredFile } from './records.ts';

/** The frames that a build needs of one pack. */
export type PackUse = {
  readonly sha256: Sha256;
  /** Length of the whole pack in bytes. */
  readonly length: number;
  /** The needed frames in the order of the pack, from the first byte to before the last; frames that touch are one run. */
  readonly runs: readonly { readonly start: number; readonly end: number }[];
};

const packLine = /^\["pack","([0-9a-f]{64})",(\d{1,16})\]$/;
const frameLine = /^\["frame",(\d{1,9}),(\d{1,16}),(\d{1,16}),/;

/**
 * Which bytes of which packs a build needs, from its stored map. The objects inside are not looked at, so the index
 * is not needed. Throws `stored-file-damaged`, `map-damaged`, and what reading throws.
 */
export async function readPackUses(
  store: ReadableStore,
  stored: StoredFile,
  signal?: AbortSignal,
): Promise<PackUse[]> {
  const file = mapFile(stored.stored);
  const bytes = await readAll(store, file, { limit: stored.length, signal });
  return usesIn(unpackStored(file, stored, bytes, store.location).toString('latin1').split('\n'));
}

function usesIn(lines: readonly string[]): PackUse[] {
  const packs: { sha256: Sha256; length: number; runs: { start: number; end: number }[] }[] = [];
  for (const [number, line] of lines.entries()) {
    if (number === 0 || line === '') continue;
    const [, sha256, packLength] = packLine.exec(line) ?? [];
    if (sha256 !== undefined && isSha256(sha256)) {
      packs.push({ sha256, length: Number(packLength), runs: [] });
      continue;
    }
    const [, pack, offset, length] = frameLine.exec(line) ?? [];
    const use = packs[Number(pack)];
    if (use === undefined) throw new SatchelError('map-damaged', { line: number + 1 });
    const start = Number(offset);
    const end = start + Number(length);
    const last = use.runs.at(-1);
    if (last?.end === start) last.end = end;
    else use.runs.push({ start, end });
  }
  return packs;
}
