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
    const fields = line.split(/[,;\t]/).map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
    const isHeading = i === 0 && /^(?:sn|serial)/i.test(fields[0] ?? '') && !/\d/.test(line);
    if (line.trim() === '' || isHeading) continue;
    const laptop = readLine(fields, { file, line: i + 1 });
    const known = laptops.get(laptop.serial);
    if (known !== undefined && known.uuid !== laptop.uuid) throw wrong({ file, line: i + 1 });
    laptops.set(laptop.serial, laptop);
  }
  return [...laptops.values()].sort((a, b) => (a.serial < b.serial ? -1 : 1));
}

type Place = { readonly file: string; readonly line: number };

function readLine([serial = '', uuid = '', ...rest]: readonly string[], place: Place): Laptop {
  if (rest.some((field) => field !== '')) throw wrong(place);
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
