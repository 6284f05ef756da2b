import { hash } from 'node:crypto';
import type { Sha256 } from '../base/identifiers.ts';
import type { BuildObject } from '../build/objects.ts';
import { compressZstd } from '../formats/zstd.ts';
import { mapContentFor, type ObjectLocation } from '../pack/locations.ts';
import { type ObjectMap, serialiseMap } from '../pack/map-format.ts';
import type { PackedObjects } from '../pack/pack-writer.ts';
import type { Store } from '../store/store.ts';
import { checkedMap } from './catalog.ts';
import type { KnownObjects } from './known-objects.ts';
import { mapFile } from './layout.ts';
import type { ReadBuild } from './read-source.ts';
import type { StoredFile } from './records.ts';

/** A source that has been read, with what was stored of it. */
export type PackedBuild = ReadBuild & { readonly objects: PackedObjects };

/** Indexes and maps are read by every device that has no delta, and written once: they get a high level. */
const listLevel = 15;

/** The compressed form of an index or a map, and what a record says of it. */
export async function compressStored(raw: Uint8Array): Promise<{ stored: StoredFile; bytes: Buffer }> {
  const bytes = await compressZstd(raw, { level: listLevel, checksum: true });
  return {
    bytes,
    stored: {
      stored: hash('sha256', bytes) as Sha256,
      length: bytes.length,
      sha256: hash('sha256', raw) as Sha256,
      size: raw.length,
    },
  };
}

/** Makes and stores the map of a build from the places of its old and new objects. */
export async function storeMap(
  store: Store,
  index: Sha256,
  build: Pick<PackedBuild, 'objects' | 'treeObjects'>,
  known: Pick<KnownObjects, 'locations'>,
): Promise<{ stored: StoredFile; map: ObjectMap }> {
  const locations = newLocations(build.objects);
  const raw = serialiseMap(
    mapContentFor(index, build.treeObjects, (sha256) => locations.get(sha256) ?? known.locations.get(sha256)),
  );
  const { stored, bytes } = await compressStored(raw);
  await store.put(mapFile(stored.stored), bytes);
  return { stored, map: checkedMap(raw, sizesOf(build.treeObjects), index) };
}

function sizesOf(objects: readonly BuildObject[]): number[] {
  return objects.map(({ size }) => size);
}

/** Where each object of new packs lies. */
export function newLocations({ frames }: PackedObjects): Map<Sha256, ObjectLocation> {
  const locations = new Map<Sha256, ObjectLocation>();
  for (const frame of frames)
    for (const { sha256, rawOffset } of frame.objects) locations.set(sha256, { frame, rawOffset });
  return locations;
}
