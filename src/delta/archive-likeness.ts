import { readScratch } from '../os/scratch-file.ts';
import type { ArchiveRange } from './archive-ranges.ts';
import { segmentLimits } from './delta-format.ts';
import { createSketch } from './sketch.ts';

/** The old content is looked at in blocks of so many bytes. */
const blockLength = 64 * 1024;

/** A block that shares fewer anchors is not worth reading for it. */
const fewestShared = 4;

/** The most that a base is longer than what is made from it: room for what moved. */
const slack = 8 * 1024 * 1024;

/** Where a wanted block is, the blocks beside it are wanted too: what is like it may go on there. */
type Block = { readonly number: number; readonly shared: number };

/**
 * Finds the parts of an unpacked file, open as `content`, that some new content is most like: `share` is how far
 * in its file that begins, as a part of the whole. Holds a tenth of the old content's length.
 */
export function likestRanges(
  content: number,
  length: number,
): (wanted: Uint8Array, share: number) => ArchiveRange[] {
  const sketch = createSketch(length);
  for (let start = 0; start < length; start += blockLength) {
    const block = new Uint8Array(Math.min(blockLength, length - start));
    readScratch(content, block, start);
    sketch.add(block);
  }
  return (wanted, share) => {
    const shared = sketch.countShared(wanted);
    const blocks = Array.from(shared, (count, number): Block => ({ number, shared: count }));
    const room = Math.floor(Math.min(segmentLimits.base, wanted.length + slack) / blockLength);
    const first = (share * length) / blockLength;
    const last = first + wanted.length / blockLength;
    const liked = blocks.filter((block) => block.shared >= fewestShared).sort((a, b) => b.shared - a.shared);
    const beside = new Set(liked.flatMap(({ number }) => [number - 1, number + 1]));
    const others = blocks.filter((block) => block.shared < fewestShared);
    const distance = ({ number }: Block) => Math.max(0, first - number, number - last);
    const near = [
      ...others.filter(({ number }) => beside.has(number)),
      ...others.filter(({ number }) => !beside.has(number)).sort((a, b) => distance(a) - distance(b)),
    ];
    const chosen = [...liked, ...near].slice(0, Math.max(1, room)).map(({ number }) => number);
    return rangesOf(
      chosen.sort((a, b) => a - b),
      length,
    );
  };
}

/** Blocks that follow each other are one range. */
function rangesOf(numbers: readonly number[], length: number): ArchiveRange[] {
  const ranges: { start: number; length: number }[] = [];
  for (const number of numbers) {
    const start = number * blockLength;
    const size = Math.min(blockLength, length - start);
    const last = ranges.at(-1);
    if (last !== undefined && last.start + last.length === start) last.length += size;
    else ranges.push({ start, length: size });
  }
  return ranges;
}
