import { createHash } from 'node:crypto';
import type { Sha256 } from '../base/identifiers.ts';
import { type FrameTable, isFrame } from './frames-table.ts';
import type { PartFile } from './pull-part-file.ts';

/** A stretch of a file that proves right or wrong as a whole: the file itself, or a frame of a pack. */
export type Unit = {
  readonly start: number;
  readonly end: number;
  /** False for bytes of a pack that lie between the frames that are known: nothing can be said of them. */
  readonly canBeProven: boolean;
};

/** How the bytes of a file that is being received are told from wrong ones. */
export type Content = {
  /** The unit that holds this byte, which must be inside of the file. */
  unitAt(position: number): Unit;
  /** True when the bytes of the unit were compared since the start and were right. */
  isProven(unit: Unit): boolean;
  /** Compares the bytes of a unit that has been received as a whole. Throws the system's failures of reading. */
  prove(unit: Unit, part: PartFile): Promise<boolean>;
  /** Hears of bytes that were just written, before anybody else writes. */
  written(bytes: Uint8Array, position: number): void;
  /** What was proven, or was on the way to it, holds no more. */
  forget(unit: Unit): void;
};

/**
 * As many bytes between two frames, of which nothing is known, are received with them: a request of their own would
 * take longer on a thin link. More are passed on without being kept.
 */
export const smallGap = 64 * 1024;

const pieceLength = 1024 * 1024;

/** A file that is named by the hash of its bytes. It is hashed while it arrives, as far as it arrives in order. */
export function wholeContent(sha256: Sha256, size: number): Content {
  const unit: Unit = { start: 0, end: size, canBeProven: true };
  let running = createHash('sha256');
  let hashed = 0;
  let isRight = false;
  return {
    unitAt: () => unit,
    isProven: () => isRight,
    written(bytes, position) {
      if (position !== hashed) return;
      running.update(bytes);
      hashed += bytes.length;
    },
    async prove(_, part) {
      const buffer = Buffer.allocUnsafeSlow(Math.min(pieceLength, size - hashed));
      while (hashed < size) {
        const piece = buffer.subarray(0, Math.min(buffer.length, size - hashed));
        await part.read(piece, hashed);
        running.update(piece);
        hashed += piece.length;
      }
      isRight = running.copy().digest('hex') === sha256;
      return isRight;
    },
    forget() {
      running = createHash('sha256');
      hashed = 0;
      isRight = false;
    },
  };
}

type Frame = Unit & { readonly sources: { readonly table: FrameTable; readonly number: number }[] };

/** A pack, whose frames are known from the maps of builds. */
export type PackContent = Content & {
  /** Takes in the frames that one more build knows; those of a table that is known already change nothing. */
  learn(table: FrameTable): void;
  /** Every known frame, in order. */
  frames(): readonly Unit[];
};

/** A pack of which no frame is known yet. */
export function packContent(size: number): PackContent {
  const known = new Set<FrameTable>();
  let frames: Frame[] = [];
  /** How many builds' objects each frame has been compared with, by its first byte. */
  const proven = new Map<number, number>();

  /** The number of the last frame that begins at or before a byte; −1 when none does. */
  const numberAt = (position: number): number => {
    let low = 0;
    let high = frames.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((frames[middle] as Frame).start <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  const frameFrom = (start: number): Frame | undefined => {
    const frame = frames[numberAt(start)];
    return frame?.start === start ? frame : undefined;
  };

  return {
    unitAt(position) {
      const number = numberAt(position);
      const frame = frames[number];
      if (frame !== undefined && position < frame.end) return frame;
      return {
        start: frame?.end ?? 0,
        end: frames[number + 1]?.start ?? size,
        canBeProven: false,
      };
    },
    isProven: ({ start, canBeProven }) =>
      canBeProven && (proven.get(start) ?? 0) === frameFrom(start)?.sources.length,
    async prove({ start, end }, part) {
      const sources = frameFrom(start)?.sources ?? [];
      const count = sources.length;
      const bytes = Buffer.allocUnsafeSlow(end - start);
      await part.read(bytes, start);
      const isRight = sources.slice(0, count).every(({ table, number }) => isFrame(bytes, table, number));
      if (isRight) proven.set(start, count);
      return isRight;
    },
    written() {},
    forget({ start }) {
      proven.delete(start);
    },
    learn(table) {
      if (known.has(table) || table.length !== size) return;
      known.add(table);
      const fresh: Frame[] = [];
      for (const [number, start] of table.offsets.entries()) {
        const end = start + (table.lengths[number] as number);
        const at = numberAt(start);
        const frame = frames[at];
        if (frame?.start === start && frame.end === end) frame.sources.push({ table, number });
        // Maps of one pack agree; what does not fit is wrong in one of them, and the first was here first.
        else if ((frame?.end ?? 0) <= start && end <= (frames[at + 1]?.start ?? size))
          fresh.push({ start, end, canBeProven: true, sources: [{ table, number }] });
      }
      frames = [...frames, ...fresh].sort((a, b) => a.start - b.start);
    },
    frames: () => frames,
  };
}
