import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { canPunchHoles } from '../os/punch-hole.ts';
import type { Way } from '../plan/ways.ts';
import { requireBootPartition, requireBootRoom } from './boot-partition.ts';
import {
  type BootStageOrder,
  type BootStageWay,
  dropBootStage,
  freshBootStage,
  writeBootStageOrder,
  writeSegmentUses,
} from './boot-stage-order.ts';
import { type Replaced, requireReplaceable, requireWays } from './boot-stage-plan.ts';
import { forgetFrames, type ReceiveOptions, receiveWhole } from './boot-stage-receive.ts';
import { rehearse } from './boot-stage-rehearse.ts';
import { heldFiles } from './boot-stage-release.ts';
import { freeOn, requireRoom } from './boot-stage-room.ts';
import { type BootStageOptions, type BootStageScene, openBootStage } from './boot-stage-scene.ts';
import { fetchContents } from './lists.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { emptyTrashNow } from './trash.ts';
import type { KitMaker } from './update-options.ts';
import { verifyTree } from './verify.ts';

export type OrderOptions = ReceiveOptions & { readonly makeKit: KitMaker };

/**
 * Orders an update for which there is no room beside the version that runs: receives all of it, rehearses it, measures
 * whether it fits in place of that version, and leaves it to the initramfs. Nothing of the old version changes before
 * the next boot. The way that was taken. The caller holds the device lock. Throws `in-place-…`, `boot-partition-full`,
 * and what receiving throws.
 */
export async function orderInPlace(options: OrderOptions): Promise<Way> {
  const { session, wanted, prepared, reporter, signal } = options;
  const { layout } = session;
  const { name: to, index, contents: manifest, tree, sequence } = wanted.build;
  const started = performance.now();
  const old = requireReplaceable(layout, to);
  // Another order is overtaken, and its room is needed.
  dropBootStage(layout);
  emptyTrashNow(layout);
  const { from } = old;
  const { ways } = requireWays(layout, prepared, { from, build: to, free: freeOn(layout) });
  requireKernelRoom(options, from);
  await requireSound(options, from);
  const { way, received } = await receiveAndRehearse(options, old, ways);
  const files = freshBootStage(layout);
  try {
    const fetching = { ...options, ...session, spending: prepared.spending };
    writeFileAtomic(files.contents, await fetchContents(fetching, prepared.index.entries));
    const program = await options.makeKit({ layout, from, kit: files.kit, signal });
    const conditions = conditionsOf(options, old, received);
    const { held, punches, uses } = conditions;
    if (uses !== undefined) writeSegmentUses(layout, uses);
    using scene = open(options, { ...old, ...conditions }, received);
    requireRoom(layout, scene, { from, to });
    const order = {
      ...{ ...old, to, toIndex: index.sha256, contentsHash: manifest.hash, way: received, held, punches },
      ...{ size: tree.bytes, entries: tree.entries, sequence, ...session.counters() },
      seconds: (performance.now() - started) / 1000,
    };
    writeBootStageOrder(layout, order, program);
  } catch (error) {
    dropBootStage(layout);
    emptyTrashNow(layout);
    throw error;
  }
  reporter.notice('in-place-ordered', { build: to, from });
  return way;
}

/** Where kernels are copied there has to be room for another, found out before it is too late. */
function requireKernelRoom({ session: { layout }, wanted, prepared }: OrderOptions, from: BuildName): void {
  const boot = openBootPointer(layout);
  if (boot.kind === 'olpc') return;
  requireBootPartition(layout);
  boot.forgetOthers(new Set([from, ...listIfThere(layout.sticky)]));
  let bytes = 0;
  for (const entry of prepared.index.entries)
    if (entry.type === 'file' && entry.path.startsWith('boot/')) bytes += entry.size;
  requireBootRoom(layout, wanted.build.name, bytes);
}

/** Reads all of the old version: what is not right would be found out when it is too late. */
async function requireSound({ session, reporter, signal }: OrderOptions, from: BuildName): Promise<void> {
  const { damaged } = await verifyTree({ layout: session.layout, name: from, full: true, reporter, signal });
  const [first] = damaged;
  if (first !== undefined)
    throw new SatchelError('in-place-base-damaged', {
      ...{ from, count: damaged.length, path: displayOf(first.path) },
    });
}

/** Wrong bytes are asked for once more; a delta that does not make everything gives way to the packs. */
async function receiveAndRehearse(
  options: OrderOptions,
  old: Replaced,
  ways: readonly Way[],
): Promise<{ readonly way: Way; readonly received: BootStageWay }> {
  const { from } = old;
  for (const way of ways)
    for (const isLast of [false, true]) {
      const received = await receiveWhole(options, way);
      using scene = open(options, old, received);
      const { isSound, damaged, badBytes } = await rehearse(scene, options);
      if (isSound) return { way, received };
      const [path] = damaged;
      if (path !== undefined)
        throw new SatchelError('in-place-base-damaged', { from, count: damaged.length, path });
      if (badBytes.length === 0 || isLast) break;
      await forgetFrames(options, badBytes);
    }
  throw new SatchelError('in-place-not-sound', { build: options.wanted.build.name, from });
}

/** What the steps depend on beside what was received, once the kit is there. */
type Conditions = Pick<BootStageOptions, 'uses'> & Pick<BootStageOrder, 'held' | 'punches'>;

function conditionsOf(options: OrderOptions, old: Replaced, received: BootStageWay): Conditions {
  using scene = open(options, old, received);
  const { releases, releaser, uses } = scene;
  return { uses, held: heldFiles(releases, releaser), punches: canPunchHoles(options.session.layout.own) };
}

function open(
  { session, wanted }: OrderOptions,
  old: Replaced & Partial<Conditions>,
  way: BootStageWay,
): BootStageScene {
  const { name: to, index } = wanted.build;
  const { layout, spool } = session;
  return openBootStage({ layout, spool, ...old, to, toIndex: index.sha256, way });
}
