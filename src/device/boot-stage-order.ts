import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildName, buildName, isSha256, type Sha256 } from '../base/identifiers.ts';
import { syncDirectory, writeFileAtomic } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { SegmentUse } from './boot-stage-parts.ts';
import { readKeyValues, writeKeyValues } from './key-values.ts';
import type { DeviceLayout } from './layout.ts';
import { type Fields, isCount, readStateFile, writeStateFile } from './state-file.ts';
import { moveToTrash } from './trash.ts';

/** A stored file in the spool: as in a signed record. */
export type SpooledFile = {
  readonly stored: Sha256;
  readonly length: number;
  readonly sha256: Sha256;
  readonly size: number;
};

/** How a version is made from what lies in the spool: by a delta (whose head is so long), or from the packs of a map. */
export type BootStageWay =
  | { readonly kind: 'delta'; readonly stored: Sha256; readonly head: number }
  | { readonly kind: 'objects'; readonly map: SpooledFile };

/** An update that the initramfs carries out in place of the version that it comes from. */
export type BootStageOrder = {
  readonly from: BuildName;
  /** SHA-256 of the uncompressed index of what it comes from. */
  readonly fromIndex: Sha256;
  readonly to: BuildName;
  readonly toIndex: Sha256;
  readonly contentsHash: string;
  /** Bytes and entries of the new tree. */
  readonly size: number;
  readonly entries: number;
  readonly sequence: number;
  readonly way: BootStageWay;
  /**
   * Files of the old version that have names elsewhere, as in the kit, by their numbers: without them nothing comes
   * back, so they stay.
   */
  readonly held: readonly number[];
  /** True when received bytes give their disk back as soon as they have been read. */
  readonly punches: boolean;
  /** What receiving it cost. */
  readonly bytesReceived: number;
  readonly requests: number;
  readonly seconds: number;
};

/** Where the parts of an order lie, below `updates/satchel/boot-stage`. */
export type BootStageFiles = {
  /** For the initramfs (`key=value`): while it is there, the update is carried out by the next boot. */
  readonly order: string;
  /** What this program needs to know of it. */
  readonly plan: string;
  /** What the segments of the delta mean, which nobody can read any more when they have given their disk back. */
  readonly segments: string;
  /** The manifest of the new version. */
  readonly contents: string;
  /** `steps=`: how many steps are done and on the disk. */
  readonly progress: string;
  /** There as soon as files of the old version may be gone. */
  readonly begun: string;
  /** The small root that the program runs in. */
  readonly kit: string;
};

/** The parts of the order of a device. */
export function bootStageFiles({ bootStage }: DeviceLayout): BootStageFiles {
  const at = (name: string) => join(bootStage, name);
  return {
    order: at('order'),
    plan: at('plan.json'),
    segments: at('segments.json'),
    contents: at('contents'),
    progress: at('progress'),
    begun: at('begun'),
    kit: at('kit'),
  };
}

/** Another one whenever steps are made or ordered in another way: what is done is told by their number. */
const format = 2;

/** The order that stands; undefined when none does. Throws `device-file-…`. */
export function readBootStageOrder(layout: DeviceLayout): BootStageOrder | undefined {
  const files = bootStageFiles(layout);
  return existsSync(files.order) ? readStateFile(files.plan, format, parseOrder) : undefined;
}

/** Writes what the segments of the delta mean, for {@link readSegmentUses}. */
export function writeSegmentUses(layout: DeviceLayout, segments: readonly SegmentUse[]): void {
  writeFileAtomic(bootStageFiles(layout).segments, JSON.stringify({ format, segments }));
}

/** What was written for the order that stands; undefined when it needs no delta. Throws `device-file-…`. */
export function readSegmentUses(layout: DeviceLayout): readonly SegmentUse[] | undefined {
  return readStateFile(bootStageFiles(layout).segments, format, ({ segments }) =>
    Array.isArray(segments) && segments.every(isSegmentUse) ? segments : undefined,
  );
}

function isSegmentUse(value: unknown): value is SegmentUse {
  const { number, outputs, reads } = (value ?? {}) as Fields;
  return isCount(number) && isCounts(outputs) && isCounts(reads);
}

/** Gives the order, last of all that it needs. `program`: the words that start this program inside the kit. */
export function writeBootStageOrder(layout: DeviceLayout, order: BootStageOrder, program: string): void {
  const files = bootStageFiles(layout);
  writeStateFile(files.plan, format, order);
  writeKeyValues(files.order, { from: order.from, to: order.to, program });
}

/** An empty folder for an order; what stood there goes. */
export function freshBootStage(layout: DeviceLayout): BootStageFiles {
  dropBootStage(layout);
  withSystemErrors('mkdir', layout.bootStage, () => mkdirSync(layout.bootStage, { mode: 0o700 }));
  syncDirectory(layout.own);
  return bootStageFiles(layout);
}

/** Takes an order back, in one step; none there is no error. */
export function dropBootStage(layout: DeviceLayout): void {
  if (!existsSync(layout.bootStage)) return;
  moveToTrash(layout, layout.bootStage);
  syncDirectory(layout.own);
}

/** How many steps are done and on the disk; undefined: not even the first folder is made. */
export function readProgress(layout: DeviceLayout): number | undefined {
  const steps = Number(readKeyValues(bootStageFiles(layout).progress)?.steps);
  return isCount(steps) ? steps : undefined;
}

/** Remembers how many steps are done. The caller has synced the file system. */
export function writeProgress(layout: DeviceLayout, steps: number): void {
  writeKeyValues(bootStageFiles(layout).progress, { steps });
}

/** Says that from now on files of the old version may be gone. */
export function markBegun(layout: DeviceLayout): void {
  const { begun } = bootStageFiles(layout);
  if (!existsSync(begun)) writeFileAtomic(begun, '');
}

/** Forgets what an attempt has done that nothing was lost for. */
export function forgetProgress(layout: DeviceLayout): void {
  const { progress } = bootStageFiles(layout);
  withSystemErrors('unlink', progress, () => rmSync(progress, { force: true }));
  syncDirectory(layout.bootStage);
}

function parseOrder(fields: Fields): BootStageOrder | undefined {
  const { from, fromIndex, to, toIndex, contentsHash, size, entries, sequence } = fields;
  const { held, punches, bytesReceived, requests, seconds } = fields;
  const way = parseWay(fields.way as Fields);
  if (typeof from !== 'string' || typeof to !== 'string' || typeof contentsHash !== 'string')
    return undefined;
  if (!isHash(fromIndex) || !isHash(toIndex) || way === undefined) return undefined;
  if (!isCount(size) || !isCount(entries) || !isCount(sequence)) return undefined;
  if (!isCounts(held) || typeof punches !== 'boolean') return undefined;
  if (!isCount(bytesReceived) || !isCount(requests) || typeof seconds !== 'number') return undefined;
  return {
    ...{ from: buildName(from), fromIndex, to: buildName(to), toIndex, contentsHash },
    ...{ size, entries, sequence, way, held, punches, bytesReceived, requests, seconds },
  };
}

function parseWay(fields: Fields | undefined): BootStageWay | undefined {
  const { kind, stored, head } = fields ?? {};
  if (kind === 'delta' && isHash(stored) && isCount(head)) return { kind, stored, head };
  const map = (fields?.map ?? {}) as Fields;
  const isMap = isHash(map.stored) && isCount(map.length) && isHash(map.sha256) && isCount(map.size);
  return kind === 'objects' && isMap ? { kind, map: map as SpooledFile } : undefined;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every(isCount);
}

function isHash(value: unknown): value is Sha256 {
  return typeof value === 'string' && isSha256(value);
}
