import { makePatch } from './binary-patch.ts';
import { createByteWriter } from './byte-writer.ts';
import { segmentLimits } from './delta-format.ts';
import { makeDictionaryFrame } from './dictionary-frame.ts';
import { findRelocation } from './elf-relocation.ts';
import { compressedLength, patchLength } from './estimate.ts';
import { gunzip, unpackGzip, writeRecipe } from './gzip-recipe.ts';
import type { Packing, Piece } from './piece.ts';
import { type Relocation, relocate } from './relocation.ts';
import { writeRelocation } from './relocation-format.ts';

/** Objects to make, with their content and what to try as base. */
export type TargetContent = {
  readonly outputs: readonly number[];
  readonly isWholeFile: boolean;
  readonly content: Uint8Array;
  /** Where in the whole file a position of the content stands. */
  placeInFile(position: number): number;
  readonly candidates: readonly BaseContent[];
};

/** A base to try; its content is asked for only when its turn comes. */
export type BaseContent = {
  readonly bases: readonly number[];
  readonly isWholeFile: boolean;
  content(): Uint8Array;
};

/** A piece and about how many bytes of its segment it will take. */
type Offer = { readonly piece: Piece; readonly cost: number };

/** A base that leaves no more than this share of what plain compression takes is good enough: others are not tried. */
const goodShare = 0.3;

/** Only what a patch leaves so much of is worth the try of a frame of its own. */
const poorShare = 0.5;

/**
 * Streams that many pieces share come out much smaller than these quick estimates. On the objects of real systems no
 * frame that was smaller than its patch by less was worth it in the end.
 */
const frameWeight = 2;

/** What the control stream takes for a piece with a base. */
const pieceOverhead = 5;

/** The piece that makes the target in the fewest bytes, of all candidates and codecs. */
export function choosePiece(target: TargetContent): Piece {
  const { outputs, content } = target;
  const unpacked = target.isWholeFile
    ? unpackGzip(content, segmentLimits.output - content.length)
    : undefined;
  const packing: Packing | undefined =
    unpacked === undefined ? undefined : { length: unpacked.raw.length, recipe: unpacked.recipe };
  const goal: Goal = {
    wanted: unpacked?.raw ?? content,
    plainCost: compressedLength(content),
    overhead: pieceOverhead + (packing === undefined ? 0 : recipeLength(packing)),
    placeInFile: target.placeInFile,
    common: { outputs, ...(packing && { packing }) },
  };
  let best: Offer = { piece: { kind: 'plain', outputs, content }, cost: goal.plainCost };
  for (const candidate of target.candidates) {
    const offer = bestFrom(candidate, goal);
    if (offer.cost < best.cost) best = offer;
    if (best.cost <= goal.plainCost * goodShare) break;
  }
  return best.piece;
}

/** What pieces from all candidates have to make. */
type Goal = {
  /** Unpacked, when it is to be packed. */
  readonly wanted: Uint8Array;
  /** About what the target would take without any base. */
  readonly plainCost: number;
  /** What any piece with a base takes beside its streams. */
  readonly overhead: number;
  placeInFile(position: number): number;
  readonly common: { readonly outputs: readonly number[]; readonly packing?: Packing };
};

/** The better one of a patch and a frame from one candidate. */
function bestFrom(candidate: BaseContent, { wanted, plainCost, overhead, placeInFile, common }: Goal): Offer {
  const packed = candidate.content();
  const unpacked = candidate.isWholeFile ? gunzip(packed, segmentLimits.base - packed.length) : undefined;
  const base = unpacked ?? packed;
  const piece = {
    ...common,
    bases: candidate.bases,
    ...(unpacked === undefined ? {} : { unpackedBase: unpacked.length }),
  };
  const relocation = candidate.isWholeFile ? findRelocation(base, wanted, placeInFile) : undefined;
  const patch = makePatch(relocation === undefined ? base : relocated(base, relocation), wanted);
  const patched: Offer = {
    piece: { kind: 'patch', ...piece, ...(relocation && { relocation }), patch },
    cost: overhead + patchLength(patch) + (relocation === undefined ? 0 : relocationLength(relocation)),
  };
  if (patched.cost <= plainCost * poorShare) return patched;
  const frame = makeDictionaryFrame(base, wanted);
  if (frame === undefined || overhead + frame.length * frameWeight >= patched.cost) return patched;
  return { piece: { kind: 'dictionary', ...piece, frame }, cost: overhead + frame.length };
}

function relocated(base: Uint8Array, relocation: Relocation): Uint8Array {
  const copy = Uint8Array.from(base);
  relocate(copy, relocation);
  return copy;
}

function relocationLength(relocation: Relocation): number {
  const writer = createByteWriter();
  writeRelocation(writer, relocation);
  return compressedLength(writer.finish());
}

function recipeLength({ recipe }: Packing): number {
  const writer = createByteWriter();
  writeRecipe(writer, recipe);
  return writer.length;
}
