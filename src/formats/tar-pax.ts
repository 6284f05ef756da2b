import { SatchelError } from '../base/errors.ts';

/**
 * The records of pax extended headers (POSIX.1-2001), whose lengths count bytes and whose values may hold any
 * byte, line feeds and zero bytes included. All strings here are byte strings.
 */
export type PaxRecords = {
  /** Last value of each keyword. */
  readonly values: Map<string, string>;
  /** `GNU.sparse.offset` and `GNU.sparse.numbytes` in the order they came (sparse format 0.0 repeats them). */
  readonly sparse: number[];
};

/** No records. */
export function noRecords(): PaxRecords {
  return { values: new Map(), sparse: [] };
}

const lineFeed = 0x0a;
const space = 0x20;
const equals = 0x3d;

/** Keywords that no build keeps: access and change times, and remarks. */
const unused = new Set(['atime', 'ctime', 'comment', 'LIBARCHIVE.creationtime', 'SCHILY.dev', 'SCHILY.ino']);

/**
 * Adds the records of one extended header to `records`; a later record replaces an earlier one.
 * `position` is where the header starts. Throws `archive-extension-invalid`.
 */
export function addPaxRecords(records: PaxRecords, header: Buffer, position: number): void {
  const invalid = () => new SatchelError('archive-extension-invalid', { position });
  let start = 0;
  while (start < header.length) {
    let index = start;
    let length = 0;
    while (index < header.length && header[index]! >= 0x30 && header[index]! <= 0x39) {
      length = length * 10 + (header[index]! - 0x30);
      index += 1;
    }
    const end = start + length;
    if (index === start || header[index] !== space || end > header.length || header[end - 1] !== lineFeed) {
      throw invalid();
    }
    const assignment = header.indexOf(equals, index);
    if (assignment <= index + 1 || assignment >= end - 1) throw invalid();
    const keyword = header.toString('latin1', index + 1, assignment);
    if (!unused.has(keyword))
      addRecord(records, keyword, header.toString('latin1', assignment + 1, end - 1), invalid);
    start = end;
  }
}

function addRecord(records: PaxRecords, keyword: string, value: string, invalid: () => SatchelError): void {
  if (keyword === 'GNU.sparse.offset' || keyword === 'GNU.sparse.numbytes') {
    const isOffset = keyword === 'GNU.sparse.offset';
    const number = decimal(value);
    if (number === undefined || isOffset !== (records.sparse.length % 2 === 0)) throw invalid();
    records.sparse.push(number);
  } else {
    records.values.set(keyword, value);
  }
}

/** A whole number of decimal digits, or undefined. */
export function decimal(value: string): number | undefined {
  if (!/^[0-9]{1,16}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

/**
 * A time as pax writes it (`-1.5`) as seconds and nanoseconds, where nanoseconds always count forward:
 * [-2, 500000000]. What is finer than a nanosecond is rounded down. Undefined when it is no such number.
 */
export function paxTime(value: string): readonly [seconds: number, nanoseconds: number] | undefined {
  const match = /^(-?)([0-9]{1,16})(?:\.([0-9]*))?$/.exec(value);
  if (match === null) return undefined;
  const whole = Number(match[2]);
  const digits = match[3] ?? '';
  const fraction = Number(digits.slice(0, 9).padEnd(9, '0'));
  if (!Number.isSafeInteger(whole)) return undefined;
  if (match[1] === '') return [whole, fraction];
  const below = fraction + (/[1-9]/.test(digits.slice(9)) ? 1 : 0);
  return below === 0 ? [0 - whole, 0] : [0 - whole - 1, 1_000_000_000 - below];
}

/** One record of an extended header; the length counts its own digits. */
export function paxRecord(keyword: string, value: string): Buffer {
  const rest = keyword.length + value.length + 3;
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length = rest + String(length).length;
  return Buffer.from(`${length} ${keyword}=${value}\n`, 'latin1');
}
