import type { Sha256 } from '../base/identifiers.ts';
import type { FrameObject } from './frame.ts';
import type { MapContent, MapFrame, MapPack, ObjectMap, PlacedObject } from './map-format.ts';

/** An object as the index names it. */
export type NamedObject = { readonly sha256: Sha256; readonly size: number };

/** A frame of a known pack, whatever map or writer it is known from. */
export type FrameLocation = {
  readonly pack: MapPack;
  readonly offset: number;
  readonly length: number;
  readonly rawLength: number;
};

/** Where one object lies. All objects of a frame share one `frame` value. */
export type ObjectLocation = { readonly frame: FrameLocation; readonly rawOffset: number };

/** Calls `take` with the location of each object of a build, from its map and its objects in index order. */
export function forEachLocation(
  map: ObjectMap,
  objects: readonly NamedObject[],
  take: (object: NamedObject, location: ObjectLocation) => void,
): void {
  map.frames.forEach(({ pack, offset, length, rawLength }, number) => {
    const frame = { pack: map.pack(pack), offset, length, rawLength };
    for (const { ordinal, rawOffset } of map.objectsIn(number))
      take(objects[ordinal] as NamedObject, { frame, rawOffset });
  });
}

/**
 * The content of a build's map, from its objects in index order and where each lies. Where an object lies in
 * several packs the caller chooses. `locate` must know every object: an unknown one is a bug.
 */
export function mapContentFor(
  index: Sha256,
  objects: readonly NamedObject[],
  locate: (sha256: Sha256) => ObjectLocation | undefined,
): MapContent {
  const packs: MapPack[] = [];
  const packNumbers = new Map<Sha256, number>();
  const frames = new Map<string, MapFrame & { readonly objects: PlacedObject[] }>();
  const packNumber = (pack: MapPack): number => {
    const known = packNumbers.get(pack.sha256);
    if (known !== undefined) return known;
    packNumbers.set(pack.sha256, packs.length);
    return packs.push({ sha256: pack.sha256, length: pack.length }) - 1;
  };
  objects.forEach(({ sha256 }, ordinal) => {
    const location = locate(sha256);
    if (location === undefined) throw new Error(`no location is known of object ${sha256}`);
    const { frame, rawOffset } = location;
    const pack = packNumber(frame.pack);
    const key = `${pack} ${frame.offset}`;
    let entry = frames.get(key);
    if (entry === undefined) {
      entry = { pack, offset: frame.offset, length: frame.length, rawLength: frame.rawLength, objects: [] };
      frames.set(key, entry);
    }
    entry.objects.push({ ordinal, rawOffset });
  });
  return { index, objectCount: objects.length, packs, frames: [...frames.values()] };
}

/** The objects of one frame of a map with their names, to unpack it. */
export function namedObjectsIn(
  map: ObjectMap,
  frame: number,
  objects: readonly NamedObject[],
): FrameObject[] {
  return map.objectsIn(frame).map(({ ordinal, rawOffset }) => {
    const { sha256, size } = objects[ordinal] as NamedObject;
    return { sha256, size, rawOffset };
  });
}
