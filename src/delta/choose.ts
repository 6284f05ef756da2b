import { constants, zstdCompressSync } from 'node:zlib';
import { type BinaryPatch, makePatch } from './binary-patch.ts';
import { createByteWriter } from './byte-writer.ts';
import { segmentLimits } from './delta-format.ts';
import { makeDictionaryFrame } from './dictionary-frame.ts';
import { gunzip, unpackGzip, writeRecipe } from './gzip-recipe.ts';
import type { Packing, Piece } from './piece.ts';

/** Objects to make, with their content and what to try as base. */
export type TargetContent = {
  readonly outputs: readonly number[];
  readonly isWholeFile: boolean;
  readonly content: Uint8Array;
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

/** What the control stream takes for a piece with a base, and what a frame takes for itself. */
const pieceOverhead = 5;
const frameOverhead = 4;

/** The piece that makes the target in the fewest bytes, of all candidates and codecs. */
export function choosePiece(target: TargetContent): Piece {
  const { outputs, content } = target;
  const unpacked = target.isWholeFile ? unpackGzip(content, segmentLimits.output) : undefined;
  const packing: Packing | undefined =
    unpacked === undefined ? undefined : { length: unpacked.raw.length, recipe: unpacked.recipe };
  const wanted = unpacked?.raw ?? content;
  const overhead = pieceOverhead + (packing === undefined ? 0 : recipeLength(packing));
  let best: Offer = { piece: { kind: 'plain', outputs, content }, cost: compressedLength(content) };
  const consider = (offer: Offer) => {
    if (offer.cost < best.cost) best = offer;
  };
  const plainCost = best.cost;
  if (packing !== undefined) {
    const patch = makePatch(new Uint8Array(), wanted);
    consider({
      piece: { kind: 'patch', outputs, bases: [], packing, patch },
      cost: overhead + patchLength(patch),
    });
  }
  for (const candidate of target.candidates) {
    for (const offer of offersFrom(candidate, wanted, { outputs, ...(packing && { packing }) }))
      consider({ piece: offer.piece, cost: offer.cost + overhead });
    if (best.cost <= plainCost * goodShare) break;
  }
  return best.piece;
}

function offersFrom(
  candidate: BaseContent,
  wanted: Uint8Array,
  common: { readonly outputs: readonly number[]; readonly packing?: Packing },
): Offer[] {
  const packed = candidate.content();
  const unpacked = candidate.isWholeFile ? gunzip(packed, segmentLimits.output) : undefined;
  const base = unpacked ?? packed;
  const piece = {
    ...common,
    bases: candidate.bases,
    ...(unpacked === undefined ? {} : { unpackedBase: unpacked.length }),
  };
  const patch = makePatch(base, wanted);
  const offers: Offer[] = [{ piece: { kind: 'patch', ...piece, patch }, cost: patchLength(patch) }];
  const frame = makeDictionaryFrame(base, wanted);
  if (frame !== undefined)
    offers.push({ piece: { kind: 'dictionary', ...piece, frame }, cost: frame.length + frameOverhead });
  return offers;
}

/** About what the streams of a patch will take in those of its segment. */
function patchLength({ control, difference, extra }: BinaryPatch): number {
  return compressedLength(control) + compressedLength(difference) + compressedLength(extra);
}

function recipeLength({ recipe }: Packing): number {
  const writer = createByteWriter();
  writeRecipe(writer, recipe);
  return writer.length;
}

/** Among much that is alike, a stream loses what zstd writes around it. */
const frameHeader = 9;
const estimateLevel = 3;

function compressedLength(bytes: Uint8Array): number {
  if (bytes.length === 0) return 0;
  const params = { [constants.ZSTD_c_compressionLevel]: estimateLevel };
  return Math.max(1, zstdCompressSync(bytes, { params }).length - frameHeader);
}
