import { hash } from 'node:crypto';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexEntry, InodeEntry } from '../build/entry.ts';
import { parseIndex, serialiseIndex } from '../build/index-format.ts';
import type { IndexTable } from '../build/index-table.ts';
import { type BuildObject, objectsOf } from '../build/objects.ts';
import { impliedDirectory } from '../build/tree.ts';
import { forEachLocation, mapContentFor, type ObjectLocation } from '../pack/locations.ts';
import { type ObjectMap, parseMap, serialiseMap } from '../pack/map-format.ts';
import type { Owner } from './home.ts';

/** The tree of one bundle and where it lies below the home: `Activities/Maze.activity`. */
export type PlacedTree = { readonly entries: Iterable<IndexEntry>; readonly at: string };

/**
 * The trees of several bundles as one, so that what is missing of all of them is asked for together. Everything in it
 * belongs to the owner of the home.
 */
export function combineTrees(trees: readonly PlacedTree[], owner: Owner): IndexTable {
  const entries = new Map<ByteString, IndexEntry>();
  const directory = (path: ByteString): InodeEntry => ({ ...impliedDirectory(path), ...owner });
  entries.set('' as ByteString, directory('' as ByteString));
  for (const { entries: own, at } of trees) {
    const top = byteStringFromText(at);
    const kind = top.slice(0, top.indexOf('/')) as ByteString;
    entries.set(kind, directory(kind));
    for (const entry of own) {
      const path = below(top, entry.path);
      entries.set(path, placed(entry, path, top, owner));
    }
  }
  const sorted = [...entries.keys()].sort().map((path) => entries.get(path)!);
  return parseIndex(serialiseIndex(sorted));
}

function below(top: ByteString, path: ByteString): ByteString {
  return (path === '' ? top : `${top}/${path}`) as ByteString;
}

function placed(entry: IndexEntry, path: ByteString, top: ByteString, { uid, gid }: Owner): IndexEntry {
  if (entry.type === 'hardlink') return { ...entry, path, link: below(top, entry.link) };
  return { ...entry, path, uid, gid };
}

/** The objects of a combined tree, and one map that tells where all of them lie. */
export type CombinedObjects = { readonly objects: readonly BuildObject[]; readonly map: ObjectMap };

/** Makes it from the bundles' own maps. */
export function combineMaps(
  tree: IndexTable,
  parts: readonly { readonly map: ObjectMap; readonly objects: readonly BuildObject[] }[],
): CombinedObjects {
  const locations = new Map<Sha256, ObjectLocation>();
  for (const { map, objects } of parts)
    forEachLocation(map, objects, ({ sha256 }, location) => {
      if (!locations.has(sha256)) locations.set(sha256, location);
    });
  const objects = objectsOf(tree);
  const index = hash('sha256', serialiseIndex(tree)) as Sha256;
  const bytes = serialiseMap(mapContentFor(index, objects, (sha256) => locations.get(sha256)));
  const sizes = objects.map(({ size }) => size);
  return { objects, map: parseMap(bytes, sizes) };
}
