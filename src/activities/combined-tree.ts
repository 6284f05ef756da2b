import { hash } from 'node:crypto';
import { type ByteString, byteStringFromText } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexEntry } from '../build/entry.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { IndexTable } from '../build/index-table.ts';
import { type BuildObject, objectsOf } from '../build/objects.ts';
import { impliedDirectory } from '../build/tree.ts';
import { forEachLocation, mapContentFor, type ObjectLocation } from '../pack/locations.ts';
import { type ObjectMap, parseMap, serialiseMap } from '../pack/map-format.ts';
import type { Owner } from './home.ts';

/** The checked tree of one bundle and where it lies below the home: `Activities/Maze.activity`. */
export type PlacedTree = { readonly entries: IndexTable; readonly at: string };

/**
 * The trees of several bundles as one, so that what is missing of all of them is asked for together. Everything in it
 * belongs to the owner of the home. No two may lie at the same place.
 */
export function combineTrees(trees: readonly PlacedTree[], owner: Owner): IndexTable {
  // What comes out of checked trees and is written by rule need not be checked again.
  return IndexTable.ofChecked(serialiseIndex(placedEntries(trees, owner)));
}

/** A run of entries that no other run stands between, and what it is sorted by. */
type Run = { readonly key: string; readonly entries: () => Iterable<IndexEntry> };

/** All entries in byte order; none is held longer than it takes to write it. */
function* placedEntries(trees: readonly PlacedTree[], owner: Owner): Generator<IndexEntry, void> {
  const runs = [...new Set(['' as ByteString, ...trees.map(({ at }) => kindOf(at))])].map(
    (path): Run => ({ key: path, entries: () => [{ ...impliedDirectory(path), ...owner }] }),
  );
  for (const { entries, at } of trees) {
    const top = byteStringFromText(at);
    const place = (entry: IndexEntry) => placed(entry, below(top, entry.path), top, owner);
    runs.push({ key: top, entries: () => [place(entries.at(0)!)] });
    // `Maze-2` stands between `Maze` and `Maze/file`.
    runs.push({ key: `${top}/`, entries: () => inside(entries, place) });
  }
  for (const { entries } of runs.sort((one, other) => (one.key < other.key ? -1 : 1))) yield* entries();
}

function kindOf(at: string): ByteString {
  return byteStringFromText(at.slice(0, at.indexOf('/')));
}

function* inside(entries: IndexTable, place: (entry: IndexEntry) => IndexEntry): Generator<IndexEntry, void> {
  for (let number = 1; number < entries.length; number += 1) yield place(entries.at(number)!);
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
  const index = hash('sha256', tree.share().bytes) as Sha256;
  const bytes = serialiseMap(mapContentFor(index, objects, (sha256) => locations.get(sha256)));
  const sizes = objects.map(({ size }) => size);
  return { objects, map: parseMap(bytes, sizes) };
}
