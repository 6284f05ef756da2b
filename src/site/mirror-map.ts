import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import { unpackStored } from '../repository/catalog.ts';
import { mapFile } from '../repository/layout.ts';
import type { StoredFile } from '../repository/records.ts';
import type { Interval } from './pull-intervals.ts';

/** The frames that a build needs of one pack. */
export type PackUse = {
  readonly sha256: Sha256;
  /** Length of the whole pack in bytes. */
  readonly length: number;
  /** The needed frames in the order of the pack; frames that touch are one run. */
  readonly runs: readonly Interval[];
};

const packLine = /^\["pack","([0-9a-f]{64})",(\d{1,16})\]$/;
const frameLine = /^\["frame",(\d{1,9}),(\d{1,16}),(\d{1,16}),/;

/**
 * Which bytes of which packs a build needs, from its stored map. The objects inside are not looked at, so the index
 * is not needed: what a site keeps of a pack is checked elsewhere. Throws `stored-file-damaged`, `map-damaged`.
 */
export function packUses(stored: StoredFile, bytes: Uint8Array, location: string): PackUse[] {
  const lines = unpackStored(mapFile(stored.stored), stored, bytes, location).toString('latin1').split('\n');
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

/** Bytes of runs. */
export function runBytes(runs: readonly Interval[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}

/** How runs are put together to requests. */
export type JoinOptions = {
  /** The most unwanted bytes that are read instead of asking once more. */
  readonly gap: number;
  /** Runs are not joined to more than this; a single longer one is cut into pieces of it. */
  readonly longest: number;
};

/** The parts of a file to ask for: runs joined over small gaps, ascending. */
export function joinRuns(runs: readonly Interval[], { gap, longest }: JoinOptions): Interval[] {
  const parts: { start: number; end: number }[] = [];
  for (const { start, end } of runs) {
    const last = parts.at(-1);
    if (last !== undefined && start - last.end <= gap && end - last.start <= longest) last.end = end;
    else parts.push({ start, end });
  }
  return parts.flatMap(({ start, end }) => cut(start, end, longest));
}

function cut(start: number, end: number, longest: number): Interval[] {
  const pieces = Math.ceil((end - start) / longest);
  return Array.from({ length: pieces }, (_, number) => ({
    start: start + number * longest,
    end: Math.min(end, start + (number + 1) * longest),
  }));
}
