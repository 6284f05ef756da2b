import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexTable } from '../build/index-table.ts';
import { objectOrdinals } from '../build/objects.ts';
import { createByteReader } from '../delta/byte-reader.ts';
import { type DeltaHead, segmentOffsets } from '../delta/delta-format.ts';
import { ordinalsOf, someOrdinal } from '../delta/ordinal-runs.ts';
import { readPieces as readControl } from '../delta/piece-control.ts';
import { openSegment } from '../delta/segment-reader.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { fileDisk } from '../plan/disk.ts';
import { framesOf } from './deliver.ts';
import type { BuildIndex } from './lists.ts';
import { readPieces, type Spool, type SpoolPiece } from './spool.ts';
import type { ObjectTarget, StagePlan } from './stage-plan.ts';
import type { DeltaScene } from './stage-segment.ts';
import type { CopyObject, StageTask } from './stage-task.ts';

/** What writes files, in the order of the steps. */
export type StepTask = Extract<StageTask, { kind: 'copy' | 'segment' | 'frame' }>;

/**
 * A part of an update that is carried out in place of the version it comes from: when it is done and on the disk,
 * files that only it has read can go.
 */
export type Step = {
  readonly tasks: readonly StepTask[];
  /** Numbers of the new build's objects that it writes. */
  readonly outputs: readonly number[];
  /** Where it writes. */
  readonly targets: readonly ObjectTarget[];
  /** Files of the old version that it reads, as numbers of entries. */
  readonly reads: ReadonlySet<number>;
  /** Bytes of disk that it takes. */
  readonly disk: number;
};

/** A step writes about so many bytes: what a segment makes at most. */
const stepBytes = 16 * 1024 * 1024;

/** A delta that has been received. */
export type SpooledDelta = {
  /** SHA-256 of its file. */
  readonly stored: Sha256;
  readonly head: DeltaHead;
  /** Bytes of the head in the file. */
  readonly headLength: number;
  readonly scene: DeltaScene;
};

type Ordinals = ReadonlyMap<Sha256, number>;

export type StepsOptions = {
  readonly plan: StagePlan;
  readonly index: BuildIndex;
  readonly base: IndexTable;
  readonly spool: Spool;
  readonly delta?: SpooledDelta | undefined;
  /** Where objects lie that no delta makes. */
  readonly map?: ObjectMap | undefined;
};

/**
 * The steps of an update, always the same for the same indexes and the same received bytes: first what is copied
 * inside the disk, then what the received bytes make. Throws `delta-damaged` when a segment cannot be read.
 */
export function stepsOf(options: StepsOptions): Step[] {
  const { index, delta, map } = options;
  const ordinals = objectOrdinals(index.objects);
  const copies = copySteps(options, ordinals);
  if (delta !== undefined) return [...copies, ...segmentSteps(options, delta)];
  return map === undefined ? copies : [...copies, ...frameSteps(options, map, ordinals)];
}

/** Bytes of disk that writing an object to its places takes. Chunks lie side by side in their file. */
export function diskOf(targets: readonly ObjectTarget[], size: number): number {
  let disk = 0;
  for (const { position } of targets)
    disk += position === undefined || position === 0 ? fileDisk(size) : size;
  return disk;
}

/** Adds to the last step until it is full. */
function gather<Item>(
  items: Iterable<Item>,
  size: (item: Item) => number,
  make: (items: Item[]) => Step,
): Step[] {
  const steps: Step[] = [];
  let batch: Item[] = [];
  let bytes = 0;
  const flush = () => {
    if (batch.length > 0) steps.push(make(batch));
    batch = [];
    bytes = 0;
  };
  for (const item of items) {
    batch.push(item);
    bytes += size(item);
    if (bytes >= stepBytes) flush();
  }
  flush();
  return steps;
}

function copySteps({ plan, base }: StepsOptions, ordinals: Ordinals): Step[] {
  const copies: CopyObject[] = [];
  for (const { sha256, size, source, targets } of plan.objects.values())
    if (source !== undefined) copies.push({ sha256, size, source, targets });
  if (copies.length === 0) return [];
  const numbers = entryNumbers(base, new Set(copies.map(({ source }) => source.path)));
  return gather(
    copies,
    ({ size, targets }) => size * targets.length,
    (objects) => ({
      tasks: [{ kind: 'copy', objects }],
      outputs: objects.map(({ sha256 }) => ordinals.get(sha256)!),
      targets: objects.flatMap(({ targets }) => targets),
      reads: new Set(objects.map(({ source }) => numbers.get(source.path)!)),
      disk: objects.reduce((sum, { targets, size }) => sum + diskOf(targets, size), 0),
    }),
  );
}

function entryNumbers(base: IndexTable, paths: ReadonlySet<ByteString>): Map<ByteString, number> {
  const numbers = new Map<ByteString, number>();
  for (let number = 0; number < base.length; number += 1) {
    const path = base.pathAt(number);
    if (paths.has(path)) numbers.set(path, number);
  }
  return numbers;
}

/** One step a segment. What two segments make is written by the first. */
function segmentSteps({ spool }: StepsOptions, { head, headLength, scene, stored }: SpooledDelta): Step[] {
  const { base, targets: list, needed } = scene;
  const { archives = [] } = head;
  const sizes = {
    bases: base.list.sizes,
    targets: list.sizes,
    archives: archives.map(({ length }) => length),
  };
  const offsets = segmentOffsets(headLength, head.segments);
  const made = new Set<number>();
  const steps: Step[] = [];
  head.segments.forEach((segment, i) => {
    const start = offsets[i]!;
    const pieces: SpoolPiece[] = spool.locate(stored, { start, end: start + segment.length });
    using open = openSegment(readPieces(pieces), segment.memory);
    const outputs: number[] = [];
    const reads = new Set<number>();
    for (const piece of readControl(createByteReader(open.control, 'the control stream'), sizes)) {
      if (!someOrdinal(piece.outputs, (ordinal) => needed.has(ordinal))) continue;
      const bases = piece.part === undefined ? piece.bases : (archives[piece.part.archive]?.objects ?? []);
      for (const ordinal of ordinalsOf(bases)) reads.add(base.entries[ordinal]!);
      for (const ordinal of ordinalsOf(piece.outputs)) {
        if (!needed.has(ordinal) || made.has(ordinal)) continue;
        made.add(ordinal);
        outputs.push(ordinal);
      }
    }
    if (outputs.length === 0) return;
    steps.push({
      tasks: [{ kind: 'segment', segment, pieces }],
      outputs,
      targets: outputs.flatMap((ordinal) => needed.get(ordinal)!),
      reads,
      disk: outputs.reduce((sum, ordinal) => sum + diskOf(needed.get(ordinal)!, list.sizes[ordinal]!), 0),
    });
  });
  return steps;
}

/** Packs hold whole contents: nothing of the old version is read. */
function frameSteps({ plan, spool }: StepsOptions, map: ObjectMap, ordinals: Ordinals): Step[] {
  const missing = [...plan.objects.values()].filter(({ source }) => source === undefined);
  const frames = framesOf(missing, { map, ordinals });
  return gather(
    frames,
    ({ rawLength }) => rawLength,
    (batch) => {
      const objects = batch.flatMap((frame) => frame.objects);
      return {
        tasks: batch.map(({ number, file, start, end, rawLength, objects }) => ({
          kind: 'frame' as const,
          frame: number,
          pieces: spool.locate(file, { start, end }),
          rawLength,
          objects,
        })),
        outputs: objects.map(({ sha256 }) => ordinals.get(sha256)!),
        targets: objects.flatMap(({ targets }) => targets),
        reads: new Set<number>(),
        disk: objects.reduce((sum, { targets, size }) => sum + diskOf(targets, size), 0),
      };
    },
  );
}
