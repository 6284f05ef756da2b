/** Small builds and the pieces that lead from one to the other, for the tests of segments. */
import { hash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { Sha256 } from '../base/identifiers.ts';
import { type ApplySegmentOptions, applySegment } from './apply-segment.ts';
import { makePatch } from './binary-patch.ts';
import { makeDictionaryFrame } from './dictionary-frame.ts';
import { testProgram } from './elf.testkit.ts';
import { findRelocation } from './elf-relocation.ts';
import { makeContent } from './gzip.testkit.ts';
import { type GzipRecipe, packGzip } from './gzip-recipe.ts';
import { inflateGzip } from './gzip-stream.ts';
import { type ObjectList, objectList } from './object-list.ts';
import type { PartOfGzip, Piece } from './piece.ts';
import type { ObjectSizes } from './piece-control.ts';
import { relocate } from './relocation.ts';
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
  /** What the archives unpack to. */
  readonly archives: readonly Uint8Array[];
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
  return sampleFrom({ oldObjects, newObjects, pieces });
}

/** The sample of two builds and pieces between them. */
export function sampleFrom({
  oldObjects,
  newObjects,
  pieces,
  archives = [],
}: Pick<Sample, 'oldObjects' | 'newObjects' | 'pieces'> & Partial<Pick<Sample, 'archives'>>): Sample {
  const targets = objectList(
    newObjects.map((bytes) => ({ sha256: hash('sha256', bytes) as Sha256, size: bytes.length })),
  );
  const lengths = (list: readonly Uint8Array[]) => list.map(({ length }) => length);
  const sizes = { bases: lengths(oldObjects), targets: targets.sizes, archives: lengths(archives) };
  return { oldObjects, newObjects, pieces, archives, sizes, targets };
}

/** Reads of the archives of a sample, as `applySegment` asks for it. */
export function readsArchives({
  archives,
  sizes,
}: Sample): Pick<ApplySegmentOptions, 'archive' | 'archiveSizes'> {
  return {
    archiveSizes: sizes.archives ?? [],
    archive(number, position, into) {
      into.set(archives[number]!.subarray(position, position + into.length));
      return true;
    },
  };
}

/**
 * A sample of one gzip file of several blocks, of whose parts one piece makes the first bytes and one the others; the
 * encoder is taken up at the end of a block, amidst a byte. It unpacks to `size` bytes.
 */
export function partSample(size = 36_000): Sample {
  const before = sevenBits(1, size);
  const [end, again] = [size - 6000, size - 7000];
  const after = Buffer.concat([before.subarray(700, end), sevenBits(2, 900), before.subarray(again)]);
  const packed = packGzip(after, recipe);
  const blocks: { bits: number; length: number }[] = [];
  let rest: Uint8Array | undefined = packed;
  const { header, trailer } = inflateGzip({
    source: () => {
      const next = rest;
      rest = undefined;
      return next;
    },
    sink() {},
    limit: after.length,
    onBlock: (bits, length) => blocks.push({ bits, length }),
  });
  const { bits, length } = blocks[0]!;
  const cutAt = header.length + Math.ceil(bits / 8) + 1000;
  const none = header.subarray(0, 0);
  const bare = { ...recipe, header: none };
  const first = { archive: 0, ranges: [{ start: 500, length: size - 1000 }], trailer: none };
  const second = { ranges: [...first.ranges, { start: 100, length: 90 }], archive: 1, trailer };
  const skip = cutAt - header.length - Math.floor(bits / 8);
  const parts: PartOfGzip[] = [
    { ...first, length: after.length, recipe, context: 0, pendingBits: 0, skip: 0, trailer: none },
    { ...second, length: after.length, recipe: bare, context: length, pendingBits: bits % 8, skip },
  ];
  // The first ends within the last block, so it is the last as well.
  parts[0] = { ...parts[0]!, trailer };
  const archives = [before, before];
  const pieces = parts.map((part, number): Piece => {
    const base = Buffer.concat(
      part.ranges.map((range) => before.subarray(range.start, range.start + range.length)),
    );
    return { kind: 'patch', outputs: [number], bases: [], part, patch: makePatch(base, after) };
  });
  return sampleFrom({
    oldObjects: [Buffer.from('nothing')],
    newObjects: [packed.subarray(0, cutAt), packed.subarray(cutAt)],
    pieces,
    archives,
  });
}

/** Bytes below 128 without any order: their codes have seven bits, and no block ends at a whole byte. */
function sevenBits(seed: number, length: number): Buffer {
  return makeContent('noise', length, seed).map((byte) => byte & 0x7f) as Buffer;
}

/** A sample of a program that was laid out anew, made from the old one with its addresses brought up to date. */
export function relocatedSample(): Sample {
  const functions = Array.from({ length: 30 }, (_, number) => {
    const call = (step: number) => `f${(number * step + 7) % 30}`;
    return { name: `f${number}`, bytes: 30 + ((number * 37) % 90), calls: [call(3), call(11), call(29)] };
  });
  const grown = functions.map((one) => (one.name === 'f5' ? { ...one, bytes: one.bytes + 64 } : one));
  const [before, after] = [testProgram(functions), testProgram(grown)];
  const relocation = findRelocation(before, after, (position) => position);
  if (relocation === undefined) throw new Error('the program has no relocation');
  const base = Buffer.from(before);
  relocate(base, relocation);
  const patch = makePatch(base, after);
  return sampleFrom({
    oldObjects: [before],
    newObjects: [after],
    pieces: [{ kind: 'patch', outputs: [0], bases: [0], relocation, patch }],
  });
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
    ...readsArchives(sample),
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
