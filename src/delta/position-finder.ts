import type { PatchStep } from './patch-steps.ts';

/** Places are looked up for so many bytes at once. */
const granule = 8;

/** Where a place of the base went in the target: with the longest step that reads it. */
export function positionFinder(
  length: number,
  steps: readonly PatchStep[],
): (place: number) => number | undefined {
  const count = Math.ceil(length / granule);
  const lengths = new Int32Array(count);
  const distances = new Int32Array(count);
  let position = 0;
  for (const { place, difference, extra } of steps) {
    for (let number = Math.ceil(place / granule); (number + 1) * granule <= place + difference; number += 1) {
      if (lengths[number]! >= difference) continue;
      lengths[number] = difference;
      distances[number] = position - place;
    }
    position += difference + extra;
  }
  return (place) => {
    const number = Math.floor(place / granule);
    return lengths[number] === 0 ? undefined : place + distances[number]!;
  };
}

/** By how much a number of 4 or 8 bytes differs between the base and the target. */
export function changeOf(
  base: Buffer,
  place: number,
  target: Buffer,
  position: number,
  length: 4 | 8,
): number {
  const low = target.readUInt32LE(position) - base.readUInt32LE(place);
  if (length === 4) return low | 0;
  return low + (target.readInt32LE(position + 4) - base.readInt32LE(place + 4)) * 2 ** 32;
}
