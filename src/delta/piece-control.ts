import { lengthOfRanges, readRanges, writeRanges } from './archive-ranges.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';
import { segmentLimits } from './delta-format.ts';
import { readPart, writePart } from './gzip-part.ts';
import { readRecipe, writeRecipe } from './gzip-recipe.ts';
import { endOfRuns, ordinalsOf, type Run, readRuns, runsOf, writeRuns } from './ordinal-runs.ts';
import type { Packing, PartOfGzip, Piece } from './piece.ts';
import type { Relocation } from './relocation.ts';
import { readRelocation, writeRelocation } from './relocation-format.ts';

/** Lengths of the objects of both builds, by ordinal, and of the unpacked archives, when there are any. */
export type ObjectSizes = {
  readonly bases: ArrayLike<number>;
  readonly targets: ArrayLike<number>;
  readonly archives?: ArrayLike<number> | undefined;
};

/** What the control stream says about one piece; its bytes are in the other streams. Lengths in bytes. */
export type PieceControl = {
  readonly kind: Piece['kind'];
  readonly outputs: readonly Run[];
  /** Sum of the outputs. */
  readonly outputLength: number;
  /** None when the kind is `plain`, or the outputs are a part of a gzip file. */
  readonly bases: readonly Run[];
  /** Sum of the bases, or of the ranges of an archive. */
  readonly baseLength: number;
  /** As in a piece. */
  readonly unpackedBase: number | undefined;
  /** As in a piece. */
  readonly relocation: Relocation | undefined;
  readonly packing: Packing | undefined;
  /** As in a piece. */
  readonly part: PartOfGzip | undefined;
  /** Stored length of the frame of a dictionary piece, else 0. */
  readonly frameLength: number;
};

const kinds = ['plain', 'patch', 'dictionary'] as const;

/** Flags beside the number of the kind in the first varint of a piece. */
const flags = { unpacksBase: 4, packsOutput: 8, relocates: 16, isPart: 32 } as const;

/** What both sides remember from one piece to the next to foretell ordinals. */
type Foretelling = { nextOutput: number; shift: number };

/** Writes what the control stream says about each piece, in their order. */
export function createControlWriter(writer: ByteWriter): (piece: Piece) => void {
  const foretold: Foretelling = { nextOutput: 0, shift: 0 };
  return (piece) => {
    const outputs = runsOf(piece.outputs);
    const bases = piece.kind === 'plain' ? [] : runsOf(piece.bases);
    const {
      unpackedBase = undefined,
      packing = undefined,
      relocation = undefined,
      part = undefined,
    } = piece.kind === 'plain' ? {} : piece;
    if (outputs.length === 0 || (piece.kind !== 'plain' && part === undefined && bases.length === 0))
      throw new RangeError('a piece without outputs or without bases');
    const unpacks = unpackedBase === undefined ? 0 : flags.unpacksBase;
    const packs = packing === undefined ? 0 : flags.packsOutput;
    const relocates = relocation === undefined ? 0 : flags.relocates;
    const kind = kinds.indexOf(piece.kind);
    writer.varint(part === undefined ? kind + unpacks + packs + relocates : kind + flags.isPart);
    writeRuns(writer, outputs, foretold.nextOutput);
    if (part !== undefined) writePartOfGzip(writer, part);
    else if (piece.kind !== 'plain') writeRuns(writer, bases, outputs[0]!.first + foretold.shift);
    if (unpackedBase !== undefined) writer.varint(unpackedBase);
    if (packing !== undefined) {
      writer.varint(packing.length);
      writeRecipe(writer, packing.recipe);
    }
    if (relocation !== undefined) writeRelocation(writer, relocation);
    if (piece.kind === 'dictionary') writer.varint(piece.frame.length);
    learn(foretold, outputs, bases);
  };
}

/** The pieces of a control stream, one after another, to its end. Throws `delta-damaged`. */
export function* readPieces(reader: ByteReader, sizes: ObjectSizes): Generator<PieceControl> {
  const foretold: Foretelling = { nextOutput: 0, shift: 0 };
  while (reader.remaining > 0) {
    const first = reader.varint();
    const kind = kinds[first % flags.unpacksBase];
    const isPart = first >= flags.isPart && first < flags.isPart + flags.unpacksBase;
    if (kind === undefined || (first >= flags.isPart && !isPart) || (kind === 'plain' && first !== 0))
      throw damaged('a piece of an unknown kind');
    const outputs = readRuns(reader, foretold.nextOutput, sizes.targets.length);
    const part = isPart ? readPartOfGzip(reader, sizes.archives ?? []) : undefined;
    const bases =
      kind === 'plain' || isPart
        ? []
        : readRuns(reader, outputs[0]!.first + foretold.shift, sizes.bases.length);
    const unpackedBase = (first & flags.unpacksBase) === 0 ? undefined : reader.varint();
    const packing = (first & flags.packsOutput) === 0 ? undefined : readPacking(reader);
    const relocation = (first & flags.relocates) === 0 ? undefined : readRelocation(reader);
    const frameLength = kind === 'dictionary' ? reader.varint() : 0;
    learn(foretold, outputs, bases);
    const outputLength = sumOf(outputs, sizes.targets);
    const baseLength = part === undefined ? sumOf(bases, sizes.bases) : lengthOfRanges(part.ranges);
    const common = { kind, outputs, outputLength, bases, baseLength, part };
    yield { ...common, unpackedBase, packing, relocation, frameLength };
  }
}

/** The length of what a piece makes before it is packed: what its patch or frame gives. */
export function madeLength({ part, packing, outputLength }: PieceControl): number {
  return part?.length ?? packing?.length ?? outputLength;
}

function writePartOfGzip(writer: ByteWriter, part: PartOfGzip): void {
  writer.varint(part.archive);
  writeRanges(writer, part.ranges);
  writer.varint(part.length);
  writePart(writer, part);
}

function readPartOfGzip(reader: ByteReader, archives: ArrayLike<number>): PartOfGzip {
  const archive = reader.varint();
  const archiveLength = archives[archive];
  if (archiveLength === undefined) throw damaged('an archive that the delta does not have');
  const ranges = readRanges(reader, archiveLength);
  const length = reader.varint();
  if (length > segmentLimits.output) throw damaged('a piece larger than a segment may be');
  return { archive, ranges, length, ...readPart(reader, length) };
}

function readPacking(reader: ByteReader): Packing {
  return { length: reader.varint(), recipe: readRecipe(reader) };
}

/** Outputs go on after the last; old objects mostly keep their distance from the new ones. */
function learn(foretold: Foretelling, outputs: readonly Run[], bases: readonly Run[]): void {
  foretold.nextOutput = endOfRuns(outputs);
  if (bases.length > 0) foretold.shift = bases[0]!.first - outputs[0]!.first;
}

/** Sum of the lengths of these objects; stops when it is beyond every limit, so that repeats cost no time. */
function sumOf(runs: readonly Run[], sizes: ArrayLike<number>): number {
  let sum = 0;
  for (const ordinal of ordinalsOf(runs)) {
    sum += sizes[ordinal] as number;
    if (sum > segmentLimits.base) throw damaged('a piece larger than a segment may be');
  }
  return sum;
}
