import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { listIfThere } from '../os/if-there.ts';
import { type Budget, byPrice, diskReserve, refusal, type Way } from '../plan/ways.ts';
import { readBootFacts } from './boot-facts.ts';
import { inPlaceReserve, type Room, requireRoomAtBest } from './boot-stage-room.ts';
import { chooseWay } from './choose-way.ts';
import { readInstalled } from './installed.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import { openBootPointer } from './open-boot-pointer.ts';
import type { Prepared } from './prepare.ts';
import { runningVersion } from './running-version.ts';

/** The version whose place is taken. */
export type Replaced = { readonly from: BuildName; readonly fromIndex: Sha256 };

/** What an update in place is known to take before anything of it is received. */
export type PlannedInPlace = {
  /** Bytes of disk that it takes at the worst moment at least, what is received included. */
  readonly leastBytes: number;
  /** Bytes that stay free beside. */
  readonly reserveBytes: number;
  readonly freeBytes: number;
};

type Free = Pick<Budget, 'freeBytes' | 'freeInodes'>;

/**
 * What would be received of an update in place, and what it takes at least; the rest is known when all is received.
 * Throws what ordering it would throw so far.
 */
export function planInPlace(
  layout: DeviceLayout,
  prepared: Prepared,
  build: BuildName,
): { readonly way: Way; readonly room: PlannedInPlace } {
  const { from } = requireReplaceable(layout, build);
  const { ways, room } = requireWays(layout, prepared, { from, build, free: prepared.budget });
  const { peakBytes, freeBytes } = room;
  return { way: ways[0]!, room: { leastBytes: peakBytes, reserveBytes: inPlaceReserve, freeBytes } };
}

/** The version that runs and boots next. Throws `in-place-no-version`, `in-place-needs-root`, `in-place-needs-overlay`. */
export function requireReplaceable(layout: DeviceLayout, build: BuildName): Replaced {
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

/**
 * The ways by which a build can be received completely before anything is made of it, the cheapest first (there is
 * one), and the room that it takes at best. What can never fit is refused, before anything moves: throws
 * `in-place-no-…`, and what `chooseWay` throws.
 */
export function requireWays(
  layout: DeviceLayout,
  prepared: Prepared,
  { from, build, free }: { readonly from: BuildName; readonly build: BuildName; readonly free: Free },
): { readonly ways: readonly Way[]; readonly room: Room } {
  const { base, index, stage: plan } = prepared;
  const whole = prepared.ways.filter(({ kind }) => kind !== 'chain').sort(byPrice);
  const budget = { ...prepared.budget, ...free };
  const ways = whole.filter((way) => refusal(needsToReceive(way), budget) === undefined);
  const cheapest = ways[0] ?? whole[0];
  if (base === undefined || cheapest === undefined) throw new SatchelError('in-place-no-version', { build });
  if (ways.length === 0) {
    if (refusal(needsToReceive(cheapest), budget) !== 'disk') chooseWay(prepared, build);
    throw new SatchelError('in-place-no-space', {
      ...{ build, from, peak: formatBytes(cheapest.bytes), reserve: formatBytes(diskReserve) },
      free: formatBytes(budget.freeBytes),
      missing: formatBytes(cheapest.bytes + diskReserve - budget.freeBytes),
    });
  }
  const trees = { tree: pristineTree(layout, from), base: base.entries, entries: index.entries };
  const room = requireRoomAtBest(
    layout,
    { ...trees, plan, received: cheapest.bytes, free },
    { from, to: build },
  );
  return { ways, room };
}

/** A way with what it takes until all is received, and nothing is made of it yet. */
export function needsToReceive(way: Way): Way {
  return { ...way, disk: way.bytes, inodes: way.requests };
}
