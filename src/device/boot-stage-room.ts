import { SatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import { formatBytes } from '../base/units.ts';
import { scratchToApply } from '../delta/delta-format.ts';
import { freeSpace } from '../os/disk.ts';
import { bytesBelow } from '../os/disk-use.ts';
import { directoryDisk, fileDisk } from '../plan/disk.ts';
import { diskOf } from './boot-stage-parts.ts';
import {
  createReleaser,
  planReleases,
  type ReleasableOptions,
  type Releaser,
  type Releases,
  releasableFiles,
} from './boot-stage-release.ts';
import type { BootStageScene } from './boot-stage-scene.ts';
import type { Step } from './boot-stage-steps.ts';
import { layerOf } from './layers.ts';
import type { DeviceLayout } from './layout.ts';
import type { StagePlan } from './stage-plan.ts';

/** Bytes kept free at the worst moment, for what the file system itself needs. */
export const inPlaceReserve = 8 * 1024 * 1024;

/** What an update in place of the old version takes, in bytes of disk and inodes. */
export type Room = {
  /** Bytes beyond what is free now, reserve included, at the worst moment; 0 or less: it fits. */
  readonly missingBytes: number;
  readonly missingInodes: number;
  /** The most that it takes beyond what it gives back, at the worst moment. */
  readonly peakBytes: number;
  readonly freeBytes: number;
};

/** Bytes and inodes that are free now. */
type Free = { readonly freeBytes: number; readonly freeInodes: number };

export type RoomOptions = {
  readonly free: Free;
  readonly plan: StagePlan;
  readonly steps: readonly Pick<Step, 'disk' | 'targets' | 'spooled'>[];
  readonly releases: Releases;
  readonly releaser: Pick<Releaser, 'freed'>;
  /** Entries of the new index: each has a row in the ledger. */
  readonly entries: number;
  /** Bytes that archives unpack to. */
  readonly scratch: number;
  /** Bytes of the user's changes, which are copied in the end. */
  readonly changes: number;
};

const ledgerRow = 64;

/** Walks over the steps as they will be done, and finds the moment at which most of the disk is taken. */
export function measureRoom(options: RoomOptions): Room {
  const { plan, steps, releases, releaser, entries, scratch, changes } = options;
  const { freeBytes, freeInodes } = options.free;
  let bytes = scratch + entries * ledgerRow;
  bytes += plan.directories.length * directoryDisk;
  bytes += (plan.small.length + plan.large.length) * fileDisk(0);
  let inodes = plan.directories.length + plan.small.length + plan.large.length;
  let peakBytes = bytes;
  let peakInodes = inodes;
  const release = (numbers: readonly number[]) => {
    for (const number of numbers) {
      const freed = releaser.freed(number);
      bytes -= freed.bytes;
      inodes -= freed.inodes;
    }
  };
  release(releases.first);
  steps.forEach(({ disk, targets, spooled }, step) => {
    bytes += disk;
    for (const { position } of targets) if (position === undefined) inodes += 1;
    peakBytes = Math.max(peakBytes, bytes);
    peakInodes = Math.max(peakInodes, inodes);
    bytes -= spooled;
    release(releases.after[step]!);
  });
  peakBytes = Math.max(peakBytes, bytes - scratch + changes);
  return {
    missingBytes: peakBytes + inPlaceReserve - freeBytes,
    missingInodes: peakInodes - freeInodes,
    peakBytes,
    freeBytes,
  };
}

/**
 * Refuses an update for which there is no room even in place of the old version. Throws `in-place-no-space`,
 * `in-place-no-inodes`.
 */
export function requireRoom(
  layout: DeviceLayout,
  { plan, steps, releases, releaser, index, delta }: BootStageScene,
  { from, to }: { readonly from: BuildName; readonly to: BuildName },
): void {
  const scratch = delta === undefined ? 0 : scratchToApply(delta.head);
  const measured = { scratch, entries: index.entries.length, changes: changesOf(layout, from) };
  const free = freeOn(layout);
  refuse(measureRoom({ free, plan, steps, releases, releaser, ...measured }), { from, build: to });
}

/** What is free on the disk of a device. */
export function freeOn(layout: DeviceLayout): Free {
  const { bytes: freeBytes, inodes: freeInodes } = freeSpace(layout.own);
  return { freeBytes, freeInodes };
}

function changesOf(layout: DeviceLayout, from: BuildName): number {
  return bytesBelow([layerOf(layout, from).upper]);
}

function refuse(room: Room, names: { readonly from: string; readonly build: string }): void {
  if (room.missingBytes > 0)
    throw new SatchelError('in-place-no-space', {
      ...names,
      peak: formatBytes(room.peakBytes),
      reserve: formatBytes(inPlaceReserve),
      free: formatBytes(room.freeBytes),
      missing: formatBytes(room.missingBytes),
    });
  if (room.missingInodes > 0)
    throw new SatchelError('in-place-no-inodes', { ...names, missing: room.missingInodes });
}

/**
 * Refuses, before anything is received, what would not fit even if nothing of the old version were needed to make the
 * new one; else what it takes at best. Throws as {@link requireRoom}.
 */
export function requireRoomAtBest(
  layout: DeviceLayout,
  options: ReleasableOptions & { readonly received: number; readonly free: Free },
  { from, to }: { readonly from: BuildName; readonly to: BuildName },
): Room {
  const { plan, entries, received, free } = options;
  const { first } = planReleases(releasableFiles(options).keys(), []);
  const targets = [...plan.objects.values()].flatMap((object) => object.targets);
  let disk = 0;
  for (const { size, targets } of plan.objects.values()) disk += diskOf(targets, size);
  const room = measureRoom({
    ...{ free, plan, entries: entries.length, releaser: createReleaser(options) },
    changes: changesOf(layout, from),
    // It is there before anything goes, and may give its disk back by and by.
    scratch: received,
    steps: [{ disk: Math.max(0, disk - received), targets, spooled: 0 }],
    releases: { first, after: [[]] },
  });
  refuse(room, { from, build: to });
  return room;
}
