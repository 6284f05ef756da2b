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

/**
 * Bytes of old files that are sketched for one window, and kept sketched; a sketch takes a tenth of them as memory. Of
 * longer files all would have to be read for a few windows, and where unchanged objects stand around a window, they
 * tell its base as well.
 */
const mostSketched = 512 * 1024 * 1024;

/** A refiner that keeps the sketches of the files it was asked about last: windows of one file come in a row. */
export function createRefiner(from: DeltaSide, most = mostSketched): Refiner {
  const known = new Map<Candidate['file'], { readonly length: number; readonly sketch: Promise<Sketch> }>();
  const lengthOf = (file: Candidate['file']) =>
    file.reduce((sum, ordinal) => sum + from.objects[ordinal]!.size, 0);
  const sketchFor = (
    file: Candidate['file'],
    length: number,
    signal: AbortSignal | undefined,
  ): Promise<Sketch> => {
    const found = known.get(file) ?? { length, sketch: sketchOf(from, file, signal) };
    // The one that was asked for last stands last.
    known.delete(file);
    known.set(file, found);
    let kept = [...known.values()].reduce((sum, each) => sum + each.length, 0);
    for (const [oldest, each] of known) {
      if (kept <= most) break;
      known.delete(oldest);
      kept -= each.length;
    }
    return found.sketch;
  };
  return {
    async refine(target, content, signal) {
      if (target.candidates.length === 0) return target;
      const candidates: Candidate[] = [];
      let left = most;
      for (const candidate of target.candidates) {
        const length = candidate.isWholeFile ? 0 : lengthOf(candidate.file);
        if (candidate.isWholeFile || length > left) {
          candidates.push(candidate);
          continue;
        }
        left -= length;
        const sketch = await sketchFor(candidate.file, length, signal);
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
