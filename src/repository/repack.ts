import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { readObjects } from '../pack/frame.ts';
import { mapContentFor, namedObjectsIn, type ObjectLocation } from '../pack/locations.ts';
import { serialiseMap } from '../pack/map-format.ts';
import { createPackWriter } from '../pack/pack-writer.ts';
import { readPart } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import type { KeyRing } from '../trust/keys.ts';
import { type Catalog, checkedMap, openCatalog } from './catalog.ts';
import { costFrom, costOfEverything } from './costs.ts';
import { publishDeltasRecords } from './deltas-records.ts';
import { type KnownBuild, type KnownObjects, readKnownObjects } from './known-objects.ts';
import { mapFile, packFile } from './layout.ts';
import type { DeltasRecord } from './records.ts';
import { compressStored, newLocations } from './store-build.ts';

export type RepackOptions = {
  readonly store: Store;
  readonly spoolDirectory: string;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Writes packs anew of which less than half is in use, with new maps for the builds that lie in them; builds
 * and their indexes stay untouched. Returns how many packs. The old packs are then without use.
 */
export async function repackWaste(options: RepackOptions): Promise<number> {
  const catalog = await openCatalog(options.store, options.signal);
  const known = await readKnownObjects(catalog, options.signal);
  const wasteful = wastefulPacks(known);
  if (wasteful.size === 0) return 0;
  const moved = await rewriteObjects(options, known, wasteful);
  const remapped = new Map<BuildName, Remapped>();
  for (const [name, build] of known.builds) {
    if (!build.map.packs.some(({ sha256 }) => wasteful.has(sha256))) continue;
    remapped.set(name, await remap(catalog, name, build, moved, known));
  }
  await publishRemapped(options, remapped);
  return wasteful.size;
}

/** Packs of which the objects that some build needs make up less than half of the stored bytes. */
function wastefulPacks({ builds, bundles }: KnownObjects): Set<Sha256> {
  const packs = new Map<Sha256, { length: number; used: number }>();
  const counted = new Set<Sha256>();
  for (const { map, objects } of builds.values()) {
    for (const { sha256, length } of map.packs)
      if (!packs.has(sha256)) packs.set(sha256, { length, used: 0 });
    map.frames.forEach((frame, number) => {
      const pack = packs.get(map.pack(frame.pack).sha256);
      for (const { sha256, size } of namedObjectsIn(map, number, objects)) {
        if (counted.has(sha256) || pack === undefined) continue;
        counted.add(sha256);
        pack.used += (frame.length * size) / frame.rawLength;
      }
    });
  }
  // The maps of bundles are signed by keys that may be far away, so what they lie in stays.
  for (const { map } of bundles.values()) for (const { sha256 } of map.packs) packs.delete(sha256);
  return new Set([...packs].filter(([, { length, used }]) => used < length / 2).map(([sha256]) => sha256));
}

async function rewriteObjects(
  options: RepackOptions,
  { builds }: KnownObjects,
  wasteful: ReadonlySet<Sha256>,
): Promise<Map<Sha256, ObjectLocation>> {
  const writer = createPackWriter({ ...options, known: () => false });
  try {
    for (const { map, objects } of builds.values()) {
      for (const [number, { pack, offset, length, rawLength }] of map.frames.entries()) {
        throwIfCancelled(options.signal);
        const { sha256: file } = map.pack(pack);
        if (!wasteful.has(file)) continue;
        const wanted = namedObjectsIn(map, number, objects);
        const bytes = await readPart(options.store, packFile(file), { offset, length });
        const contents = readObjects({ bytes, rawLength, pack: file, offset }, wanted);
        for (const [i, { sha256 }] of wanted.entries())
          await writer.add(sha256, Buffer.from(contents[i] as Buffer));
      }
    }
    return newLocations(await writer.finish());
  } finally {
    await writer.discard();
  }
}

/** What a new map changes of the record of how to get a build. */
type Remapped = Pick<DeltasRecord, 'map' | 'everything' | 'costs'>;

async function remap(
  catalog: Catalog,
  name: BuildName,
  { record, objects }: KnownBuild,
  moved: ReadonlyMap<Sha256, ObjectLocation>,
  known: KnownObjects,
): Promise<Remapped> {
  const raw = serialiseMap(
    mapContentFor(record.index.sha256, objects, (sha256) => moved.get(sha256) ?? known.locations.get(sha256)),
  );
  const { stored, bytes } = await compressStored(raw);
  await catalog.store.put(mapFile(stored.stored), bytes);
  const deltas = await catalog.deltas(name);
  const map = checkedMap(
    raw,
    objects.map(({ size }) => size),
    record.index.sha256,
  );
  const lists = record.index.length + stored.length;
  const costs = deltas.costs.flatMap(({ from }) => {
    const old = known.builds.get(from);
    if (old === undefined) return [];
    const { bytes: content, requests } = costFrom(old.objects, objects, map);
    return [{ from, bytes: content + lists, requests: requests + 2 }];
  });
  return { map: stored, everything: costOfEverything(map).bytes, costs };
}

async function publishRemapped(
  options: RepackOptions,
  remapped: ReadonlyMap<BuildName, Remapped>,
): Promise<void> {
  await publishDeltasRecords(options, async (current) => {
    const changed = new Map<BuildName, DeltasRecord>();
    for (const [name, record] of remapped)
      if (current.hasBuild(name)) changed.set(name, { ...(await current.deltas(name)), ...record });
    return changed;
  });
}
