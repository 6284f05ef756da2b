import type { ArchiveRange } from './archive-ranges.ts';
import type { BinaryPatch } from './binary-patch.ts';
import type { GzipPart } from './gzip-part.ts';
import type { GzipRecipe } from './gzip-recipe.ts';
import type { Relocation } from './relocation.ts';

/** Output that is cut from a stream of plain bytes that all pieces of the segment share. */
export type PlainPiece = {
  readonly kind: 'plain';
  /** Ordinals in the new build of the objects that this makes, in the order of their bytes. */
  readonly outputs: readonly number[];
  /** The contents of these objects, one after the other. */
  readonly content: Uint8Array;
};

/** What a patch and a dictionary have in common: both begin with old content. */
type BasedPiece = {
  readonly outputs: readonly number[];
  /** Ordinals in the old build of the objects that, one after the other, are the base. */
  readonly bases: readonly number[];
  /** When the base is one gzip file that is unpacked before it is used: the length of what it holds. */
  readonly unpackedBase?: number;
  /** When the base is a program whose addresses are brought up to date before it is used. */
  readonly relocation?: Relocation;
  /** When the outputs are one gzip file that is packed from what the piece makes. */
  readonly packing?: Packing;
  /** When the outputs are a part of a large gzip file; nothing of the above is there then, and no `bases`. */
  readonly part?: PartOfGzip;
};

/** Outputs that are a part of a gzip file, made from what an old one unpacks to. */
export type PartOfGzip = GzipPart & {
  /** Number of the archive, in the order of the head, that the base is cut from. */
  readonly archive: number;
  /** One after another they are the base. */
  readonly ranges: readonly ArchiveRange[];
  /** Bytes that the piece makes before they are packed. */
  readonly length: number;
};

/** How what a piece makes becomes a gzip file: `length` is that of the unpacked bytes. */
export type Packing = { readonly length: number; readonly recipe: GzipRecipe };

/** Output as a binary patch of the base (or of what it unpacks to). */
export type PatchPiece = BasedPiece & { readonly kind: 'patch'; readonly patch: BinaryPatch };

/** Output as one zstd frame whose dictionary is the base (or what it unpacks to), see `makeDictionaryFrame`. */
export type DictionaryPiece = BasedPiece & { readonly kind: 'dictionary'; readonly frame: Uint8Array };

/** One step of a segment: it makes some objects of the new build, mostly a run, from bytes and old objects. */
export type Piece = PlainPiece | PatchPiece | DictionaryPiece;
