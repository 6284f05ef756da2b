import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { renameTree } from '../os/rename-tree.ts';
import { syncFilesystem } from '../os/system-calls.ts';
import { openBase } from './base-check.ts';
import {
  type BootStageOrder,
  bootStageFiles,
  dropBootStage,
  forgetProgress,
  markBegun,
  readBootStageOrder,
  readProgress,
  readSegmentUses,
  writeProgress,
} from './boot-stage-order.ts';
import { requireRoom } from './boot-stage-room.ts';
import { type BootStageScene, openBootStage } from './boot-stage-scene.ts';
import { dropPieces } from './boot-stage-spool.ts';
import { switchInPlace } from './boot-stage-switch.ts';
import { BootStageTree } from './boot-stage-tree.ts';
import { discardStage, installStage } from './install.ts';
import { readInstalled } from './installed.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { openSpool } from './spool.ts';
import { emptyTrashNow } from './trash.ts';
import { verifyTree } from './verify.ts';

export type RunOptions = {
  readonly layout: DeviceLayout;
  readonly clock: Clock;
  readonly reporter: Reporter;
};

/** What came of an order. */
export type BootStaged = { readonly from: BuildName; readonly to: BuildName; readonly steps: number };

/**
 * Carries out the order that stands, before the system starts: makes the new version from the old one and from what
 * was received, a step after another, and removes what no later step needs; then it boots next. May be ended at any
 * moment: the next run goes on. Undefined when nothing is ordered. What is thrown before the file `begun` is there
 * means that nothing is lost. Throws `boot-stage-…`, `in-place-no-…` and system failures.
 */
export async function runBootStage(options: RunOptions): Promise<BootStaged | undefined> {
  const { layout } = options;
  const order = readBootStageOrder(layout);
  if (order === undefined) return undefined;
  const { from, to } = order;
  const { current } = openBootPointer(layout).read();
  if (current === to) {
    dropBootStage(layout);
    return undefined;
  }
  if (current !== from)
    throw new SatchelError('boot-stage-other-version', { current: current ?? '', from, to });
  const uses = readSegmentUses(layout);
  using scene = openBootStage({ layout, spool: openSpool(layout.spool), ...order, uses });
  if (!isInstalled(layout, order)) {
    await makeVersion(options, order, scene);
    await verifyNew(options, to);
  }
  await switchInPlace(options, order);
  return { from, to, steps: scene.steps.length };
}

function isInstalled(layout: DeviceLayout, { to, toIndex }: BootStageOrder): boolean {
  return readInstalled(layout, to)?.index === toIndex;
}

async function makeVersion(options: RunOptions, order: BootStageOrder, scene: BootStageScene): Promise<void> {
  const { layout, clock } = options;
  undoInstall(layout, order);
  const done = startingPoint(layout, order, scene);
  const tree = new BootStageTree(scene, order, done ?? 0);
  if (done === undefined) begin(layout, order, scene, tree);
  // From here on the old version is not complete any more.
  markBegun(layout);
  scene.releases.first.forEach(scene.releaser.remove);
  // Some file systems give room back only then.
  syncFilesystem(layout.own);
  doSteps(options, scene, { tree, done: done ?? 0, punches: order.punches });
  const owed = tree.finish();
  await installStage({
    ...{ layout, clock, owed, stage: scene.trees.stage, entries: scene.index.entries },
    build: identityOf(order),
    contents: bootStageFiles(layout).contents,
  });
}

/** Looks once more whether it can be done, and makes what takes no room. */
function begin(
  layout: DeviceLayout,
  order: BootStageOrder,
  scene: BootStageScene,
  tree: BootStageTree,
): void {
  requireUnchanged(layout, order, scene);
  discardStage(layout, order.to);
  emptyTrashNow(layout);
  requireRoom(layout, scene, order);
  tree.begin();
  syncFilesystem(layout.own);
  writeProgress(layout, 0);
}

function doSteps(
  { layout, reporter }: RunOptions,
  { steps, releases, releaser }: BootStageScene,
  { tree, done, punches }: { readonly tree: BootStageTree; readonly done: number; readonly punches: boolean },
): void {
  for (const [number, step] of steps.entries()) {
    if (number >= done) {
      // Only the first can have been interrupted.
      if (number === done) tree.clear(step);
      tree.run(step, number);
      syncFilesystem(layout.own);
      writeProgress(layout, number + 1);
    }
    releases.after[number]!.forEach(releaser.remove);
    if (punches) dropPieces(step.tasks.flatMap((task) => (task.kind === 'copy' ? [] : task.pieces)));
    reporter.progress({ step: 'stage', done: number + 1, total: steps.length, unit: 'entries' });
  }
}

/** How many steps are done; undefined: all has to be begun anew, which is possible as long as nothing is lost. */
function startingPoint(
  layout: DeviceLayout,
  order: BootStageOrder,
  scene: BootStageScene,
): number | undefined {
  const done = readProgress(layout);
  if (done === undefined) return undefined;
  if (existsSync(scene.trees.stage)) return Math.min(done, scene.steps.length);
  const { begun } = bootStageFiles(layout);
  if (existsSync(begun))
    throw new SatchelError('boot-stage-wrong', { what: `stage/${order.to}`, build: order.to });
  forgetProgress(layout);
  return undefined;
}

/** An interrupted installation is done again from the start: the tree goes back to where it was made. */
function undoInstall(layout: DeviceLayout, { to }: BootStageOrder): void {
  const [stage, tree] = [join(layout.stage, to), pristineTree(layout, to)];
  const { begun, contents } = bootStageFiles(layout);
  if (!existsSync(begun)) return;
  if (!existsSync(stage) && existsSync(tree)) renameTree(tree, stage);
  const installed = join(layout.contents, to);
  if (!existsSync(contents) && existsSync(installed)) renameSync(installed, contents);
}

/** What changed since the order was given would come out wrong; nothing is lost yet. */
function requireUnchanged(
  layout: DeviceLayout,
  { from, fromIndex }: BootStageOrder,
  { base, trees }: BootStageScene,
): void {
  const { check, owed } = openBase({ layout, name: from, entries: base, index: fromIndex });
  for (const [number, entry] of base.entries()) {
    if (entry.type === 'hardlink') continue;
    const state = check(number);
    if (state === 'clean' || (state === 'content-right' && owed.has(entry.path))) continue;
    throw new SatchelError('boot-stage-base-changed', {
      path: displayOf(entry.path),
      from,
      tree: trees.base,
    });
  }
}

function identityOf({ to, toIndex, contentsHash, size, entries, sequence }: BootStageOrder) {
  return {
    name: to,
    index: { sha256: toIndex },
    contents: { hash: contentsHash },
    tree: { bytes: size, entries },
    sequence,
  };
}

/** Whatever it finds, the new version is the better one by now: the old one is not complete any more. */
async function verifyNew({ layout, reporter }: RunOptions, name: BuildName): Promise<void> {
  const { damaged } = await verifyTree({ layout, name, full: true, reporter });
  const [first] = damaged;
  if (first === undefined) return;
  reporter.notice('boot-stage-damaged', { count: damaged.length, build: name, path: displayOf(first.path) });
}

/**
 * Takes back an order that has begun, after the old version was made whole again by `repair`. Undefined when none
 * stands. Throws `in-place-base-damaged` when it is not whole.
 */
export async function giveUpBootStage({ layout, reporter }: RunOptions): Promise<BuildName | undefined> {
  const order = readBootStageOrder(layout);
  if (order === undefined) return undefined;
  const { from } = order;
  const { damaged } = await verifyTree({ layout, name: from, full: true, reporter });
  const [first] = damaged;
  if (first !== undefined) {
    const path = displayOf(first.path);
    throw new SatchelError('in-place-base-damaged', { from, count: damaged.length, path });
  }
  discardStage(layout, order.to);
  // What was received may have given its disk back.
  openSpool(layout.spool).clear();
  dropBootStage(layout);
  return from;
}
