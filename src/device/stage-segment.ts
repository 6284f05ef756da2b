import { hash } from 'node:crypto';
import type { ByteString } from '../base/byte-string.ts';
import { pathBelow } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import { freeBuffer, type Lender } from '../base/memory.ts';
import { applySegment } from '../delta/apply-segment.ts';
import type { ObjectList } from '../delta/object-list.ts';
import { type ArchiveScene, archiveReader } from './archive-scene.ts';
import { type BaseObjects, objectPlaces } from './base-objects.ts';
import { readAt } from './read-at.ts';
import { readPieces } from './spool.ts';
import type { ObjectTarget } from './stage-plan.ts';
import type { StageTask } from './stage-task.ts';

/** What applying the segments of one delta needs beside the trees; it is sent to every thread once. */
export type DeltaScene = {
  readonly base: BaseObjects;
  /** The objects of the new build. */
  readonly targets: ObjectList;
  /** There when the delta has archives. */
  readonly archives?: ArchiveScene | undefined;
  /** Where each object goes that the new tree needs, by ordinal. */
  readonly needed: ReadonlyMap<number, readonly ObjectTarget[]>;
  /** 1 for every object that has been written, in memory that threads share: no segment writes it again. */
  readonly written: Uint8Array;
};

/** What became of a segment. */
export type SegmentOutcome = {
  /** Needed objects that were made and written. */
  readonly produced: number[];
  /** Paths of the base whose content was not what its index says. */
  readonly damaged: ByteString[];
  /** True when the bytes are not those that were signed. */
  readonly badBytes: boolean;
};

/**
 * Applies one received segment and hands over every needed object that came out right. Bases are hashed when
 * they are read; one that is wrong or gone costs the objects that are made from it, and nothing else.
 */
export function applyReceivedSegment(
  task: Extract<StageTask, { kind: 'segment' }>,
  scene: DeltaScene & { readonly tree: string; readonly lend: Lender },
  write: (targets: readonly ObjectTarget[], content: Uint8Array) => void,
): SegmentOutcome {
  const { base, targets, archives, needed, written } = scene;
  const produced: number[] = [];
  const damaged: ByteString[] = [];
  const stored = readPieces(task.pieces);
  try {
    if (hash('sha256', stored) !== task.segment.sha256) return { produced, damaged, badBytes: true };
    const read = baseReader(scene, damaged);
    const archived = archives && archiveReader(archives, base.list.sizes.length, read);
    applySegment({
      stored,
      segment: task.segment,
      baseSizes: base.list.sizes,
      targets,
      base: read,
      ...(archived && { archiveSizes: archived.sizes, archive: archived.read }),
      wanted: (ordinal) => needed.has(ordinal),
      produce(ordinal, content) {
        if (Atomics.exchange(written, ordinal, 1) === 1) return;
        write(needed.get(ordinal) ?? [], content);
        produced.push(ordinal);
      },
    });
  } catch (error) {
    // What it has made until then is right, and the rest is fetched in another way.
    if (!isSatchelError(error, 'delta-damaged')) throw error;
  } finally {
    freeBuffer(stored);
  }
  return { produced, damaged: [...new Set(damaged)], badBytes: false };
}

/** Reads old objects from the tree of the base; each is lent until the next is asked for. */
function baseReader(
  { base, tree, lend }: Pick<DeltaScene, 'base'> & { readonly tree: string; readonly lend: Lender },
  damaged: ByteString[],
): (ordinal: number) => Uint8Array | undefined {
  const placeOf = objectPlaces(base);
  return (ordinal) => {
    const { path, position, size } = placeOf(ordinal);
    const content = readAt(pathBelow(tree, path), position, size, lend);
    const wanted = base.list.hashes.subarray(32 * ordinal, 32 * (ordinal + 1));
    if (content !== undefined && hash('sha256', content, 'buffer').equals(wanted)) return content;
    damaged.push(path);
    return undefined;
  };
}
