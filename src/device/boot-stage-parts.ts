import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexTable } from '../build/index-table.ts';
import { createByteReader } from '../delta/byte-reader.ts';
import { type DeltaHead, type SegmentEntry, segmentOffsets } from '../delta/delta-format.ts';
import { ordinalsOf, someOrdinal } from '../delta/ordinal-runs.ts';
import { readPieces as readControl } from '../delta/piece-control.ts';
import { openSegment } from '../delta/segment-reader.ts';
import { fileDisk } from '../plan/disk.ts';
import { bytesOfPieces } from './boot-stage-spool.ts';
import { readPieces, type Spool, type SpoolPiece } from './spool.ts';
import type { ObjectTarget, StagePlan } from './stage-plan.ts';
import type { DeltaScene } from './stage-segment.ts';
import type { CopyObject } from './stage-task.ts';

/** All that is copied from one file of the old version. */
export type FileCopies = {
  readonly objects: CopyObject[];
  /** That file alone. */
  readonly reads: ReadonlySet<number>;
  /** Bytes of disk that the copies take. */
  disk: number;
  /** Of the received bytes they need none. */
  readonly spooled: 0;
};

/** What a segment of a delta means here, which only its received bytes tell. */
export type SegmentUse = {
  /** Its number in the delta. */
  readonly number: number;
  /** Numbers of the needed objects that it makes; others may make them too. */
  readonly outputs: readonly number[];
  /** Files of the old version that it reads, as numbers of entries. */
  readonly reads: readonly number[];
};

/** A segment of a delta, as a part of an update. */
export type SegmentPart = {
  readonly segment: SegmentEntry;
  /** Where its bytes lie. */
  readonly pieces: readonly SpoolPiece[];
  readonly outputs: readonly number[];
  readonly reads: ReadonlySet<number>;
  /** Bytes of disk that what it makes takes. */
  readonly disk: number;
  /** Bytes of disk that its received bytes give back when it is done. */
  readonly spooled: number;
};

/** A delta that has been received. */
export type SpooledDelta = {
  /** SHA-256 of its file. */
  readonly stored: Sha256;
  readonly head: DeltaHead;
  /** Bytes of the head in the file. */
  readonly headLength: number;
  readonly scene: DeltaScene;
};

/** Bytes of disk that writing an object to its places takes. Chunks lie side by side in their file. */
export function diskOf(targets: readonly ObjectTarget[], size: number): number {
  let disk = 0;
  for (const { position } of targets)
    disk += position === undefined || position === 0 ? fileDisk(size) : size;
  return disk;
}

/** What is copied inside the disk, by the number of the old file. */
export function copiesByFile(plan: StagePlan, base: IndexTable): Map<number, FileCopies> {
  const byPath = new Map<ByteString, FileCopies & { reads: Set<number> }>();
  for (const { sha256, size, source, targets } of plan.objects.values()) {
    if (source === undefined) continue;
    const known = byPath.get(source.path);
    const copies = known ?? { objects: [], reads: new Set(), disk: 0, spooled: 0 };
    if (known === undefined) byPath.set(source.path, copies);
    copies.objects.push({ sha256, size, source, targets });
    copies.disk += diskOf(targets, size);
  }
  const byNumber = new Map<number, FileCopies>();
  for (let number = 0; number < base.length && byNumber.size < byPath.size; number += 1) {
    const copies = byPath.get(base.pathAt(number));
    if (copies === undefined) continue;
    copies.reads.add(number);
    byNumber.set(number, copies);
  }
  return byNumber;
}

/** The segments that make something that is needed. Throws `delta-damaged` when one cannot be read. */
export function usesOfSegments(
  { head, headLength, scene, stored }: SpooledDelta,
  spool: Spool,
): SegmentUse[] {
  const { base, targets: list, needed } = scene;
  const { archives = [] } = head;
  const sizes = {
    bases: base.list.sizes,
    targets: list.sizes,
    archives: archives.map(({ length }) => length),
  };
  const offsets = segmentOffsets(headLength, head.segments);
  const uses: SegmentUse[] = [];
  head.segments.forEach((segment, number) => {
    const start = offsets[number]!;
    const pieces = spool.locate(stored, { start, end: start + segment.length });
    using open = openSegment(readPieces(pieces), segment.memory);
    const outputs = new Set<number>();
    const reads = new Set<number>();
    for (const piece of readControl(createByteReader(open.control, 'the control stream'), sizes)) {
      if (!someOrdinal(piece.outputs, (ordinal) => needed.has(ordinal))) continue;
      const bases = piece.part === undefined ? piece.bases : (archives[piece.part.archive]?.objects ?? []);
      for (const ordinal of ordinalsOf(bases)) reads.add(base.entries[ordinal]!);
      for (const ordinal of ordinalsOf(piece.outputs)) if (needed.has(ordinal)) outputs.add(ordinal);
    }
    if (outputs.size > 0) uses.push({ number, outputs: [...outputs], reads: [...reads] });
  });
  return uses;
}

/** The same as parts of an update. `punches`: whether received bytes give their disk back. */
export function segmentParts(
  { head, headLength, scene, stored }: SpooledDelta,
  uses: readonly SegmentUse[],
  { spool, punches }: { readonly spool: Spool; readonly punches: boolean },
): SegmentPart[] {
  const offsets = segmentOffsets(headLength, head.segments);
  return uses.map(({ number, outputs, reads }) => {
    const segment = head.segments[number]!;
    const start = offsets[number]!;
    const pieces = spool.locate(stored, { start, end: start + segment.length });
    return {
      ...{ segment, pieces, outputs, reads: new Set(reads) },
      disk: diskOfOutputs(outputs, scene),
      spooled: punches ? bytesOfPieces(pieces) : 0,
    };
  });
}

/** Bytes of disk that objects of a delta take. */
export function diskOfOutputs(
  outputs: Iterable<number>,
  { needed, targets: { sizes } }: Pick<DeltaScene, 'needed' | 'targets'>,
): number {
  let disk = 0;
  for (const ordinal of outputs) disk += diskOf(needed.get(ordinal)!, sizes[ordinal]!);
  return disk;
}
