/**
 * A run: lines of laptops as they came, and an index of them in the order of the serial numbers. Neither file ever changes.
 * An entry of the index has 16 bytes, big-endian: the serial number as a number (6), where the lines begin (6) and how
 * many bytes they have (4). Of a laptop that came several times the entries stand in the order in which they came.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import { writeStreamAtomic } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type LeaseEntry, longestEntry } from './collection.ts';
import { type Serial, serialKey, serialOfKey } from './laptop.ts';

const entryLength = 16;

/** Of so many entries one is kept in memory. */
const entriesPerBlock = 128;
const blockLength = entryLength * entriesPerBlock;

/** A run of at most so many bytes is held in memory once it is searched: some 25 000 laptops. */
const mostHeld = 16 * 1024 * 1024;

/** The names of the two files of a run. */
export function runFiles(
  directory: string,
  number: number,
): { readonly lines: string; readonly index: string } {
  return { lines: join(directory, `${number}.lines`), index: join(directory, `${number}.index`) };
}

/** Writes the files of a run; laptops may come in any order. `hasTwice`: some laptop has come more than once. */
export async function writeRun(
  directory: string,
  number: number,
  entries: AsyncIterable<LeaseEntry> | Iterable<LeaseEntry>,
): Promise<{ readonly entries: number; readonly hasTwice: boolean }> {
  const files = runFiles(directory, number);
  const index = createIndex();
  await writeStreamAtomic(files.lines, linesOf(entries, index), { mode: 0o600 });
  await writeStreamAtomic(files.index, index.pieces(), { mode: 0o600 });
  return { entries: index.count(), hasTwice: index.hasTwice() };
}

async function* linesOf(
  entries: AsyncIterable<LeaseEntry> | Iterable<LeaseEntry>,
  index: ReturnType<typeof createIndex>,
): AsyncGenerator<Uint8Array> {
  let text = '';
  let from = 0;
  for await (const { serial, lines } of entries) {
    index.add(serialKey(serial), from, lines.length);
    from += lines.length;
    text += lines;
    if (text.length < pieceLength) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
  if (text !== '') yield Buffer.from(text, 'latin1');
}

const pieceLength = 256 * 1024;

/** The index of a run that is being written: a few numbers a laptop. */
function createIndex() {
  let [keys, places, lengths] = [new Float64Array(1024), new Float64Array(1024), new Uint32Array(1024)];
  let count = 0;
  let isSorted = true;
  let hasTwice = false;
  const grown = <Numbers extends Float64Array | Uint32Array>(numbers: Numbers, larger: Numbers): Numbers => {
    larger.set(numbers);
    return larger;
  };
  return {
    add(key: number, from: number, length: number): void {
      if (count === keys.length) {
        keys = grown(keys, new Float64Array(2 * count));
        places = grown(places, new Float64Array(2 * count));
        lengths = grown(lengths, new Uint32Array(2 * count));
      }
      if (count > 0 && keys[count - 1]! > key) isSorted = false;
      [keys[count], places[count], lengths[count]] = [key, from, length];
      count += 1;
    },
    count: () => count,
    /** Known once the pieces have been made. */
    hasTwice: () => hasTwice,
    async *pieces(): AsyncGenerator<Uint8Array> {
      const order = Uint32Array.from({ length: count }, (_, at) => at);
      if (!isSorted) order.sort((one, other) => keys[one]! - keys[other]! || one - other);
      hasTwice = order.some((entry, at) => at > 0 && keys[entry] === keys[order[at - 1]!]);
      for (let at = 0; at < count; at += 4096) {
        const some = order.subarray(at, at + 4096);
        const piece = Buffer.alloc(some.length * entryLength);
        for (const [place, entry] of some.entries()) {
          piece.writeUIntBE(keys[entry]!, place * entryLength, 6);
          piece.writeUIntBE(places[entry]!, place * entryLength + 6, 6);
          piece.writeUInt32BE(lengths[entry]!, place * entryLength + 12);
        }
        yield piece;
      }
    },
  };
}

/** A run that is read. */
export type Run = {
  /** Bytes of its lines. */
  readonly bytes: number;
  /** All lines of a laptop in the order in which they came. Throws `lease-store-damaged`. */
  find(serial: Serial): string | undefined;
  /** The laptops in order, each once, with their lines. Throws `lease-store-damaged`. */
  all(): Generator<LeaseEntry>;
  close(): void;
};

type IndexEntry = { readonly key: number; readonly from: number; readonly length: number };

/** Opens a run. Throws `lease-store-damaged`, and what the system says. */
export function openRun(directory: string, number: number): Run {
  const files = runFiles(directory, number);
  const lines = withSystemErrors('open', files.lines, () => openSync(files.lines, 'r'));
  const index = openOrClose(files.index, lines);
  const indexLength = fstatSync(index).size;
  const bytes = fstatSync(lines).size;
  const damaged = () => new SatchelError('lease-store-damaged', { path: files.index });
  const read = (file: number, from: number, length: number): Buffer => {
    const piece = Buffer.allocUnsafe(length);
    if (readSync(file, piece, 0, length, from) !== length) throw damaged();
    return piece;
  };
  // Thousands of laptops ask in a second, and those of a school lie in memory: reading costs more than all the rest.
  let whole: { readonly index: Buffer; readonly lines: Buffer } | undefined;
  const hold = () => {
    if (whole === undefined && bytes + indexLength <= mostHeld)
      whole = { index: read(index, 0, indexLength), lines: read(lines, 0, bytes) };
  };
  /** Reads blocks and lines; what it gives is good until it is asked again. */
  const reader = (ahead: number) => {
    const ofIndex = openWindow(index, { size: blockLength, ahead: blockLength, damaged });
    const ofLines = openWindow(lines, { size: longestEntry, ahead, damaged });
    return {
      block(at: number): Buffer {
        const from = at * blockLength;
        const length = Math.min(blockLength, indexLength - from);
        return whole?.index.subarray(from, from + length) ?? ofIndex(from, length);
      },
      text({ from, length }: IndexEntry): string {
        if (length > longestEntry || from + length > bytes) throw damaged();
        return (
          whole?.lines.toString('latin1', from, from + length) ?? ofLines(from, length).toString('latin1')
        );
      },
    };
  };
  const entry = (piece: Buffer, at: number): IndexEntry => ({
    key: piece.readUIntBE(at, 6),
    from: piece.readUIntBE(at + 6, 6),
    length: piece.readUInt32BE(at + 12),
  });
  const finding = reader(readAhead);
  const blocks = Math.ceil(indexLength / blockLength);
  let fences: Float64Array | undefined;
  const loadFences = (): Float64Array => {
    if (indexLength % entryLength !== 0) throw damaged();
    return Float64Array.from({ length: blocks }, (_, at) => finding.block(at).readUIntBE(0, 6));
  };
  return {
    bytes,
    find(serial) {
      const key = serialKey(serial);
      hold();
      fences ??= loadFences();
      let found = '';
      // A laptop may begin in the block before the first that begins with it.
      for (let at = Math.max(0, countBelow(fences, key) - 1); at < blocks && fences[at]! <= key; at += 1) {
        const piece = finding.block(at);
        for (let place = 0; place < piece.length; place += entryLength)
          if (piece.readUIntBE(place, 6) === key) found += finding.text(entry(piece, place));
      }
      return found === '' ? undefined : found;
    },
    *all() {
      const { block, text } = reader(longestEntry);
      let held: { key: number; lines: string } | undefined;
      for (let at = 0; at < blocks; at += 1) {
        const piece = block(at);
        for (let place = 0; place + entryLength <= piece.length; place += entryLength) {
          const next = entry(piece, place);
          if (held?.key === next.key) held.lines += text(next);
          else {
            if (held !== undefined) yield { serial: serialOfKey(held.key), lines: held.lines };
            held = { key: next.key, lines: text(next) };
          }
        }
      }
      if (held !== undefined) yield { serial: serialOfKey(held.key), lines: held.lines };
    },
    close() {
      closeSync(index);
      closeSync(lines);
    },
  };
}

/** Bytes of lines that are read at once for one laptop: who goes through all in order finds the next ones there. */
const readAhead = 4096;

/**
 * Reads parts of a file through one buffer, so that a million parts leave no garbage. A part is good until the next is
 * asked for. `size`: bytes of the longest part; `ahead`: so many are read at once at least.
 */
function openWindow(
  file: number,
  { size, ahead, damaged }: { readonly size: number; readonly ahead: number; readonly damaged: () => Error },
): (from: number, length: number) => Buffer {
  let buffer: Buffer | undefined;
  let [start, held] = [0, 0];
  return (from, length) => {
    buffer ??= Buffer.allocUnsafeSlow(size);
    if (from < start || from + length > start + held) {
      held = 0;
      held = readSync(file, buffer, 0, Math.max(length, ahead), from);
      start = from;
      if (held < length) throw damaged();
    }
    return buffer.subarray(from - start, from - start + length);
  };
}

/** Opens a file, or closes the one that was opened before it. */
function openOrClose(path: string, other: number): number {
  try {
    return withSystemErrors('open', path, () => openSync(path, 'r'));
  } catch (error) {
    closeSync(other);
    throw error;
  }
}

/** How many of the numbers, which are in order, are below this one. */
function countBelow(numbers: Float64Array, limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (numbers[middle]! < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
