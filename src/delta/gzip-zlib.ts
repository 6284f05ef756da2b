import { Deflate } from 'pako';

/** What tells one zlib from another. */
export type ZlibVariant = {
  /** The size of its tables and buffers, as zlib counts it: 8 is usual, 9 the largest. */
  readonly memLevel: 8 | 9;
  /** True for the hash of Chromium's zlib, which Node.js has too. */
  readonly isChromium: boolean;
};

class Differs extends Error {}

/**
 * Deflates `raw` as a zlib does, with a port to JavaScript, so that every processor gives the same; Node.js has zlib
 * built in, but one that is tuned for each processor and gives other bytes than the original. Given `expected`,
 * returns undefined as soon as the result differs. Holds the result twice and 0.5 MiB.
 * @param level 1 to 9
 */
export function deflateLikeZlib(
  raw: Uint8Array,
  level: number,
  { memLevel, isChromium }: ZlibVariant,
  expected?: Uint8Array,
): Uint8Array | undefined {
  const encoder = new Deflate({ raw: true, level, memLevel, legacyHash: !isChromium });
  const collect = encoder.onData;
  let compared = 0;
  encoder.onData = (chunk) => {
    const wanted = expected?.subarray(compared, compared + chunk.length);
    if (wanted !== undefined && Buffer.compare(chunk, wanted) !== 0) throw new Differs();
    compared += chunk.length;
    collect.call(encoder, chunk);
  };
  try {
    encoder.push(raw, true);
  } catch (error) {
    if (error instanceof Differs) return undefined;
    throw error;
  }
  return encoder.result;
}
