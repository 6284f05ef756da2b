import { constants, createGunzip, createZstdDecompress } from 'node:zlib';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import type { ByteReader } from './byte-reader.ts';
import { isZstdFrame } from './compression-magic.ts';
import { createZstdFrameWalk, type ZstdFrameWalk } from './zstd-frame-walk.ts';

/** Formats that Node.js reads itself. */
export type ZlibFormat = 'gzip' | 'zstd';

/** Window of zstd frames as a power of two: what zstd accepts without `--long` (128 MiB). */
const zstdWindow = 27;

/** Uncompressed bytes come in pieces of this length. */
const pieceLength = 256 * 1024;

type Decoder = ReturnType<typeof createGunzip> | ReturnType<typeof createZstdDecompress>;

function createDecoder(format: ZlibFormat): Decoder {
  if (format === 'gzip') return createGunzip({ chunkSize: pieceLength });
  return createZstdDecompress({
    chunkSize: pieceLength,
    params: { [constants.ZSTD_d_windowLogMax]: zstdWindow },
  });
}

/**
 * The uncompressed bytes of `input`; several gzip members or zstd frames one after another are one content. Zeros
 * after gzip data are padding, as gzip says. gzip always carries a CRC; a zstd frame carries one if its writer wanted
 * so (the `zstd` program does). Throws `compressed-truncated`, `compressed-damaged`,
 * `compressed-garbage-after-end`, `compressed-needs-memory`, and what the input throws.
 */
export async function* decompressWithZlib(format: ZlibFormat, input: ByteReader): AsyncGenerator<Uint8Array> {
  do {
    yield* decodeOne(format, input);
  } while (await hasAnother(format, input));
}

/** Whether a further frame follows. Throws `compressed-garbage-after-end` when something else does. */
async function hasAnother(format: ZlibFormat, input: ByteReader): Promise<boolean> {
  if (format === 'gzip') await skipZeros(input);
  const length = input.position;
  while (input.available < 4 && (await input.fill())) {
    // Four bytes tell.
  }
  if (input.available === 0) return false;
  const start = input.peek(Math.min(4, input.available))!;
  if (format === 'gzip' ? start[0] === 0x1f && start[1] === 0x8b : isZstdFrame(start)) return true;
  throw new SatchelError('compressed-garbage-after-end', { format, length });
}

async function skipZeros(input: ByteReader): Promise<void> {
  while (input.available > 0 || (await input.fill())) {
    const piece = input.peekPiece(input.available);
    let zeros = 0;
    while (zeros < piece.length && piece[zeros] === 0) zeros += 1;
    const isAll = zeros === piece.length;
    input.skip(zeros);
    if (!isAll) return;
  }
}

/** Runs one decoder over one zstd frame, or over gzip members up to something that is none. */
async function* decodeOne(format: ZlibFormat, input: ByteReader): AsyncGenerator<Uint8Array> {
  const decoder = createDecoder(format);
  const feeding = feed(decoder, input, format === 'zstd' ? createZstdFrameWalk() : undefined);
  try {
    yield* decoder as AsyncIterable<Uint8Array>;
    await feeding.ended;
  } catch (error) {
    throw feeding.failure() ?? failureOf(format, error, input.position);
  } finally {
    decoder.destroy();
  }
}

/** Feeds the decoder in the background and takes from the input exactly what the decoder used. */
function feed(decoder: Decoder, input: ByteReader, frame: ZstdFrameWalk | undefined) {
  let failure: unknown;
  let wake = () => {};
  decoder.once('close', () => wake());
  // The iteration reports errors; one that comes after its end has nothing to tell.
  decoder.on('error', () => {});
  const write = (piece: Buffer) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (decoder.destroyed) resolve();
      else decoder.write(piece, () => resolve());
    });
  const run = async () => {
    while (!decoder.destroyed && !decoder.readableEnded) {
      if (frame?.isComplete || (input.available === 0 && !(await input.fill()))) {
        decoder.end();
        return;
      }
      const piece = input.peekPiece(input.available);
      const before = decoder.bytesWritten;
      await write(frame === undefined ? piece : piece.subarray(0, frame.take(piece)));
      input.skip(decoder.bytesWritten - before);
    }
  };
  const ended = run().catch((error: unknown) => {
    failure = error;
    decoder.destroy(error as Error);
  });
  return { ended, failure: () => failure };
}

function failureOf(format: ZlibFormat, error: unknown, length: number): unknown {
  const code = systemErrorCode(error);
  if (code === undefined) return error;
  const reason = (error as Error).message;
  if (code === 'Z_BUF_ERROR')
    return new SatchelError('compressed-truncated', { format, length }, { cause: error });
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    return new SatchelError('compressed-needs-memory', { format, reason }, { cause: error });
  }
  if (!/^(Z_|ZSTD_|ERR_)/.test(code)) return error;
  return new SatchelError('compressed-damaged', { format, reason }, { cause: error });
}
