import { constants, type ZstdOptions, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { damaged } from './damaged.ts';
import { deltaWindowLog, zstdWindow } from './streams.ts';

/** Bytes with which a trained dictionary begins; zstd would take old content that begins so for one. */
const trainedDictionaryMark = Buffer.from([0x37, 0xa4, 0x30, 0xec]);

/** Saves a fifth of what level 9 leaves, and takes ten to twenty times as long. */
const bestLevel = 19;

/** Node's types do not know the length yet. */
type SizedOptions = ZstdOptions & { readonly pledgedSrcSize: number };

/** True when these bytes can be the dictionary of a frame. */
export function canBeDictionary(base: Uint8Array): boolean {
  return base.length > 0 && !trainedDictionaryMark.equals(base.subarray(0, trainedDictionaryMark.length));
}

/**
 * One zstd frame of `target` with `base` as its dictionary (a raw prefix, as of `zstd --patch-from`); undefined when
 * `base` cannot be one, see {@link canBeDictionary}. `level` 9 is for a quick look at what it would give.
 */
export function makeDictionaryFrame(
  base: Uint8Array,
  target: Uint8Array,
  level = bestLevel,
): Buffer | undefined {
  if (!canBeDictionary(base)) return undefined;
  const span = Math.ceil(Math.log2(base.length + target.length));
  const windowLog = Math.min(deltaWindowLog, Math.max(10, span));
  // Without tables of the size of the window zstd nearly ignores the dictionary.
  const tableLog = Math.max(10, windowLog - 2);
  const options: SizedOptions = {
    dictionary: base,
    pledgedSrcSize: target.length,
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      [constants.ZSTD_c_windowLog]: windowLog,
      [constants.ZSTD_c_hashLog]: tableLog,
      [constants.ZSTD_c_chainLog]: tableLog,
    },
  };
  return zstdCompressSync(target, options);
}

/** The `length` bytes of a frame, at least one. Throws `delta-damaged` for anything else, before it allocates. */
export function readDictionaryFrame(base: Uint8Array, frame: Uint8Array, length: number): Buffer {
  zstdWindow(frame, length);
  if (!canBeDictionary(base)) throw damaged('a dictionary that zstd does not take');
  let content: Buffer;
  try {
    content = zstdDecompressSync(frame, {
      dictionary: base,
      // One byte more than is expected: a full piece would make Node allocate another.
      chunkSize: Math.max(64, length + 1),
      maxOutputLength: length,
      params: { [constants.ZSTD_d_windowLogMax]: deltaWindowLog },
    });
  } catch (cause) {
    throw damaged('a frame with a dictionary cannot be decompressed', cause);
  }
  if (content.length !== length) throw damaged('a frame of another length than stated');
  return content;
}
