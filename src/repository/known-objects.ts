import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { BuildObject } from '../build/objects.ts';
import { forEachLocation, type ObjectLocation } from '../pack/locations.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { type Catalog, loadBuild, loadMap } from './catalog.ts';
import type { BuildRecord } from './records.ts';

/** A build as far as its content goes: what it needs and where that lies. */
export type KnownBuild = {
  readonly record: BuildRecord;
  /** In index order, as the map counts them. */
  readonly objects: readonly BuildObject[];
  readonly map: ObjectMap;
};

/** All builds of a repository with the place of every object that it holds. */
export type KnownObjects = {
  readonly locations: ReadonlyMap<Sha256, ObjectLocation>;
  readonly builds: ReadonlyMap<BuildName, KnownBuild>;
};

/** Reads the maps of all builds. Of an object in several packs any place is as good as another. */
export async function readKnownObjects(catalog: Catalog, signal?: AbortSignal): Promise<KnownObjects> {
  const locations = new Map<Sha256, ObjectLocation>();
  const builds = new Map<BuildName, KnownBuild>();
  for (const name of catalog.buildNames()) {
    // The entries are let go at once: only a few builds of a large tree would fit into memory with them.
    const build = await loadBuild(catalog, name, signal);
    const map = await loadMap(catalog, build, signal);
    builds.set(name, { record: build.record, objects: build.objects, map });
    forEachLocation(map, build.objects, ({ sha256 }, location) => {
      if (!locations.has(sha256)) locations.set(sha256, location);
    });
  }
  return { locations, builds };
}
