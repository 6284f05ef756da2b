import { throwIfCancelled } from '../base/cancel.ts';
import type { BuildObject } from '../build/objects.ts';
import type { DeltaSide } from './content-source.ts';
import type { Candidate, Target } from './match.ts';
import { createSketch, type Sketch } from './sketch.ts';

/** Finds better bases for windows of large files, by what is in the objects of the old file. */
export type Refiner = {
  /** The target with the objects of each old file that are most like `content`. */
  refine(target: Target, content: Uint8Array, signal: AbortSignal | undefined): Promise<Target>;
};

/** An old object that shares fewer anchors with a window is not worth reading for it. */
const fewestShared = 4;

/** A refiner that keeps the sketch of the file it was asked about last: windows of one file come in a row. */
export function createRefiner(from: DeltaSide): Refiner {
  let known: { readonly key: string; readonly sketch: Promise<Sketch> } | undefined;
  const sketchFor = (file: readonly number[], signal: AbortSignal | undefined): Promise<Sketch> => {
    const key = file.join();
    if (known?.key !== key) known = { key, sketch: sketchOf(from, file, signal) };
    return known.sketch;
  };
  return {
    async refine(target, content, signal) {
      if (target.candidates.length === 0) return target;
      const candidates: Candidate[] = [];
      for (const candidate of target.candidates) {
        if (candidate.isWholeFile) {
          candidates.push(candidate);
          continue;
        }
        const sketch = await sketchFor(candidate.file, signal);
        const bases = likest(candidate, sketch.countShared(content), from.objects);
        candidates.push({ ...candidate, bases });
      }
      return { ...target, candidates };
    },
  };
}

async function sketchOf(
  from: DeltaSide,
  file: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Sketch> {
  const sketch = createSketch(file.reduce((sum, ordinal) => sum + from.objects[ordinal]!.size, 0));
  for (let start = 0; start < file.length; start += readAtOnce) {
    throwIfCancelled(signal);
    for (const content of await from.read(file.slice(start, start + readAtOnce), signal)) sketch.add(content);
  }
  return sketch;
}

/** Objects that are read at once: some 4 MiB. */
const readAtOnce = 16;

/**
 * The objects of the old file with most in common, then what was there before, within the length of the latter; in
 * the order of the file.
 */
function likest(
  { bases, file }: Candidate,
  shared: Uint32Array,
  objects: readonly BuildObject[],
): readonly number[] {
  const room = bases.reduce((sum, ordinal) => sum + objects[ordinal]!.size, 0);
  const before = new Set(bases);
  const places = file.map((ordinal, place) => ({ ordinal, place, shared: shared[place]! }));
  const liked = places.filter((one) => one.shared >= fewestShared).sort((a, b) => b.shared - a.shared);
  const others = places.filter((one) => one.shared < fewestShared && before.has(one.ordinal));
  let left = room;
  const chosen = [...liked, ...others].filter(({ ordinal }) => {
    const { size } = objects[ordinal]!;
    if (size > left) return false;
    left -= size;
    return true;
  });
  return chosen.sort((a, b) => a.place - b.place).map(({ ordinal }) => ordinal);
}
