import { hash } from 'node:crypto';
import { isSatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { applySegment } from '../delta/apply-segment.ts';
import { createByteReader } from '../delta/byte-reader.ts';
import type { DeltaHead, SegmentEntry } from '../delta/delta-format.ts';
import { applyIndexPatch } from '../delta/index-patch.ts';
import { type ObjectList, objectList } from '../delta/object-list.ts';
import { ordinalsOf } from '../delta/ordinal-runs.ts';
import { readPieces } from '../delta/piece-control.ts';
import { openSegment } from '../delta/segment-reader.ts';
import { readPart } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TreeSide } from './delta-source.ts';
import { deltaFile } from './layout.ts';
import { openProofArchives, type ProofArchives } from './proof-archives.ts';
import type { TreeDelta } from './records.ts';

/**
 * Applies a delta, whose head has been read, in memory, and tells whether it does what its record says: makes the new
 * tree's index, and every object that the new tree has and the old one has not. Throws what reading the two trees throws.
 */
export async function provesItself(
  store: ReadableStore,
  { delta, head }: { readonly delta: TreeDelta; readonly head: DeltaHead },
  [old, next]: readonly [old: TreeSide, next: TreeSide],
  signal?: AbortSignal,
): Promise<boolean> {
  try {
    applyIndexPatch(old.index, head.indexPatch, { sha256: head.to, size: next.index.length });
    const made = new Set<number>();
    const [bases, targets] = [objectList(old.objects), objectList(next.objects)];
    using archives = await openProofArchives(old, head.archives, signal);
    let offset = delta.head.length;
    for (const segment of head.segments) {
      const part = { offset, length: segment.length };
      const stored = await readPart(store, deltaFile(delta.stored), part, signal);
      if (hash('sha256', stored) !== segment.sha256) return false;
      if (!(await makesObjects({ stored, segment, old, bases, targets, archives, signal, made })))
        return false;
      offset += segment.length;
    }
    return offset === delta.length && makesAllThatIsNew(old, next, made);
  } catch (error) {
    if (isSatchelError(error, 'delta-damaged')) return false;
    throw error;
  }
}

/** Applies one segment; adds to `made` what it makes. */
async function makesObjects(options: {
  readonly stored: Uint8Array;
  readonly segment: SegmentEntry;
  readonly old: TreeSide;
  readonly bases: ObjectList;
  readonly targets: ObjectList;
  readonly archives: ProofArchives;
  readonly signal: AbortSignal | undefined;
  readonly made: Set<number>;
}): Promise<boolean> {
  const { stored, segment, old, targets, archives, signal, made } = options;
  const sizes = { bases: options.bases.sizes, targets: targets.sizes, archives: archives.sizes };
  const { control } = openSegment(stored, segment.memory);
  const needed = new Set<number>();
  for (const { bases } of readPieces(createByteReader(control, 'the control stream'), sizes))
    for (const ordinal of ordinalsOf(bases)) needed.add(ordinal);
  const ordinals = [...needed];
  const contents = await old.read(ordinals, signal);
  const found = new Map(ordinals.map((ordinal, place) => [ordinal, contents[place]]));
  const { failed } = applySegment({
    stored,
    segment,
    baseSizes: sizes.bases,
    targets,
    archiveSizes: archives.sizes,
    archive: archives.read,
    base: (ordinal) => found.get(ordinal),
    produce: (ordinal) => made.add(ordinal),
  });
  return failed.length === 0;
}

function makesAllThatIsNew(old: TreeSide, next: TreeSide, made: ReadonlySet<number>): boolean {
  const had = new Set<Sha256>(old.objects.map(({ sha256 }) => sha256));
  return next.objects.every(({ sha256 }, ordinal) => had.has(sha256) || made.has(ordinal));
}
