/**
 * The outside of a zstd frame (RFC 8878, section 3.1.1), read without decompressing anything. Node's
 * decompressor stops silently at the end of the first frame, whatever follows it, so the end is found here.
 */

/** What the header and the block headers of one zstd frame say. */
export type ZstdFrame = {
  /** Length of the whole frame in bytes, with its checksum. */
  readonly length: number;
  /** Length of the content in bytes, as the header states it. */
  readonly contentLength: number;
  /** Memory in bytes that a decoder must keep of what it has produced. */
  readonly windowLength: number;
  readonly hasChecksum: boolean;
};

const magic = 0xfd2fb528;
const maximumBlock = 128 * 1024;

/**
 * Reads the frame that starts at the first byte; undefined when there is none, when it is cut short, when it
 * needs a dictionary, does not state its content's length, or holds a length that cannot be right. Bytes after the frame are not looked at.
 */
export function readZstdFrame(bytes: Uint8Array): ZstdFrame | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readHeader(view);
  if (header === undefined) return undefined;
  const length = endOfBlocks(view, header.headerLength, header.hasChecksum ? 4 : 0);
  if (length === undefined) return undefined;
  const { contentLength, windowLength, hasChecksum } = header;
  return { length, contentLength, windowLength, hasChecksum };
}

type Header = Omit<ZstdFrame, 'length'> & { readonly headerLength: number };

function readHeader(view: Buffer): Header | undefined {
  if (view.length < 6 || view.readUInt32LE(0) !== magic) return undefined;
  const descriptor = view[4] as number;
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const usesReservedBit = (descriptor & 0x08) !== 0;
  const usesDictionary = (descriptor & 0x03) !== 0;
  if (usesReservedBit || usesDictionary) return undefined;
  const sizeFlag = descriptor >> 6;
  const sizeBytes = sizeFlag === 0 ? (isSingleSegment ? 1 : 0) : 1 << sizeFlag;
  const sizeAt = isSingleSegment ? 5 : 6;
  const headerLength = sizeAt + sizeBytes;
  if (view.length < headerLength) return undefined;
  const contentLength = readContentLength(view, sizeAt, sizeBytes);
  if (contentLength === undefined || !Number.isSafeInteger(contentLength)) return undefined;
  const windowLength = isSingleSegment ? contentLength : windowFrom(view[5] as number);
  return { headerLength, contentLength, windowLength, hasChecksum: (descriptor & 0x04) !== 0 };
}

function readContentLength(view: Buffer, at: number, width: number): number | undefined {
  switch (width) {
    case 0:
      return undefined;
    case 1:
      return view.readUInt8(at);
    case 2:
      return view.readUInt16LE(at) + 256;
    case 4:
      return view.readUInt32LE(at);
    default:
      return Number(view.readBigUInt64LE(at));
  }
}

function windowFrom(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

function endOfBlocks(view: Buffer, start: number, checksumLength: number): number | undefined {
  let position = start;
  for (;;) {
    if (position + 3 > view.length) return undefined;
    const header = view.readUIntLE(position, 3);
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > maximumBlock) return undefined;
    position += 3 + (type === 1 ? 1 : size);
    if ((header & 1) === 1) break;
  }
  const end = position + checksumLength;
  return end > view.length ? undefined : end;
}
