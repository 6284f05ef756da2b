import { isSatchelError, SatchelError } from '../base/errors.ts';
import { type Laptop, laptopUuid, serialNumber } from './laptop.ts';

/**
 * Reads a list of laptops as schools and inventories write it: `SERIAL,UUID` a line, with spaces, quotes, empty lines
 * and a heading left out. Gives them in the order of their serial numbers. Throws `laptops-line-wrong` with the number
 * of the line, also for a laptop that stands there twice with two UUIDs.
 */
export function parseLaptops(text: string, file: string): Laptop[] {
  const laptops = new Map<string, Laptop>();
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    const laptop = readLine(line, { file, line: i + 1 });
    if (laptop === undefined) continue;
    const known = laptops.get(laptop.serial);
    if (known !== undefined && known.uuid !== laptop.uuid) throw wrong({ file, line: i + 1 });
    laptops.set(laptop.serial, laptop);
  }
  return [...laptops.values()].sort((a, b) => (a.serial < b.serial ? -1 : 1));
}

/** Longer than this no line of a list is. */
const longestLine = 1024;

/**
 * Reads such a list in pieces, as it stands there: laptops may come in any order and twice. Throws `laptops-line-wrong`.
 */
export async function* readLaptops(source: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Laptop> {
  let number = 0;
  let rest = '';
  const read = (line: string) => {
    number += 1;
    return readLine(line, { file, line: number });
  };
  for await (const piece of source) {
    const lines = (rest + Buffer.from(piece).toString('latin1')).split(/\r?\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const laptop = read(line);
      if (laptop !== undefined) yield laptop;
    }
    if (rest.length > longestLine) throw wrong({ file, line: number + 1 });
  }
  const last = read(rest);
  if (last !== undefined) yield last;
}

type Place = { readonly file: string; readonly line: number };

/** The words between commas, semicolons or tabs, without spaces and quotes. */
export function fieldsOf(line: string): string[] {
  return line.split(/[,;\t]/).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
}

/** What spreadsheets put before the first line of a list in UTF-8, one character a byte. */
const mark = /^\u00ef\u00bb\u00bf/;

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
