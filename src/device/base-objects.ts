import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { type EntryList, IndexTable, pathOf, type SharedIndex } from '../build/index-table.ts';
import { type BuildObject, objectsOfFile } from '../build/objects.ts';
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

/** Finds every object of a version in its index: ordinals count them in the order in which it names them first. */
export function locateBaseObjects(table: IndexTable): BaseObjects {
  const seen = new Set<Sha256>();
  const objects: BuildObject[] = [];
  const entries: number[] = [];
  const positions: number[] = [];
  for (const [number, entry] of table.entries()) {
    if (entry.type !== 'file') continue;
    let position = 0;
    for (const object of objectsOfFile(entry)) {
      if (!seen.has(object.sha256)) {
        seen.add(object.sha256);
        objects.push(object);
        entries.push(number);
        positions.push(position);
      }
      position += object.size;
    }
  }
  return {
    index: table.share(),
    list: objectList(objects),
    entries: shared(Uint32Array, entries),
    positions: shared(Float64Array, positions),
  };
}

function shared<Column extends Uint32Array | Float64Array>(
  type: { new (buffer: SharedArrayBuffer): Column; readonly BYTES_PER_ELEMENT: number },
  values: readonly number[],
): Column {
  const column = new type(new SharedArrayBuffer(type.BYTES_PER_ELEMENT * values.length));
  column.set(values);
  return column;
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
