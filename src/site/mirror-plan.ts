import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { expectedSeconds } from '../plan/link.ts';
import { bytesOnWire } from '../plan/ways.ts';
import { finishTime, parseWindow } from '../plan/window.ts';
import type { Catalog } from '../repository/catalog.ts';
import { everybodysStream } from '../repository/group-record.ts';
import type { StreamRecord } from '../repository/records.ts';
import { isSecurityBuild } from '../repository/security.ts';
import { bundlesIn, readGroups, streamsServed, type TreeSubject } from './known-bundles.ts';
import { openSiteCatalog } from './mirror-catalog.ts';
import { missingFiles, missingOfBundle } from './mirror-missing.ts';
import type { MirrorChoice, MirrorFile, MirrorItem, MirrorPlace, MirrorPlan } from './mirror-types.ts';
import { waypointsFor } from './mirror-waypoints.ts';

export type PlanOptions = MirrorChoice & { readonly signal?: AbortSignal | undefined };

/**
 * Finds what the heads of the followed streams, the waypoints to them, and the bundles for their devices lack at a site, and
 * prices it from signed sizes: nothing but records is fetched for it. Throws `repository-absent` before the first metadata has come, and what reading records throws.
 */
export async function planMirror(place: MirrorPlace, options: PlanOptions = {}): Promise<MirrorPlan> {
  const { signal } = options;
  const settings = place.settings();
  const catalog = await openSiteCatalog(place.layout, { through: place.store, signal });
  const { heads, unknown, halted } = await followedHeads(catalog, settings.follow, signal);
  const running = await place.running();
  const wanted: Omit<MirrorItem, 'refusal'>[] = [];
  const complete: TreeSubject[] = [];
  const waypoints = await waypointsFor(catalog, heads, running);
  for (const { record, streams } of [...heads, ...waypoints]) {
    throwIfCancelled(signal);
    const files = await missingFiles(place, { catalog, record, streams, running, ...options });
    const build = record.build.name;
    if (files.length === 0) complete.push(build);
    else wanted.push({ build, streams, security: isSecurityBuild(record.build), files, ...costOf(files) });
  }
  for (const known of (await readGroups(catalog)).flatMap(bundlesIn)) {
    throwIfCancelled(signal);
    const streams = streamsServed(known, settings.follow);
    if (streams.length === 0) continue;
    const files = await missingOfBundle(place, { catalog, known, signal });
    const build = known.name;
    if (files.length === 0) complete.push(build);
    else wanted.push({ build, streams, security: false, files, ...costOf(files) });
  }
  // Sorting keeps the order of the streams among equals.
  const inOrder = wanted.sort((one, other) => Number(other.security) - Number(one.security));
  // A repository of content alone has no stream of builds, and all the same what is for everybody.
  const hasBundles = catalog.groupNames().length > 0;
  const absent = unknown.filter((stream) => !(hasBundles && stream === everybodysStream));
  return { ...(await priced(place, inOrder, signal)), complete, unknown: absent, halted };
}

type Head = { readonly record: StreamRecord; readonly streams: readonly StreamName[] };

/** The heads of streams in their order, each once; those that are halted are left alone. */
async function followedHeads(
  catalog: Catalog,
  follow: readonly StreamName[],
  signal: AbortSignal | undefined,
): Promise<Pick<MirrorPlan, 'unknown' | 'halted'> & { readonly heads: readonly Head[] }> {
  const heads = new Map<BuildName, Head>();
  const unknown: StreamName[] = [];
  const halted: StreamName[] = [];
  for (const stream of follow) {
    throwIfCancelled(signal);
    try {
      const record = await catalog.stream(stream);
      // No device takes the head of a stream that is halted.
      if (record.halted !== undefined) {
        halted.push(stream);
        continue;
      }
      const before = heads.get(record.build.name);
      heads.set(record.build.name, { record, streams: [...(before?.streams ?? []), stream] });
    } catch (error) {
      if (!isSatchelError(error, 'stream-not-found')) throw error;
      unknown.push(stream);
    }
  }
  return { heads: [...heads.values()], unknown, halted };
}

function costOf(files: readonly MirrorFile[]): Pick<MirrorItem, 'bytes' | 'requests'> {
  const sum = (of: (file: MirrorFile) => number) => files.reduce((total, file) => total + of(file), 0);
  return { bytes: sum(({ bytes }) => bytes), requests: sum(({ parts }) => parts?.length ?? 1) };
}

/** Refuses, in their order, what goes beyond the month or the disk, and adds up the rest. */
async function priced(
  place: MirrorPlace,
  wanted: readonly Omit<MirrorItem, 'refusal'>[],
  signal: AbortSignal | undefined,
): Promise<Omit<MirrorPlan, 'complete' | 'unknown' | 'halted'>> {
  const settings = place.settings();
  const month = place.month() ?? null;
  const taken = { bytes: 0, requests: 0 };
  const items: MirrorItem[] = [];
  for (const item of wanted) {
    const together = { bytes: taken.bytes + item.bytes, requests: taken.requests + item.requests };
    const overMonth = month?.left != null && bytesOnWire(together) > month.left;
    const overDisk = !overMonth && (await place.evictor.missingFor(together.bytes, { signal })) > 0;
    const refusal = overMonth ? 'month' : overDisk ? 'disk' : null;
    items.push({ ...item, refusal });
    if (refusal === null) Object.assign(taken, together);
  }
  const { usedBytes, budget, free, reserve } = await place.evictor.usage({ signal });
  const link = place.link() ?? null;
  const seconds = secondsFor(place, taken);
  const doneBy =
    seconds === undefined ? undefined : finishTime(parseWindow(settings), place.clock(), seconds);
  return {
    items,
    ...taken,
    link,
    seconds: seconds ?? null,
    doneBy: doneBy === undefined ? null : new Date(doneBy).toISOString(),
    month,
    disk: { used: usedBytes, after: usedBytes + taken.bytes, budget, free, reserve },
  };
}

/** How long fetching takes at the measured rate; never faster than the operator allows. */
function secondsFor(
  { link, settings }: Pick<MirrorPlace, 'link' | 'settings'>,
  { bytes, requests }: { readonly bytes: number; readonly requests: number },
): number | undefined {
  const { bytesPerSecond = Number.POSITIVE_INFINITY } = settings();
  const measured = link();
  const rate = measured && { ...measured, bytesPerSecond: Math.min(measured.bytesPerSecond, bytesPerSecond) };
  return expectedSeconds({ bytes, roundTrips: requests }, rate);
}
