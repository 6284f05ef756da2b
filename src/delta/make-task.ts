import { choosePiece } from './choose.ts';
import { segmentLimits } from './delta-format.ts';
import { makePart } from './make-part.ts';
import type { Target } from './match.ts';
import type { Piece } from './piece.ts';
import type { ObjectSizes } from './piece-control.ts';
import { type EncodedSegment, encodeSegment, piecesCost } from './segment-format.ts';
import { likeBesideLike } from './segments.ts';

/** Contents of objects of one build, one after the other in the order of their ordinals here. */
export type Contents = { readonly ordinals: readonly number[]; readonly bytes: Uint8Array };

/** What a thread needs to make the segments of one group of targets. */
export type MakeTask = {
  readonly targets: readonly Target[];
  /** Everything the targets make. */
  readonly outputs: Contents;
  /** Everything that their candidates name. */
  readonly bases: Contents;
};

type Placed = { readonly path: string; readonly piece: Piece };

/**
 * Makes the segments of one task, in this thread: mostly one, more when gzip files unpack to more than one may
 * hold. The same task gives the same bytes.
 */
export function makeSegments(task: MakeTask, sizes: ObjectSizes): EncodedSegment[] {
  const output = contentReader(task.outputs, sizes.targets);
  const base = contentReader(task.bases, sizes.bases);
  const pieces = task.targets.map((target): Placed => {
    const candidates = target.candidates.map((candidate) => ({
      ...candidate,
      content: () => base(candidate.bases),
    }));
    const content = output(target.outputs);
    if (target.part !== undefined)
      return { path: target.path, piece: makePart(target.outputs, target.part, content) };
    const placeInFile = placeFinder(target, sizes.targets);
    return { path: target.path, piece: choosePiece({ ...target, content, placeInFile, candidates }) };
  });
  return withinLimits(likeBesideLike(pieces), sizes).map((part) => encodeSegment(part, sizes));
}

/** Where in its file a position in the outputs of a target stands. */
function placeFinder({ outputs, places }: Target, sizes: ArrayLike<number>): (position: number) => number {
  const starts = [0];
  for (const ordinal of outputs) starts.push(starts.at(-1)! + sizes[ordinal]!);
  const spans = outputs
    .map((_, number) => ({ start: starts[number]!, place: places[number]! }))
    .filter(
      ({ start, place }, number) =>
        number === 0 || place - start !== places[number - 1]! - starts[number - 1]!,
    );
  return (position) => {
    const span = spans.findLast(({ start }) => start <= position) ?? spans[0]!;
    return position - span.start + span.place;
  };
}

/** Gives the content of objects, one after the other: not copied when they lie so already. */
function contentReader({ ordinals, bytes }: Contents, sizes: ArrayLike<number>) {
  const places = new Map<number, number>();
  let position = 0;
  for (const ordinal of ordinals) {
    places.set(ordinal, position);
    position += sizes[ordinal]!;
  }
  return (wanted: readonly number[]): Uint8Array => {
    const start = places.get(wanted[0]!)!;
    let end = start;
    const areNeighbours = wanted.every((ordinal) => {
      const isNext = places.get(ordinal) === end;
      end += sizes[ordinal]!;
      return isNext;
    });
    if (areNeighbours) return bytes.subarray(start, end);
    return Buffer.concat(
      wanted.map((ordinal) => bytes.subarray(places.get(ordinal)!, places.get(ordinal)! + sizes[ordinal]!)),
    );
  };
}

function withinLimits(placed: readonly Placed[], sizes: ObjectSizes): Piece[][] {
  const parts: Piece[][] = [];
  let part: Piece[] = [];
  let output = 0;
  let base = 0;
  for (const { piece } of placed) {
    const cost = piecesCost([piece], sizes);
    const isFull = output + cost.output > segmentLimits.output || base + cost.base > segmentLimits.base;
    if (isFull && part.length > 0) {
      parts.push(part);
      part = [];
      output = 0;
      base = 0;
    }
    part.push(piece);
    output += cost.output;
    base += cost.base;
  }
  if (part.length > 0) parts.push(part);
  return parts;
}
