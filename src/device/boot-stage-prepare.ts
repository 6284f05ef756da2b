import { join } from 'node:path';
import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { listIfThere } from '../os/if-there.ts';
import { byPrice, diskReserve, refusal, type Way } from '../plan/ways.ts';
import { readBootFacts } from './boot-facts.ts';
import { requireBootPartition, requireBootRoom } from './boot-partition.ts';
import { type BootStageWay, dropBootStage, freshBootStage, writeBootStageOrder } from './boot-stage-order.ts';
import { forgetFrames, type ReceiveOptions, receiveWhole, waysInPlace } from './boot-stage-receive.ts';
import { rehearse } from './boot-stage-rehearse.ts';
import { requireRoom, requireRoomAtBest } from './boot-stage-room.ts';
import { type BootStageScene, openBootStage } from './boot-stage-scene.ts';
import { chooseWay } from './choose-way.ts';
import { readInstalled } from './installed.ts';
import { pristineTree } from './layout.ts';
import { fetchContents } from './lists.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import { runningVersion } from './running-version.ts';
import { emptyTrashNow } from './trash.ts';
import type { KitMaker } from './update-options.ts';
import { verifyTree } from './verify.ts';

export type OrderOptions = ReceiveOptions & { readonly makeKit: KitMaker };

/** The version whose place is taken. */
type Old = { readonly from: BuildName; readonly fromIndex: Sha256 };

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
  const old = requireReplaceable(options);
  // Another order is overtaken, and its room is needed.
  dropBootStage(layout);
  emptyTrashNow(layout);
  const { from } = old;
  const ways = requireWays(options, old);
  requireKernelRoom(options, from);
  await requireSound(options, from);
  const { way, received } = await receiveAndRehearse(options, old, ways);
  const files = freshBootStage(layout);
  try {
    const fetching = { ...options, ...session, spending: prepared.spending };
    writeFileAtomic(files.contents, await fetchContents(fetching, prepared.index.entries));
    const program = await options.makeKit({ layout, from, kit: files.kit, signal });
    using scene = open(options, old, received);
    requireRoom(layout, scene, { from, to });
    const order = {
      ...{ ...old, to, toIndex: index.sha256, contentsHash: manifest.hash, way: received },
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

/** The version that runs and boots next. */
function requireReplaceable({ session: { layout }, wanted }: OrderOptions): Old {
  const build = wanted.build.name;
  const { current: from } = openBootPointer(layout).read();
  const running = runningVersion(layout) ?? from;
  const fromIndex = from === undefined ? undefined : readInstalled(layout, from)?.index;
  if (from === undefined || fromIndex === undefined || running !== from)
    throw new SatchelError('in-place-no-version', { build });
  if (process.geteuid?.() !== 0) throw new SatchelError('in-place-needs-root', { build, from });
  const path = join(layout.run, from);
  // Under an overlay that is mounted the folder shows the merged tree.
  if (readBootFacts(layout)?.mode !== 'overlay' && listIfThere(path).length > 0)
    throw new SatchelError('in-place-needs-overlay', { from, path });
  return { from, fromIndex };
}

/** The ways that could be received; what can never fit is refused before anything moves. */
function requireWays({ prepared, wanted, session: { layout } }: OrderOptions, { from }: Old): readonly Way[] {
  const build = wanted.build.name;
  const ways = waysInPlace(prepared);
  const { base, index, stage: plan, budget } = prepared;
  const cheapest = ways[0] ?? [...prepared.ways].filter(({ kind }) => kind !== 'chain').sort(byPrice)[0];
  if (base === undefined || cheapest === undefined) throw new SatchelError('in-place-no-version', { build });
  if (ways.length === 0) {
    const why = refusal({ ...cheapest, disk: cheapest.bytes, inodes: cheapest.requests }, budget);
    if (why !== 'disk') chooseWay(prepared, build);
    throw new SatchelError('in-place-no-space', {
      ...{ build, from, peak: formatBytes(cheapest.bytes), reserve: formatBytes(diskReserve) },
      free: formatBytes(budget.freeBytes),
      missing: formatBytes(cheapest.bytes + diskReserve - budget.freeBytes),
    });
  }
  const trees = { tree: pristineTree(layout, from), base: base.entries, entries: index.entries };
  requireRoomAtBest(layout, { ...trees, plan, received: cheapest.bytes }, { from, to: build });
  return ways;
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
  old: Old,
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

function open({ session, wanted }: OrderOptions, old: Old, way: BootStageWay): BootStageScene {
  const { name: to, index } = wanted.build;
  const { layout, spool } = session;
  return openBootStage({ layout, spool, ...old, to, toIndex: index.sha256, way });
}
