import type { BuildName, Sha256 } from '../base/identifiers.ts';
import type { BuildObject } from '../build/objects.ts';
import { forEachLocation, type ObjectLocation } from '../pack/locations.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { type Catalog, loadBuild, loadMap, loadTree } from './catalog.ts';
import type { BundleRecord } from './group-record.ts';
import type { BuildRecord } from './records.ts';

/** A build as far as its content goes: what it needs and where that lies. */
export type KnownBuild = {
  readonly record: BuildRecord;
  /** In index order, as the map counts them. */
  readonly objects: readonly BuildObject[];
  readonly map: ObjectMap;
};

/** A version of a bundle, in the same way. */
export type KnownBundle = {
  readonly record: BundleRecord;
  readonly objects: readonly BuildObject[];
  readonly map: ObjectMap;
};

/** All builds of a repository with the place of every object that it holds. */
export type KnownObjects = {
  readonly locations: ReadonlyMap<Sha256, ObjectLocation>;
  readonly builds: ReadonlyMap<BuildName, KnownBuild>;
  /** By the SHA-256 of their index; several groups may hold the same. */
  readonly bundles: ReadonlyMap<Sha256, KnownBundle>;
};

/** Reads the maps of all builds and bundles. Of an object in several packs any place is as good as another. */
export async function readKnownObjects(catalog: Catalog, signal?: AbortSignal): Promise<KnownObjects> {
  const locations = new Map<Sha256, ObjectLocation>();
  const builds = new Map<BuildName, KnownBuild>();
  for (const name of catalog.buildNames()) {
    // The entries are let go at once: only a few builds of a large tree would fit into memory with them.
    const build = await loadBuild(catalog, name, signal);
    const map = await loadMap(catalog, build, signal);
    builds.set(name, { record: build.record, objects: build.objects, map });
    addLocations(map, build.objects);
  }
  const bundles = new Map<Sha256, KnownBundle>();
  for (const record of await bundlesOf(catalog)) {
    if (bundles.has(record.index.sha256)) continue;
    const { objects, map } = await loadTree(catalog.store, record, signal);
    bundles.set(record.index.sha256, { record, objects, map });
    addLocations(map, objects);
  }
  return { locations, builds, bundles };

  function addLocations(map: ObjectMap, objects: readonly BuildObject[]): void {
    forEachLocation(map, objects, ({ sha256 }, location) => {
      if (!locations.has(sha256)) locations.set(sha256, location);
    });
  }
}

/** The bundles of all groups; one that several groups hold comes several times. */
export async function bundlesOf(catalog: Catalog): Promise<BundleRecord[]> {
  const groups = await Promise.all(catalog.groupNames().map((name) => catalog.group(name)));
  return groups.flatMap(({ bundles }) => bundles);
}
