import type { IndexTable } from '../build/index-table.ts';
import { objectOrdinals } from '../build/objects.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { arrange } from './boot-stage-arrange.ts';
import {
  copiesByFile,
  diskOf,
  diskOfOutputs,
  type FileCopies,
  type SegmentPart,
  type SegmentUse,
  type SpooledDelta,
  segmentParts,
} from './boot-stage-parts.ts';
import { bytesOfPieces } from './boot-stage-spool.ts';
import { framesOf } from './deliver.ts';
import type { BuildIndex } from './lists.ts';
import type { Spool } from './spool.ts';
import type { ObjectTarget, StagePlan } from './stage-plan.ts';
import type { CopyObject, StageTask } from './stage-task.ts';

/** What writes files, in the order of the steps. */
export type StepTask = Extract<StageTask, { kind: 'copy' | 'segment' | 'frame' }>;

/**
 * A part of an update that is carried out in place of the version it comes from: when it is done and on the disk,
 * files that no later one reads can go.
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
  /** Bytes of disk that the received bytes that it has read give back. */
  readonly spooled: number;
};

/** A step writes about so many bytes: what a segment makes at most. */
const stepBytes = 16 * 1024 * 1024;

export type StepsOptions = {
  readonly plan: StagePlan;
  readonly index: BuildIndex;
  readonly base: IndexTable;
  readonly spool: Spool;
  readonly delta?: SpooledDelta | undefined;
  /** Where objects lie that no delta makes. */
  readonly map?: ObjectMap | undefined;
  /** Files of the old version that can go, with the bytes of disk that they give back. */
  readonly releasable: ReadonlyMap<number, number>;
  /** What the segments of the delta mean. */
  readonly uses?: readonly SegmentUse[] | undefined;
  /** Whether received bytes give their disk back when they have been read. */
  readonly punches: boolean;
};

/**
 * The steps of an update, in an order in which little of the disk is taken at any moment: always the same for the same
 * options.
 */
export function stepsOf(options: StepsOptions): Step[] {
  const { plan, base, delta, uses, map, releasable } = options;
  const ordinals = objectOrdinals(options.index.objects);
  const copies = copiesByFile(plan, base);
  const gives = (file: number) => releasable.get(file) ?? 0;
  const copySteps = (files: readonly FileCopies[]) => stepsOfCopies(files, ordinals);
  if (delta === undefined || uses === undefined) {
    const received = map === undefined ? [] : frameSteps({ ...options, map }, ordinals);
    return inSteps(arrange({ received, copies, gives }), copySteps, (frame) => [frame]);
  }
  const made = new Set<number>();
  return inSteps(
    arrange({ received: segmentParts(delta, uses, options), copies, gives }),
    copySteps,
    (part) => stepOfSegment(part, delta, made),
  );
}

/** The steps of parts in their order. What is copied from files that follow each other goes together. */
function inSteps<Received extends object>(
  arranged: readonly (Received | FileCopies)[],
  stepsOfCopies: (files: readonly FileCopies[]) => Step[],
  stepsOfReceived: (part: Received) => Step[],
): Step[] {
  const steps: Step[] = [];
  let copies: FileCopies[] = [];
  for (const part of arranged) {
    if ('objects' in part) {
      copies.push(part);
      continue;
    }
    steps.push(...stepsOfCopies(copies), ...stepsOfReceived(part));
    copies = [];
  }
  steps.push(...stepsOfCopies(copies));
  return steps;
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

type Ordinals = ReturnType<typeof objectOrdinals>;

function stepsOfCopies(files: readonly FileCopies[], ordinals: Ordinals): Step[] {
  return gather(
    files.flatMap(({ objects, reads }) => objects.map((object) => ({ object, reads }))),
    ({ object: { size, targets } }) => size * targets.length,
    (copies) => {
      const objects = copies.map(({ object }) => object);
      return {
        tasks: [{ kind: 'copy', objects }],
        spooled: 0,
        reads: new Set(copies.flatMap(({ reads }) => [...reads])),
        ...written(objects, ordinals),
      };
    },
  );
}

/** What two segments make is written by the first; `made` are the objects that the segments before have made. */
function stepOfSegment(
  { segment, pieces, outputs, reads, spooled }: SegmentPart,
  { scene }: SpooledDelta,
  made: Set<number>,
): Step[] {
  const fresh = outputs.filter((ordinal) => !made.has(ordinal));
  if (fresh.length === 0) return [];
  for (const ordinal of fresh) made.add(ordinal);
  return [
    {
      tasks: [{ kind: 'segment', segment, pieces }],
      outputs: fresh,
      targets: fresh.flatMap((ordinal) => scene.needed.get(ordinal)!),
      reads,
      disk: diskOfOutputs(fresh, scene),
      spooled,
    },
  ];
}

/** Packs hold whole contents: nothing of the old version is read. */
function frameSteps(
  { plan, spool, map, punches }: Omit<StepsOptions, 'map'> & { readonly map: ObjectMap },
  ordinals: Ordinals,
): Step[] {
  const missing = [...plan.objects.values()].filter(({ source }) => source === undefined);
  return gather(
    framesOf(missing, { map, ordinals }),
    ({ rawLength }) => rawLength,
    (frames) => {
      const tasks = frames.map(({ number, file, start, end, rawLength, objects }) => ({
        ...{ kind: 'frame' as const, frame: number, rawLength, objects },
        pieces: spool.locate(file, { start, end }),
      }));
      return {
        tasks,
        reads: new Set<number>(),
        ...written(
          frames.flatMap((frame) => frame.objects),
          ordinals,
        ),
        spooled: punches ? bytesOfPieces(tasks.flatMap(({ pieces }) => pieces)) : 0,
      };
    },
  );
}

/** What writing these objects means. */
function written(
  objects: readonly Pick<CopyObject, 'sha256' | 'size' | 'targets'>[],
  ordinals: Ordinals,
): Pick<Step, 'outputs' | 'targets' | 'disk'> {
  return {
    outputs: objects.map(({ sha256 }) => ordinals.get(sha256)!),
    targets: objects.flatMap(({ targets }) => targets),
    disk: objects.reduce((sum, { targets, size }) => sum + diskOf(targets, size), 0),
  };
}
