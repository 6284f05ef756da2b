import { SatchelError } from '../base/errors.ts';

/** Serial number of a laptop: three capital letters and eight capital hexadecimal digits, `SHC00000001`. */
export type Serial = string & { readonly __brand: 'Serial' };

/** The other number of a laptop, which is signed and never sent: 36 characters, hexadecimal digits in capitals. */
export type LaptopUuid = string & { readonly __brand: 'LaptopUuid' };

/** A time as laptops write it, UTC, 16 characters: `20260101T000000Z`, or `00000000T000000Z` for never. */
export type LaptopTime = string & { readonly __brand: 'LaptopTime' };

/** A laptop as lists of them name it. */
export type Laptop = { readonly serial: Serial; readonly uuid: LaptopUuid };

/** What never ends. */
export const never = '00000000T000000Z' as LaptopTime;

const serialPattern = /^[A-Z]{3}[0-9A-F]{8}$/;
const uuidPattern = /^[0-9A-F]{8}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{4}-[0-9A-F]{12}$/;
const timePattern = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** True for a serial number as records hold it. */
export function isSerial(text: string): text is Serial {
  return serialPattern.test(text);
}

/** Reads a serial number in capitals or not. Throws `serial-not-understood`. */
export function serialNumber(text: string): Serial {
  const serial = text.toUpperCase();
  if (!isSerial(serial)) throw new SatchelError('serial-not-understood', { serial: text.slice(0, 100) });
  return serial;
}

/** A serial number as a whole number below 2^47; the order is the same. */
export function serialKey(serial: Serial): number {
  const letter = (at: number) => serial.charCodeAt(at) - 65;
  const letters = (letter(0) * 26 + letter(1)) * 26 + letter(2);
  return letters * 2 ** 32 + Number.parseInt(serial.slice(3), 16);
}

/** The serial number that such a number stands for. */
export function serialOfKey(key: number): Serial {
  const letters = Math.floor(key / 2 ** 32);
  const letter = (value: number) => String.fromCharCode(65 + (value % 26));
  const digits = (key % 2 ** 32).toString(16).toUpperCase().padStart(8, '0');
  return `${letter(Math.floor(letters / 676))}${letter(Math.floor(letters / 26))}${letter(letters)}${digits}` as Serial;
}

/** Reads the UUID of a laptop in capitals or not. Throws `uuid-not-understood`. */
export function laptopUuid(text: string): LaptopUuid {
  const uuid = text.toUpperCase();
  if (!uuidPattern.test(uuid)) throw new SatchelError('uuid-not-understood', { uuid: text.slice(0, 100) });
  return uuid as LaptopUuid;
}

/** Reads `SERIAL:UUID`. Throws `laptop-not-understood` and what its parts throw. */
export function laptop(text: string): Laptop {
  const [serial, uuid, ...rest] = text.split(':');
  if (serial === undefined || uuid === undefined || rest.length > 0)
    throw new SatchelError('laptop-not-understood', { laptop: text.slice(0, 100) });
  return { serial: serialNumber(serial), uuid: laptopUuid(uuid) };
}

/** True for a time as records hold it: one that exists, or never. */
export function isLaptopTime(text: string): text is LaptopTime {
  return text === never || millisecondsOf(text) !== undefined;
}

/** A time in milliseconds since 1970 as laptops write it; fractions of a second are left off. */
export function laptopTime(milliseconds: number): LaptopTime {
  return new Date(milliseconds).toISOString().replace(/[-:]|\.\d+/g, '') as LaptopTime;
}

/** Milliseconds since 1970; infinite for never. */
export function timeOf(time: LaptopTime): number {
  return time === never ? Number.POSITIVE_INFINITY : (millisecondsOf(time) ?? Number.NaN);
}

function millisecondsOf(text: string): number | undefined {
  const parts = timePattern.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  // Date takes the 30th of February for a day in March.
  return Number.isNaN(time) || laptopTime(time) !== text ? undefined : time;
}
