/** Small builds and the pieces that lead from one to the other, for the tests of segments. */
import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Sha256 } from '../base/identifiers.ts';
import { type ApplySegmentOptions, applySegment } from './apply-segment.ts';
import { makePatch } from './binary-patch.ts';
import { makeDictionaryFrame } from './dictionary-frame.ts';
import { type GzipRecipe, packGzip } from './gzip-recipe.ts';
import { type ObjectList, objectList } from './object-list.ts';
import type { Piece } from './piece.ts';
import type { ObjectSizes } from './piece-control.ts';
import { type EncodedSegment, encodeSegment } from './segment-format.ts';

/** What one piece of a sample is like. */
export type PieceSpec = {
  readonly kind: Piece['kind'];
  readonly outputs: number;
  readonly bases: number;
  readonly unpacksBase: boolean;
  readonly packsOutput: boolean;
  /** Outputs stand in the order opposite to their ordinals. */
  readonly isReversed: boolean;
  readonly seed: number;
  /** Bytes of the base, before it is packed. */
  readonly length: number;
};

export const pieceSpec: fc.Arbitrary<PieceSpec> = fc.record({
  kind: fc.constantFrom('plain', 'patch', 'dictionary'),
  outputs: fc.integer({ min: 1, max: 3 }),
  bases: fc.integer({ min: 1, max: 3 }),
  unpacksBase: fc.boolean(),
  packsOutput: fc.boolean(),
  isReversed: fc.boolean(),
  seed: fc.integer({ min: 1, max: 1e6 }),
  length: fc.integer({ min: 40, max: 3000 }),
});

/** Two builds by ordinal, and the pieces between them. */
export type Sample = {
  readonly oldObjects: readonly Uint8Array[];
  readonly newObjects: readonly Uint8Array[];
  readonly pieces: readonly Piece[];
  readonly sizes: ObjectSizes;
  readonly targets: ObjectList;
};

const recipe: GzipRecipe = { header: Buffer.from('1f8b0800000000000003', 'hex'), encoder: 'gzip', level: 6 };

/** Builds whose difference is as the specs say. */
export function sampleOf(specs: readonly PieceSpec[]): Sample {
  const oldObjects: Uint8Array[] = [];
  const newObjects: Uint8Array[] = [];
  const pieces = specs.map((spec): Piece => {
    const before = textOf(spec.seed, spec.length);
    const after = Buffer.concat([before.subarray(spec.length >> 1), textOf(spec.seed + 1, 40), before]);
    const packsOutput = spec.packsOutput && spec.kind !== 'plain';
    const content = packsOutput ? packGzip(after, recipe) : after;
    const outputs = add(newObjects, cut(content, spec.outputs), spec.isReversed);
    if (spec.kind === 'plain') return { kind: 'plain', outputs, content };
    const bases = add(oldObjects, cut(spec.unpacksBase ? gzipSync(before) : before, spec.bases), false);
    const based = {
      outputs,
      bases,
      ...(spec.unpacksBase ? { unpackedBase: before.length } : {}),
      ...(packsOutput ? { packing: { length: after.length, recipe } } : {}),
    };
    if (spec.kind === 'patch') return { kind: 'patch', ...based, patch: makePatch(before, after) };
    return { kind: 'dictionary', ...based, frame: makeDictionaryFrame(before, after) as Buffer };
  });
  const targets = objectList(
    newObjects.map((bytes) => ({ sha256: hash('sha256', bytes) as Sha256, size: bytes.length })),
  );
  const sizes = { bases: oldObjects.map(({ length }) => length), targets: targets.sizes };
  return { oldObjects, newObjects, pieces, sizes, targets };
}

/** The segment of a sample. */
export function segmentOf(sample: Sample): EncodedSegment {
  return encodeSegment(sample.pieces, sample.sizes);
}

/** Applies a segment to a sample's old build; `made` is what was produced. */
export function applied(
  sample: Sample,
  { bytes, entry }: EncodedSegment,
  changes: Partial<ApplySegmentOptions> = {},
): { readonly made: Map<number, Buffer>; readonly failed: readonly number[] } {
  const made = new Map<number, Buffer>();
  const { failed } = applySegment({
    stored: bytes,
    segment: entry,
    baseSizes: sample.sizes.bases,
    targets: sample.targets,
    base: (ordinal) => sample.oldObjects[ordinal],
    produce: (ordinal, content) => made.set(ordinal, Buffer.from(content)),
    ...changes,
  });
  return { made, failed };
}

/** Text that looks a little like a program's and is the same in every run. */
function textOf(seed: number, length: number): Buffer {
  const words = Array.from({ length: Math.ceil(length / 8) }, (_, place) =>
    hash('sha256', `${seed} ${place % 97 === 0 ? place : place % 13}`).slice(0, 8),
  );
  return Buffer.from(words.join('').slice(0, length));
}

/** Cuts into so many parts, none empty. */
function cut(content: Uint8Array, parts: number): Uint8Array[] {
  const step = Math.floor(content.length / parts);
  return Array.from({ length: parts }, (_, number) =>
    content.subarray(number * step, number === parts - 1 ? content.length : (number + 1) * step),
  );
}

/** Adds parts to the objects of a build; returns their ordinals in the order of the parts. */
function add(objects: Uint8Array[], parts: readonly Uint8Array[], isReversed: boolean): number[] {
  const first = objects.length;
  objects.push(...(isReversed ? parts.toReversed() : parts));
  return parts.map((_, place) => first + (isReversed ? parts.length - 1 - place : place));
}
