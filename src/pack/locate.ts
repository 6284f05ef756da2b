import type { ObjectMap } from './map-format.ts';

/** A run of bytes of one pack that holds wanted frames; `pack` is the pack's number in the map. */
export type FrameRange = {
  readonly pack: number;
  readonly offset: number;
  readonly length: number;
  /** Numbers of the wanted frames inside, ascending. */
  readonly frames: readonly number[];
};

/** How far apart frames may lie and still be read in one request. */
export type CoalesceOptions = {
  /**
   * The most unwanted bytes between two wanted frames that are read all the same. The default, 64 KiB, is what
   * a thin link (2 Mbit/s, 300 ms) carries in the time that one more request would take.
   */
  readonly maximumGap?: number;
  /** Ranges are not made longer than this many bytes; a single longer frame is still one range. */
  readonly maximumRange?: number;
};

/** The numbers of the frames that hold the objects with these ordinals, each once, ascending. */
export function framesHolding(map: ObjectMap, ordinals: Iterable<number>): number[] {
  const frames = new Set<number>();
  for (const ordinal of ordinals) frames.add(map.locate(ordinal).frame);
  return [...frames].sort((a, b) => a - b);
}

/**
 * The byte ranges to read for these frames, in the order of the map. The same frames in any order give the same
 * ranges.
 */
export function coalesceFrames(
  map: ObjectMap,
  frames: Iterable<number>,
  options: CoalesceOptions = {},
): FrameRange[] {
  const { maximumGap = 64 * 1024, maximumRange = Number.POSITIVE_INFINITY } = options;
  const ranges: { pack: number; offset: number; length: number; frames: number[] }[] = [];
  for (const number of [...new Set(frames)].sort((a, b) => a - b)) {
    const { pack, offset, length } = map.frame(number);
    const last = ranges.at(-1);
    const grown = last === undefined ? 0 : offset + length - last.offset;
    const isNear =
      last !== undefined && last.pack === pack && offset - (last.offset + last.length) <= maximumGap;
    if (last !== undefined && isNear && grown <= maximumRange) {
      last.length = grown;
      last.frames.push(number);
    } else ranges.push({ pack, offset, length, frames: [number] });
  }
  return ranges;
}
