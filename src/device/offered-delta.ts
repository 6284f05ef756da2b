import { hash } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { type DeltaHead, memoryToApply, parseHead, scratchToApply } from '../delta/delta-format.ts';
import { applyIndexPatch } from '../delta/index-patch.ts';
import { deltaFile } from '../repository/layout.ts';
import type { DeltaReference, StoredFile, TreeDelta } from '../repository/records.ts';
import { fetchRanges } from './fetch.ts';
import { readInstalled, readStoredIndex, type storeIndex } from './installed.ts';
import type { DeviceLayout } from './layout.ts';
import { type BuildIndex, indexKnownOr, keepIndex, type ListsOptions } from './lists.ts';
import { readPieces } from './spool.ts';
import type { Wanted } from './wanted.ts';

/** A delta from the version that the device has: its head has been received and compared with the signed record. */
export type OpenDelta = {
  readonly reference: TreeDelta;
  /** What it leads from, for sentences. */
  readonly from: string;
  readonly head: DeltaHead;
};

/** What a delta leads to, and where its head and the indexes are kept. */
export type DeltaPurpose = Omit<ListsOptions, 'wanted'> & {
  /** The index that it has to make. */
  readonly index: Pick<StoredFile, 'sha256' | 'size'>;
  /** What it leads between, for sentences. */
  readonly from: string;
  readonly to: string;
  /** Keeps the index for next time; durably, when absent. */
  readonly storeIndex?: typeof storeIndex;
};

/** The delta that leads from an installed version to the wanted build, when the repository has one. */
export function offeredDelta(
  layout: DeviceLayout,
  base: BuildName,
  { deltas }: Wanted,
): DeltaReference | undefined {
  // By index and not by name, because a name may have gone to another build.
  const index = readInstalled(layout, base)?.index;
  return index === undefined ? undefined : deltas.deltas.find(({ fromIndex }) => fromIndex === index);
}

/** As {@link openTreeDelta}, of one that leads from a build to the wanted one. */
export function openDelta(
  options: ListsOptions,
  reference: DeltaReference,
): Promise<OpenedDelta | undefined> {
  const { name, index } = options.wanted.build;
  return openTreeDelta({ ...options, index, from: reference.from, to: name }, reference);
}

export type OpenedDelta = { readonly delta: OpenDelta; readonly index: BuildIndex };

/**
 * Brings in the head of a delta and makes the new index from the old one. Undefined, with a notice, when it proves
 * to be of no use: another way has to be taken then. Throws what `fetchRanges` throws.
 */
export async function openTreeDelta(
  purpose: DeltaPurpose,
  reference: TreeDelta,
): Promise<OpenedDelta | undefined> {
  const { from, to, reporter } = purpose;
  try {
    const head = await fetchHead(purpose, reference);
    const index = head && makeIndex(purpose, head);
    if (head !== undefined && index !== undefined) return { delta: { reference, from, head }, index };
  } catch (error) {
    if (!isSatchelError(error, 'delta-damaged', 'delta-newer') && !isUnservable(error)) throw error;
  }
  reporter.notice('delta-of-no-use', { from, build: to });
  return undefined;
}

/** True when a source does not have a file as it was signed: asking again does not help, asking for others may. */
export function isUnservable(error: unknown): boolean {
  return isSatchelError(
    error,
    'store-not-found',
    'source-has-not',
    'store-refused',
    'store-range',
    'store-changed',
    'store-no-ranges',
    'store-too-long',
    'store-wrong-answer',
  );
}

/** Wrong bytes are asked for once more, since most are accidents on the way. */
const attempts = 2;

async function fetchHead(
  purpose: DeltaPurpose,
  { stored, head, length, fromIndex, memory, scratch = 0 }: TreeDelta,
): Promise<DeltaHead | undefined> {
  const { spool, index } = purpose;
  const interval = { start: 0, end: head.length };
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const range = { name: deltaFile(stored), file: stored, offset: 0, length: head.length };
    await fetchRanges({ ...purpose, ranges: [range], onReceived() {} });
    const bytes = readPieces(spool.locate(stored, interval));
    if (hash('sha256', bytes) === head.sha256) {
      const parsed = parseHead(bytes);
      const whole = parsed.segments.reduce((sum, segment) => sum + segment.length, head.length);
      const isRight = parsed.from === fromIndex && parsed.to === index.sha256;
      const isStated = memoryToApply(parsed) <= memory && scratchToApply(parsed) <= scratch;
      return isRight && whole === length && isStated ? parsed : undefined;
    }
    spool.discard(stored, interval);
  }
  return undefined;
}

/** Undefined when the old index is lost: then there is nothing to patch. */
function makeIndex({ layout, index, storeIndex }: DeltaPurpose, head: DeltaHead): BuildIndex | undefined {
  const { sha256, size } = index;
  return indexKnownOr(layout, sha256, () => {
    const old = readStoredIndex(layout, head.from);
    if (old === undefined) return undefined;
    return keepIndex(layout, sha256, applyIndexPatch(old, head.indexPatch, { sha256, size }), storeIndex);
  });
}
