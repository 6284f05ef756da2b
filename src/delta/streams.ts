import { brotliCompressSync, brotliDecompressSync, constants, zstdCompressSync } from 'node:zlib';
import { decompressExact } from '../formats/zstd.ts';
import { readZstdFrame } from '../formats/zstd-frame.ts';
import type { ByteReader } from './byte-reader.ts';
import type { ByteWriter } from './byte-writer.ts';
import { damaged } from './damaged.ts';

/**
 * Streams of a delta: runs of bytes, each stored with the codec that made it smallest. A stream is announced by
 * three varints (codec, raw length, stored length); its stored bytes stand elsewhere.
 */
export type StoredStream = { readonly codec: Codec; readonly rawLength: number; readonly stored: Uint8Array };

/** The streams of a segment, in their order: see `docs/formats.md`. */
export const streamNames = [
  'control',
  'patchControl',
  'runs',
  'distances',
  'lengths',
  'ones',
  'twos',
  'threes',
  'longer',
  'extra',
  'plain',
] as const;

export type StreamName = (typeof streamNames)[number];

/** Numbers of codecs as they are written. */
export const codecs = { plain: 0, zstd: 1, brotli: 2 } as const;

export type Codec = (typeof codecs)[keyof typeof codecs];

/** A stream as it is announced: what is known before its bytes are there. */
export type StreamHeader = {
  readonly codec: Codec;
  readonly rawLength: number;
  readonly storedLength: number;
};

/** The largest window (binary logarithm) of any frame in a delta: 64 MiB. */
export const deltaWindowLog = 26;

/** 20 to 22 take up to three times as long and gave 0.1 % on real streams. */
const zstdLevel = 19;

/** The largest window (binary logarithm) that brotli has without its extension for large windows. */
const brotliWindowLog = 24;

/**
 * Brotli is decoded at a third to a fifth of the speed of zstd, so it has to save at least one byte in so many; of
 * a large stream, where a device waits for it, in fewer.
 */
const brotliGain = 50;
const largeBrotliGain = 20;

/** Above this length in bytes brotli is tried on a part from the middle first. */
const largeStream = 1024 * 1024;
const sampleLength = 256 * 1024;

/** Compresses a stream by each codec and keeps the smallest. Slow: brotli takes some 500 KB a second. */
export function packStream(raw: Uint8Array): StoredStream {
  const plain: StoredStream = { codec: codecs.plain, rawLength: raw.length, stored: raw };
  if (raw.length === 0) return plain;
  const zstd = compressZstdBest(raw);
  const brotli = isBrotliLikely(raw) ? compressBrotli(raw) : undefined;
  const isBrotliUsed = brotli !== undefined && isBrotliWorthIt(brotli, zstd, raw.length);
  const stored = isBrotliUsed ? brotli : zstd;
  if (stored.length >= raw.length) return plain;
  return { codec: isBrotliUsed ? codecs.brotli : codecs.zstd, rawLength: raw.length, stored };
}

function isBrotliLikely(raw: Uint8Array): boolean {
  if (raw.length <= largeStream) return true;
  const start = (raw.length - sampleLength) >> 1;
  const sample = raw.subarray(start, start + sampleLength);
  return isBrotliWorthIt(compressBrotli(sample), compressZstdBest(sample), raw.length);
}

function isBrotliWorthIt(brotli: Uint8Array, zstd: Uint8Array, rawLength: number): boolean {
  const gain = rawLength > largeStream ? largeBrotliGain : brotliGain;
  return brotli.length < zstd.length - zstd.length / gain;
}

/** Writes the three numbers that announce a stream. */
export function writeStreamHeader(writer: ByteWriter, { codec, rawLength, stored }: StoredStream): void {
  for (const number of [codec, rawLength, stored.length]) writer.varint(number);
}

/** Reads what {@link writeStreamHeader} wrote. Throws `delta-damaged`. */
export function readStreamHeader(reader: ByteReader): StreamHeader {
  const codec = reader.varint();
  if (!isCodec(codec)) throw damaged(`no codec has the number ${codec}`);
  const header = { codec, rawLength: reader.varint(), storedLength: reader.varint() };
  if (codec === codecs.plain && header.rawLength !== header.storedLength)
    throw damaged('a plain stream has two lengths');
  if (codec !== codecs.plain && header.rawLength === 0) throw damaged('an empty stream is compressed');
  return header;
}

/**
 * Memory in bytes that a decoder needs for this stream beside its stored and its raw bytes: the window.
 * Nothing is decompressed. Throws `delta-damaged` for a window above the limit.
 */
export function streamWindow(header: StreamHeader, stored: Uint8Array): number {
  switch (header.codec) {
    case codecs.plain:
      return 0;
    case codecs.zstd:
      return zstdWindow(stored, header.rawLength);
    default:
      return Math.min(brotliWindow(stored), roundedUp(header.rawLength));
  }
}

/** The window of one zstd frame that must be whole and of this content length. Throws `delta-damaged`. */
export function zstdWindow(stored: Uint8Array, rawLength: number): number {
  const frame = readZstdFrame(stored);
  if (frame === undefined || frame.length !== stored.length) throw damaged('not one whole zstd frame');
  if (frame.contentLength !== rawLength) throw damaged('a zstd frame of another length than stated');
  if (frame.windowLength > 2 ** deltaWindowLog) throw damaged('a zstd frame with too large a window');
  return Math.min(frame.windowLength, rawLength);
}

/**
 * The raw bytes of a stream: exactly as many as stated, or `delta-damaged`. A plain stream is not copied. Check
 * lengths and {@link streamWindow} before.
 */
export function unpackStream({ codec, rawLength }: StreamHeader, stored: Uint8Array): Uint8Array {
  switch (codec) {
    case codecs.plain:
      return stored;
    case codecs.zstd:
      return decompressZstd(stored, rawLength);
    default:
      return decompressBrotli(stored, rawLength);
  }
}

function isCodec(number: number): number is Codec {
  return number === codecs.plain || number === codecs.zstd || number === codecs.brotli;
}

/** Node's types do not know the length yet. */
type SizedOptions = { readonly params: Record<number, number>; readonly pledgedSrcSize: number };

function compressZstdBest(raw: Uint8Array): Buffer {
  const windowLog = Math.min(deltaWindowLog, windowLogFor(raw.length));
  const options: SizedOptions = {
    params: {
      [constants.ZSTD_c_compressionLevel]: zstdLevel,
      [constants.ZSTD_c_windowLog]: windowLog,
    },
    pledgedSrcSize: raw.length,
  };
  return zstdCompressSync(raw, options);
}

function compressBrotli(raw: Uint8Array): Buffer {
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: Math.min(brotliWindowLog, windowLogFor(raw.length)),
    [constants.BROTLI_PARAM_SIZE_HINT]: raw.length,
  };
  return brotliCompressSync(raw, { params });
}

/** The smallest window (binary logarithm) that both codecs allow and that holds this many bytes. */
function windowLogFor(length: number): number {
  return Math.max(10, Math.ceil(Math.log2(length + 16)));
}

function roundedUp(length: number): number {
  return 2 ** windowLogFor(length);
}

function decompressZstd(stored: Uint8Array, rawLength: number): Uint8Array {
  try {
    return decompressExact(stored, rawLength, { windowLogLimit: deltaWindowLog });
  } catch (cause) {
    throw damaged('a zstd stream cannot be decompressed', cause);
  }
}

/** What Node gives when it is asked for `info`, which its types do not know. */
type WithInfo = { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };

function decompressBrotli(stored: Uint8Array, rawLength: number): Uint8Array {
  let content: Buffer;
  let used: number;
  try {
    const options = { info: true, chunkSize: Math.max(64, rawLength + 1), maxOutputLength: rawLength };
    const result = brotliDecompressSync(stored, options) as unknown as WithInfo;
    content = result.buffer;
    used = result.engine.bytesWritten;
  } catch (cause) {
    throw damaged('a brotli stream cannot be decompressed', cause);
  }
  if (content.length !== rawLength) throw damaged('a brotli stream of another length than stated');
  // The decoder stops at the end of its data, whatever follows.
  if (used !== stored.length) throw damaged('bytes after the end of a brotli stream');
  return content;
}

/** The window that the first byte of a brotli stream asks for (RFC 7932, section 9.1). */
function brotliWindow(stored: Uint8Array): number {
  const first = stored[0] ?? 0;
  const three = (first >> 1) & 7;
  const three2 = (first >> 4) & 7;
  if ((first & 1) === 0) return 2 ** 16;
  if (three !== 0) return 2 ** (17 + three);
  if (three2 === 0) return 2 ** 17;
  if (three2 === 1) throw damaged('a brotli stream with too large a window');
  return 2 ** (8 + three2);
}
