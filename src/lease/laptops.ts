import { closeSync, openSync, readSync } from 'node:fs';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { type Laptop, laptopUuid, serialNumber } from './laptop.ts';
import { createLaptopTable, type LaptopTable } from './laptop-table.ts';

/**
 * Reads a list of laptops as schools and inventories write it: `SERIAL,UUID` a line, with spaces, quotes, empty lines
 * and a heading left out; `more` is added to it. The list may have millions. Throws `laptops-line-wrong` with the number
 * of the line, also for a laptop that stands there twice with two UUIDs, and what reading throws.
 */
export function readLaptopTable(file: string | undefined, more: readonly Laptop[] = []): LaptopTable {
  const table = createLaptopTable();
  let last = 0;
  if (file !== undefined)
    for (const [line, text] of linesOf(file)) {
      const laptop = readLine(text, { file, line });
      if (laptop !== undefined) table.add(laptop, line);
      last = line;
    }
  for (const laptop of more) {
    last += 1;
    table.add(laptop, last);
  }
  return table.table((line) => wrong({ file: file ?? 'SERIAL:UUID', line }));
}

/** Longer than this no line of a list is. */
const longestLine = 1024;
const pieceLength = 64 * 1024;

/** The lines of a list with their numbers. Throws `laptops-line-wrong` for one that is too long, and what reading throws. */
export function* linesOf(file: string): Generator<readonly [number: number, text: string]> {
  const fd = withSystemErrors('read', file, () => openSync(file, 'r'));
  try {
    const piece = Buffer.allocUnsafe(pieceLength);
    const splitter = createSplitter(file);
    for (;;) {
      const length = withSystemErrors('read', file, () => readSync(fd, piece, 0, piece.length, null));
      if (length === 0) break;
      yield* splitter.lines(piece.subarray(0, length));
    }
    yield* splitter.lastLine();
  } finally {
    closeSync(fd);
  }
}

/**
 * Reads such a list in pieces, as it stands there: laptops may come in any order and twice. Throws `laptops-line-wrong`.
 */
export async function* readLaptops(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Laptop> {
  const splitter = createSplitter(file);
  const read = ([line, text]: readonly [number, string]) => readLine(text, { file, line });
  for await (const piece of source)
    for (const line of splitter.lines(piece)) {
      const laptop = read(line);
      if (laptop !== undefined) yield laptop;
    }
  for (const line of splitter.lastLine()) {
    const laptop = read(line);
    if (laptop !== undefined) yield laptop;
  }
}

/** Cuts pieces of a list into lines, each without its line feed, one character a byte. */
function createSplitter(file: string) {
  let number = 0;
  let rest = '';
  return {
    *lines(piece: Uint8Array): Generator<readonly [number: number, text: string]> {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      const lines = (rest + bytes.toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        number += 1;
        yield [number, line];
      }
      if (rest.length > longestLine) throw wrong({ file, line: number + 1 });
    },
    *lastLine(): Generator<readonly [number: number, text: string]> {
      yield [number + 1, rest];
    },
  };
}

type Place = { readonly file: string; readonly line: number };

/** The words between commas, semicolons or tabs, without spaces and quotes. */
export function fieldsOf(line: string): string[] {
  return line.split(/[,;\t]/).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}

/** What spreadsheets put before the first line of a list in UTF-8, one character a byte. */
export const mark = /^\u00ef\u00bb\u00bf/;

/** The laptop of a line; undefined for a heading and for an empty one. */
function readLine(text: string, place: Place): Laptop | undefined {
  const line = place.line === 1 ? text.replace(mark, '') : text;
  const [serial = '', uuid = '', ...rest] = fieldsOf(line);
  const isHeading = place.line === 1 && /^(?:sn|serial)/i.test(serial) && !/\d/.test(line);
  if (line.trim() === '' || isHeading) return undefined;
  if (rest.some((field) => field !== '')) throw wrong(place);
  return readLaptop(serial, uuid, place);
}

/** A laptop by its two numbers. Throws `laptops-line-wrong`. */
export function readLaptop(serial: string, uuid: string, place: Place): Laptop {
  try {
    return { serial: serialNumber(serial), uuid: laptopUuid(uuid) };
  } catch (error) {
    if (isSatchelError(error)) throw wrong(place, error);
    throw error;
  }
}

function wrong({ file, line }: Place, cause?: unknown): SatchelError {
  return new SatchelError('laptops-line-wrong', { file, line }, { cause });
}
