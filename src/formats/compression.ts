import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { type CompressionFormat, magicLength, recogniseCompression } from './compression-magic.ts';
import { decompressWithProgram } from './compression-programs.ts';
import { decompressWithZlib } from './compression-zlib.ts';
import { defaultExpansionLimit, type ExpansionLimit, isBeyond } from './expansion-limit.ts';

export type { CompressionFormat } from './compression-magic.ts';

/** A stream whose compression has been recognised. */
export type OpenedStream = {
  readonly format: CompressionFormat;
  /**
   * The uncompressed bytes, once. Read to the end, it has checked everything that the format lets it check:
   * gzip, bzip2 and xz carry checksums, zstd where its writer added one, `.lzma` none at all. Throws
   * `compressed-…`, `decompressor-…`, `cancelled`, and what the source throws. Ending early ends the source
   * and the program that unpacks.
   */
  readonly body: AsyncIterable<Uint8Array>;
};

/** Bounds and cancelling for {@link openCompressed}. */
export type OpenCompressedOptions = {
  readonly signal?: AbortSignal | undefined;
  /** How far the data may expand; {@link defaultExpansionLimit} lets an honest file of 4 GB of zeros pass. */
  readonly limit?: ExpansionLimit;
};

/**
 * Recognises by its first bytes how a stream is compressed, and unpacks it while it is read. gzip and zstd are read
 * by Node.js, bzip2 by lbzip2 (bzip2 where it is absent), xz and lzma by xz. What is not recognised is passed on
 * as it is, with format `none`; so is an empty stream.
 */
export async function openCompressed(
  source: AsyncIterable<Uint8Array>,
  options: OpenCompressedOptions = {},
): Promise<OpenedStream> {
  const { signal, limit = defaultExpansionLimit } = options;
  const input = createByteReader(source, signal);
  try {
    while (input.available < magicLength && (await input.fill())) {
      // More is needed to recognise the format.
    }
  } catch (error) {
    await input.close();
    throw error;
  }
  const format = recogniseCompression(input.peek(Math.min(magicLength, input.available))!);
  return { format, body: unpack({ format, input, limit, signal }) };
}

type Unpacking = {
  readonly format: CompressionFormat;
  readonly input: ByteReader;
  readonly limit: ExpansionLimit;
  readonly signal: AbortSignal | undefined;
};

async function* unpack({ format, input, limit, signal }: Unpacking): AsyncGenerator<Uint8Array> {
  let produced = 0;
  try {
    for await (const piece of bodyOf(format, input, signal)) {
      throwIfCancelled(signal);
      produced += piece.length;
      // All that has arrived counts: a program may have read ahead of what it has unpacked.
      const consumed = input.position + input.available;
      if (format !== 'none' && isBeyond(limit, produced, consumed)) {
        throw new SatchelError('compressed-expands-too-much', { format, produced, consumed });
      }
      yield piece;
    }
  } finally {
    await input.close();
  }
}

function bodyOf(
  format: CompressionFormat,
  input: ByteReader,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  if (format === 'none') return plain(input);
  if (format === 'gzip' || format === 'zstd') return decompressWithZlib(format, input);
  return decompressWithProgram(format, input, signal);
}

async function* plain(input: ByteReader): AsyncGenerator<Uint8Array> {
  while (input.available > 0 || (await input.fill())) yield input.takePiece(input.available);
}
