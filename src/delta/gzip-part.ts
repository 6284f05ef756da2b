import { freeBuffer } from '../base/memory.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';
import { type DeflatePart, deflatePart, partUnit } from './gzip-deflate.ts';
import { gzipTrailerLength } from './gzip-member.ts';
import { type GzipRecipe, readRecipe, writeRecipe } from './gzip-recipe.ts';

/** How some bytes of a large .gz file are made again from the content there. */
export type GzipPart = Pick<DeflatePart, 'context' | 'pendingBits'> & {
  /** Its header is empty unless the part is the first. Its encoder is `gzip`. */
  readonly recipe: GzipRecipe;
  /** Bytes that come out before the first that is wanted, because an encoder can be taken up only between blocks. */
  readonly skip: number;
  /** What stands behind the deflate stream, of the last part; else empty. */
  readonly trailer: Uint8Array;
};

/** As much content as there can be before the first block of a part. */
const longestContext = 2 * partUnit - 1;

/**
 * The `length` bytes that a part is about, from `raw`, which begins with its context, and is given away if `isGiven`.
 * Throws `delta-damaged` when it does not give so many. Holds what `deflatePart` holds, and the result once more.
 */
export function packPart(
  raw: Uint8Array,
  { recipe, context, pendingBits, skip, trailer }: GzipPart,
  length: number,
  { isGiven = false } = {},
): Uint8Array {
  const { header, level } = recipe;
  const isLast = trailer.length > 0;
  const wanted = Math.max(0, skip + length - header.length);
  const deflated = deflatePart(raw, level, { context, pendingBits, length: wanted, isLast, isGiven });
  if (deflated === undefined) throw damaged('a part of a gzip file that ends too early');
  const whole = Buffer.concat([header, deflated, trailer]);
  freeBuffer(deflated);
  return whole.subarray(skip, skip + length);
}

/**
 * Appends what is said of a part beside its lengths: recipe, context, pending bits, skip, length of the trailer, trailer.
 */
export function writePart(writer: ByteWriter, part: GzipPart): void {
  writeRecipe(writer, part.recipe);
  writer.varint(part.context);
  writer.varint(part.pendingBits);
  writer.varint(part.skip);
  writer.varint(part.trailer.length);
  writer.bytes(part.trailer);
}

/** Reads what `writePart` wrote about a part made from `rawLength` bytes. Throws `delta-damaged`. */
export function readPart(reader: ByteReader, rawLength: number): GzipPart {
  const recipe = readRecipe(reader);
  const [context, pendingBits, skip, trailerLength] = [
    reader.varint(),
    reader.varint(),
    reader.varint(),
    reader.varint(),
  ];
  if (recipe.encoder !== 'gzip') throw damaged('a part of a gzip file by a program that is not taken up');
  if (context > Math.min(longestContext, rawLength))
    throw damaged('a part of a gzip file with too much before it');
  if (pendingBits > 7) throw damaged('a part of a gzip file that begins with more than a byte begun');
  if (trailerLength !== 0 && trailerLength !== gzipTrailerLength)
    throw damaged('a part of a gzip file with an unknown end');
  return { recipe, context, pendingBits, skip, trailer: reader.take(trailerLength).slice() };
}
