import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { IndexTable } from '../build/index-table.ts';
import { objectsOf } from '../build/objects.ts';
import { parseHead } from '../delta/delta-format.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { checkedMap, unpackStored } from '../repository/catalog.ts';
import { mapFile } from '../repository/layout.ts';
import { openArchiveScene } from './archive-scene.ts';
import type { BootStageWay, SpooledFile } from './boot-stage-order.ts';
import { type SegmentUse, type SpooledDelta, usesOfSegments } from './boot-stage-parts.ts';
import {
  createReleaser,
  planReleases,
  type Releaser,
  type Releases,
  releasableFiles,
} from './boot-stage-release.ts';
import { type Step, stepsOf } from './boot-stage-steps.ts';
import { sceneOfDelta } from './delta-scene.ts';
import { readStoredIndex } from './installed.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import type { BuildIndex } from './lists.ts';
import { readOwed } from './owed.ts';
import { planBeside } from './plan-beside.ts';
import { readPieces, type Spool } from './spool.ts';
import type { Base, StagePlan } from './stage-plan.ts';

/** What an update in place comes from and leads to, and what was received for it. */
export type BootStageOptions = {
  readonly layout: DeviceLayout;
  readonly spool: Spool;
  readonly from: BuildName;
  readonly fromIndex: Sha256;
  readonly to: BuildName;
  readonly toIndex: Sha256;
  readonly way: BootStageWay;
  /** Files of the old version that stay because other names hold them; none when absent. */
  readonly held?: readonly number[] | undefined;
  /** Whether received bytes give their disk back when they have been read; they do not when absent. */
  readonly punches?: boolean | undefined;
  /** What the segments of the delta mean; found out from their bytes when absent. */
  readonly uses?: readonly SegmentUse[] | undefined;
};

/** Everything that carrying it out takes, worked out from the indexes and the received bytes alone. */
export type BootStageScene = Disposable & {
  /** Entries of the old version. */
  readonly base: IndexTable;
  readonly index: BuildIndex;
  readonly plan: StagePlan;
  readonly steps: readonly Step[];
  readonly releases: Releases;
  readonly releaser: Releaser;
  /** Absolute paths of the tree that is made and of the old one. */
  readonly trees: { readonly stage: string; readonly base: string };
  readonly delta?: SpooledDelta | undefined;
  /** What the segments of the delta mean. */
  readonly uses?: readonly SegmentUse[] | undefined;
};

/**
 * Opens an update in place: always the same for the same indexes and received bytes, however much of the old tree is
 * still there. Throws `boot-stage-wrong` when something that was received is not there any more or not right, and
 * `delta-damaged` when a segment cannot be read.
 */
export function openBootStage(options: BootStageOptions): BootStageScene {
  const { layout, spool, from, fromIndex, to, toIndex, way, punches = false } = options;
  const base = storedIndex(layout, from, fromIndex);
  const index = buildIndex(storedIndex(layout, to, toIndex));
  const plan = planBeside(index, soundBase(layout, from, base));
  const trees = { stage: join(layout.stage, to), base: pristineTree(layout, from) };
  const opened = way.kind === 'delta' ? openSpooledDelta(options, way, { base, index, plan }) : undefined;
  const map = way.kind === 'objects' ? openSpooledMap(spool, way.map, index, toIndex) : undefined;
  const releasable = releasableFiles({ tree: trees.base, base, entries: index.entries, plan });
  for (const number of options.held ?? []) releasable.delete(number);
  const delta = opened?.delta;
  const uses = options.uses ?? (delta && usesOfSegments(delta, spool));
  const steps = stepsOf({ plan, index, base, spool, delta, uses, map, releasable, punches });
  const releases = planReleases(releasable.keys(), steps);
  return {
    ...{ base, index, plan, steps, releases, trees, delta, uses },
    releaser: createReleaser({ tree: trees.base, base }),
    [Symbol.dispose]: () => opened?.archives[Symbol.dispose](),
  };
}

function storedIndex(layout: DeviceLayout, build: BuildName, sha256: Sha256): IndexTable {
  const bytes = readStoredIndex(layout, sha256);
  if (bytes === undefined) throw new SatchelError('boot-stage-wrong', { what: `indexes/${sha256}`, build });
  return IndexTable.ofChecked(bytes);
}

function buildIndex(entries: IndexTable): BuildIndex {
  return { entries, objects: objectsOf(entries) };
}

/** The tree was verified before the order was given; what is gone since then has gone for the order. */
function soundBase(layout: DeviceLayout, from: BuildName, entries: IndexTable): Base {
  const owed = readOwed(layout, from);
  return {
    entries,
    check: (number) => (owed.has(entries.pathAt(number)) ? 'content-right' : 'clean'),
  };
}

function openSpooledDelta(
  { layout, spool, to }: BootStageOptions,
  { stored, head: headLength }: Extract<BootStageWay, { kind: 'delta' }>,
  { base, index, plan }: { base: IndexTable; index: BuildIndex; plan: StagePlan },
): { readonly delta: SpooledDelta; readonly archives: Disposable } {
  const head = parseHead(readPieces(locate(spool, stored, { start: 0, end: headLength }, to)));
  const end = head.segments.reduce((sum, { length }) => sum + length, headLength);
  locate(spool, stored, { start: 0, end }, to);
  const archives = openArchiveScene(layout.own, head.archives);
  const scene = sceneOfDelta({ entries: base }, index, plan, archives.scene);
  return { delta: { stored, head, headLength, scene }, archives };
}

function openSpooledMap(spool: Spool, file: SpooledFile, { objects }: BuildIndex, index: Sha256): ObjectMap {
  const bytes = readPieces(locate(spool, file.stored, { start: 0, end: file.length }, index));
  const name = mapFile(file.stored);
  const sizes = objects.map(({ size }) => size);
  return checkedMap(unpackStored(name, file, bytes, 'spool'), sizes, index);
}

function locate(spool: Spool, file: Sha256, interval: { start: number; end: number }, build: string) {
  if (spool.missing(file, interval).length > 0)
    throw new SatchelError('boot-stage-wrong', { what: `spool/${file}`, build });
  return spool.locate(file, interval);
}
