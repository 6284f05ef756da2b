import type { ByteString } from '../base/byte-string.ts';
import { type EntryList, IndexTable, pathOf, type SharedIndex } from '../build/index-table.ts';
import { objectOrdinals, objectsOf, objectsOfFile } from '../build/objects.ts';
import { type ObjectList, objectList } from '../delta/object-list.ts';

/** Where each object of a version lies in its tree, by ordinal, in memory that threads share. */
export type BaseObjects = {
  readonly index: SharedIndex;
  readonly list: ObjectList;
  /** Number of the first entry that has the object. */
  readonly entries: Uint32Array;
  /** Where in that file it begins, in bytes. */
  readonly positions: Float64Array;
};

/** Finds every object of a version in its index. */
export function locateBaseObjects(table: IndexTable): BaseObjects {
  const objects = objectsOf(table);
  const ordinals = objectOrdinals(objects);
  const entries = new Uint32Array(new SharedArrayBuffer(4 * objects.length));
  const positions = new Float64Array(new SharedArrayBuffer(8 * objects.length));
  let found = 0;
  for (const [number, entry] of table.entries()) {
    if (entry.type !== 'file') continue;
    let position = 0;
    for (const { sha256, size } of objectsOfFile(entry)) {
      // Ordinals count objects in the order in which the index names them first.
      if (ordinals.get(sha256) === found) {
        entries[found] = number;
        positions[found] = position;
        found += 1;
      }
      position += size;
    }
  }
  return { index: table.share(), list: objectList(objects), entries, positions };
}

/** Where one object lies, in the thread that was given the places. */
export type ObjectPlace = { readonly path: ByteString; readonly position: number; readonly size: number };

/** Looks places up. An ordinal that does not exist is a fault of this program. */
export function objectPlaces({
  index,
  list,
  entries,
  positions,
}: BaseObjects): (ordinal: number) => ObjectPlace {
  const table: EntryList = IndexTable.ofShared(index);
  return (ordinal) => {
    const path = pathOf(table, entries[ordinal]!);
    if (path === undefined) throw new Error(`there is no object ${ordinal} in the base`);
    return { path, position: positions[ordinal]!, size: list.sizes[ordinal]! };
  };
}
