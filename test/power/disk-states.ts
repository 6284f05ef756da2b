import { closeSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';

const block = 4096;
const head = 16;
const kinds = { write: 1, flush: 3 } as const;
/** Of the blocks that a drive has not been told to keep, how many it may have kept. */
const shares = [0.2, 0.5, 0.8] as const;

type Block = { readonly offset: number; readonly bytes: Buffer };

/** How {@link visitStates} goes through what a disk went through. */
export type StatesOptions = {
  /** The image as it was when the record began; it is changed, and ends as the record does. */
  readonly image: string;
  /** What the disk of {@link startWriteBackDisk} has recorded. */
  readonly record: string;
  /** States looked at between two flushes; those without a write between them are passed over. */
  readonly each: number;
  readonly random: () => number;
  /** Called with the image in one state that a power cut could have left it in. */
  readonly visit: (state: { readonly flushes: number; readonly blocks: number }) => void;
};

/**
 * Puts an image, one after the other, into states that a power cut could have left it in: everything up to a flush,
 * and of what was written after it, up to some moment, any blocks. Gives the number of states.
 */
export function visitStates({ image, record, each, random, visit }: StatesOptions): number {
  const file = openSync(image, 'r+');
  let states = 0;
  try {
    for (const [flushes, blocks] of epochsOf(record).entries()) {
      for (let turn = 0; turn < each && blocks.length > 0; turn += 1) {
        const share = shares[Math.floor(random() * shares.length)]!;
        const latest = 1 + Math.floor(random() * blocks.length);
        const kept = blocks.slice(0, latest).filter(() => random() < share);
        const before = kept.map(({ offset, bytes }) => ({
          offset,
          bytes: readBlock(file, offset, bytes.length),
        }));
        write(file, kept);
        visit({ flushes, blocks: blocks.length });
        states += 1;
        write(file, before.reverse());
      }
      write(file, blocks);
    }
  } finally {
    closeSync(file);
  }
  return states;
}

/** What was written between flushes, in blocks that a drive writes whole or not at all. */
function epochsOf(record: string): Block[][] {
  const bytes = readFileSync(record);
  const epochs: Block[][] = [[]];
  for (let at = 0; at + head <= bytes.length; ) {
    const offset = Number(bytes.readBigUInt64LE(at));
    const length = bytes.readUInt32LE(at + 8);
    const kind = bytes.readUInt32LE(at + 12);
    const data = bytes.subarray(at + head, at + head + length);
    at += head + length;
    if (kind === kinds.flush) epochs.push([]);
    else
      for (let from = 0; from < length; ) {
        const end = Math.min(length, from + block - ((offset + from) % block));
        epochs.at(-1)?.push({ offset: offset + from, bytes: data.subarray(from, end) });
        from = end;
      }
  }
  return epochs;
}

function readBlock(file: number, offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, offset);
  return bytes;
}

function write(file: number, blocks: readonly Block[]): void {
  for (const { offset, bytes } of blocks) writeSync(file, bytes, 0, bytes.length, offset);
}
