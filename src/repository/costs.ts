import type { Sha256 } from '../base/identifiers.ts';
import type { BuildObject } from '../build/objects.ts';
import { coalesceFrames, framesHolding } from '../pack/locate.ts';
import type { ObjectMap } from '../pack/map-format.ts';

/** What reading a set of objects costs. */
export type RangeCost = { readonly bytes: number; readonly requests: number };

/** The cost of reading the objects with these ordinals by coalesced ranges. */
export function costOfObjects(map: ObjectMap, ordinals: Iterable<number>): RangeCost {
  const ranges = coalesceFrames(map, framesHolding(map, ordinals));
  return { bytes: ranges.reduce((sum, { length }) => sum + length, 0), requests: ranges.length };
}

/** The cost of all objects of a build, for a device that has nothing. */
export function costOfEverything(map: ObjectMap): RangeCost {
  return costOfObjects(map, Array(map.objectCount).keys());
}

/**
 * Stored bytes of the objects of a map by themselves, `sizes` by ordinal: of a frame that holds others too, the part
 * that they are of its content. What is read is more, because frames are read whole.
 */
export function storedAlone(map: ObjectMap, sizes: ArrayLike<number>): number {
  const parts = map.frames.map(({ length, rawLength }, number) => {
    const raw = map.objectsIn(number).reduce((sum, { ordinal }) => sum + sizes[ordinal]!, 0);
    return rawLength === 0 ? 0 : (length * raw) / rawLength;
  });
  return Math.ceil(parts.reduce((sum, part) => sum + part, 0));
}

/** The cost of the objects that the new build has and the old one has not. */
export function costFrom(
  old: readonly BuildObject[],
  next: readonly BuildObject[],
  map: ObjectMap,
): RangeCost {
  const had = new Set<Sha256>(old.map(({ sha256 }) => sha256));
  const missing: number[] = [];
  next.forEach(({ sha256 }, ordinal) => {
    if (!had.has(sha256)) missing.push(ordinal);
  });
  return costOfObjects(map, missing);
}
