/**
 * Finds where a zstd frame ends without unpacking it (RFC 8878, section 3.1.1). Node.js's decoder loses what follows
 * a frame in the same piece, so it must be given one frame and nothing more.
 */
export type ZstdFrameWalk = {
  /** How many bytes at the beginning of the next piece belong to the frame. */
  take(piece: Uint8Array): number;
  /** True when the frame has been taken whole. */
  readonly isComplete: boolean;
};

const magicLength = 4;
const blockHeaderLength = 3;
const checksumLength = 4;
const contentSizeLengths = [0, 2, 4, 8] as const;
const dictionaryLengths = [0, 1, 2, 4] as const;
const runLengthBlock = 1;

/** Begins at the magic of a frame, skippable ones included. */
export function createZstdFrameWalk(): ZstdFrameWalk {
  let part: 'magic' | 'skippable' | 'descriptor' | 'block' = 'magic';
  let collected: number[] = [];
  let wanted = magicLength;
  let skip = 0;
  let hasChecksum = false;
  let isLast = false;

  const expect = (next: typeof part, length: number) => {
    part = next;
    wanted = length;
    collected = [];
  };
  const read = () => {
    const [a = 0, b = 0, c = 0, d = 0] = collected;
    if (part === 'magic') {
      expect(d === 0x18 ? 'skippable' : 'descriptor', d === 0x18 ? 4 : 1);
    } else if (part === 'skippable') {
      skip = a + b * 2 ** 8 + c * 2 ** 16 + d * 2 ** 24;
      isLast = true;
    } else if (part === 'descriptor') {
      const isSingleSegment = (a & 0x20) !== 0;
      const contentSize = isSingleSegment && a >> 6 === 0 ? 1 : contentSizeLengths[(a >> 6) as 0 | 1 | 2 | 3];
      hasChecksum = (a & 0x04) !== 0;
      skip = (isSingleSegment ? 0 : 1) + dictionaryLengths[(a & 3) as 0 | 1 | 2 | 3] + contentSize;
      expect('block', blockHeaderLength);
    } else {
      const header = a + b * 2 ** 8 + c * 2 ** 16;
      isLast = (header & 1) !== 0;
      skip = ((header >> 1) & 3) === runLengthBlock ? 1 : header >> 3;
      if (isLast && hasChecksum) skip += checksumLength;
      expect('block', blockHeaderLength);
    }
  };

  return {
    get isComplete() {
      return isLast && skip === 0;
    },
    take(piece) {
      let at = 0;
      while (at < piece.length && !(isLast && skip === 0)) {
        if (skip > 0) {
          const step = Math.min(skip, piece.length - at);
          skip -= step;
          at += step;
        } else {
          collected.push(piece[at]!);
          at += 1;
          if (collected.length === wanted) read();
        }
      }
      return at;
    },
  };
}
