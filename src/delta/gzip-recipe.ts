import { freeBuffer } from '../base/memory.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';
import { deflateLikeGzip } from './gzip-deflate.ts';
import { gzipTrailer, inflateMember, longestGzipHeader, splitGzip } from './gzip-member.ts';
import { deflateLikeZlib } from './gzip-zlib.ts';

/** How a .gz file is made again from its content, bit for bit. */
export type GzipRecipe = {
  /** Everything before the deflate stream, with name, time and system, as it stands in the file. */
  readonly header: Uint8Array;
  readonly encoder: GzipEncoder;
  /** 1 to 9. */
  readonly level: number;
};

/** The program whose result is rebuilt; the last two are zlib with its largest buffers, and Chromium's zlib. */
export type GzipEncoder = (typeof encoders)[number];

/** In the order in which they are tried; a recipe names them by place, so new ones go to the end. */
const encoders = ['gzip', 'zlib', 'zlib-large', 'zlib-chromium'] as const;

/** Levels to try by what the header says of them (its ninth byte): the slowest, the fastest, none of both. */
const levelsByHint: Readonly<Record<number, readonly number[]>> = { 2: [9, 6], 4: [1] };
const allLevels = [6, 9, 5, 7, 8, 4, 3, 2, 1];

/**
 * The content of a .gz file and how to make the file from it; that `packGzip` does so was tried. Undefined when the
 * file is not one whole gzip member, has more than `limit` bytes of content, or was made by an unknown program.
 */
export function unpackGzip(
  packed: Uint8Array,
  limit: number,
): { raw: Uint8Array; recipe: GzipRecipe } | undefined {
  const member = splitGzip(packed);
  const raw = member && inflateMember(member, limit);
  if (raw === undefined) return undefined;
  const header = member!.header.slice();
  for (const encoder of encoders) {
    for (const level of levelsByHint[header[8]!] ?? allLevels) {
      const deflated = deflate(raw, encoder, level, member!.deflated);
      if (deflated?.length === member!.deflated.length) return { raw, recipe: { header, encoder, level } };
    }
  }
  return undefined;
}

/** The content of a .gz file with one member, or undefined when it is not one or has more than `limit` bytes. */
export function gunzip(packed: Uint8Array, limit: number): Uint8Array | undefined {
  const member = splitGzip(packed);
  return member && inflateMember(member, limit);
}

/**
 * The .gz file with this content that the recipe describes, the same on every processor. Holds beside content and
 * result at most a copy of either and 1 MiB; the result is at most an eighth longer than content and header.
 */
export function packGzip(raw: Uint8Array, recipe: GzipRecipe): Uint8Array {
  const deflated = deflate(raw, recipe.encoder, recipe.level)!;
  const packed = Buffer.concat([recipe.header, deflated, gzipTrailer(raw)]);
  freeBuffer(deflated);
  return packed;
}

/** The deflate stream; undefined only when there is an expected one that it differs from. */
function deflate(
  raw: Uint8Array,
  encoder: GzipEncoder,
  level: number,
  expected?: Uint8Array,
): Uint8Array | undefined {
  if (encoder === 'gzip') return deflateLikeGzip(raw, level, expected);
  const variant = {
    memLevel: encoder === 'zlib-large' ? 9 : 8,
    isChromium: encoder === 'zlib-chromium',
  } as const;
  return deflateLikeZlib(raw, level, variant, expected);
}

/** Appends a recipe: place of the encoder, level, length of the header, header. */
export function writeRecipe(writer: ByteWriter, { header, encoder, level }: GzipRecipe): void {
  writer.varint(encoders.indexOf(encoder));
  writer.varint(level);
  writer.varint(header.length);
  writer.bytes(header);
}

/** Reads what `writeRecipe` wrote. Throws `delta-damaged`; whatever it returns `packGzip` takes. */
export function readRecipe(reader: ByteReader): GzipRecipe {
  const encoder = encoders[reader.varint()];
  const level = reader.varint();
  const length = reader.varint();
  if (encoder === undefined) throw damaged('a recipe for a .gz file names an unknown program');
  if (level < 1 || level > 9) throw damaged('a recipe for a .gz file names an unknown level');
  if (length > longestGzipHeader) throw damaged('a recipe for a .gz file has too long a header');
  return { header: reader.take(length).slice(), encoder, level };
}
