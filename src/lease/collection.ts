/**
 * Files of leases (facts, section 7.6). A bare one has a record a line. A collection is canonical JSON,
 * `[1,{"<serial>":"<records, each with its line feed>",…}]`, and may hold millions: laptops search it for the bytes
 * `"<serial>":"` and take everything up to the next `"`, so nothing in it is escaped. Both are read and written in
 * pieces.
 */
import { SatchelError } from '../base/errors.ts';
import { isSerial, type Serial } from './laptop.ts';

/** The records of one laptop: lines, each with its line feed. */
export type LeaseEntry = { readonly serial: Serial; readonly lines: string };

/** Most bytes that the records of one laptop may have together. */
export const longestEntry = 64 * 1024;

const opening = '[1,{"';

/** True for the first bytes of a collection; at least five must be given. */
export function isCollection(first: Uint8Array): boolean {
  return Buffer.from(first.subarray(0, opening.length)).toString('latin1') === opening;
}

/**
 * Writes a collection. The entries must come in the order of their serial numbers, each once. Throws
 * `leases-out-of-order` otherwise.
 */
export async function* writeCollection(
  entries: AsyncIterable<LeaseEntry> | Iterable<LeaseEntry>,
): AsyncGenerator<Uint8Array, void> {
  let previous = '';
  let text = '[1,{';
  for await (const { serial, lines } of entries) {
    if (serial <= previous) throw new SatchelError('leases-out-of-order', { serial, previous });
    if (!isPlain(lines)) throw new SatchelError('lease-line-invalid', { line: lines.slice(0, 80) });
    text += `${previous === '' ? '' : ','}"${serial}":"${lines}"`;
    previous = serial;
    if (text.length >= pieceLength) {
      yield Buffer.from(text, 'latin1');
      text = '';
    }
  }
  yield Buffer.from(`${text}}]`, 'latin1');
}

/** Writes a bare file: records, each with its line feed, in pieces that are worth a call of the system. */
export async function* writeBare(records: AsyncIterable<string>): AsyncGenerator<Uint8Array, void> {
  let text = '';
  for await (const record of records) {
    text += record;
    if (text.length < pieceLength) continue;
    yield Buffer.from(text, 'latin1');
    text = '';
  }
  yield Buffer.from(text, 'latin1');
}

const pieceLength = 256 * 1024;

/** Records are lines of ASCII without what would need escaping. */
function isPlain(lines: string): boolean {
  return lines.length <= longestEntry && /^(?:[ !#-[\]-~]+\n)+$/.test(lines);
}

/**
 * Reads the records of a file, bare or a collection, laptop by laptop; of a bare file neighbouring lines of one laptop
 * come together. Throws `leases-invalid` with the byte where it stops making sense.
 */
export async function* readLeases(source: AsyncIterable<Uint8Array>): AsyncGenerator<LeaseEntry, void> {
  const window = openWindow(source);
  await window.fill(opening.length);
  // One without a laptop is a collection too.
  if (window.text().startsWith('[1,{')) yield* collectionEntries(window);
  else yield* bareEntries(window);
}

async function* collectionEntries(window: Window): AsyncGenerator<LeaseEntry, void> {
  window.take(opening.length - 1);
  let previous = '';
  for (let separator = ''; ; separator = ',') {
    await window.fill(longestEntry + 32);
    const end = /^\}\]\n?$/.exec(window.text());
    if (end !== null && window.isAtEnd()) return;
    const head = `${separator}"`;
    const match = window.text().startsWith(head)
      ? entryPattern.exec(window.text().slice(separator.length))
      : null;
    const [whole = '', serial = '', lines = ''] = match ?? [];
    if (!isSerial(serial) || serial <= previous || !isPlain(lines)) throw window.invalid();
    window.take(separator.length + whole.length);
    previous = serial;
    yield { serial, lines };
  }
}

const entryPattern = /^"([^"]{11})":"([^"]*)"/;

async function* bareEntries(window: Window): AsyncGenerator<LeaseEntry, void> {
  let entry: LeaseEntry | undefined;
  for (;;) {
    await window.fill(longestEntry);
    if (window.text() === '') break;
    const end = window.text().indexOf('\n');
    if (end < 0 && !window.isAtEnd()) throw window.invalid();
    const line = end < 0 ? window.text() : window.text().slice(0, end);
    const serial = /^[a-z]{3}0[1-9]: (\S{11}) /.exec(line)?.[1] ?? '';
    if (!isSerial(serial) || !isPlain(`${line}\n`)) throw window.invalid();
    window.take(end < 0 ? line.length : end + 1);
    if (entry?.serial === serial) entry = { serial, lines: `${entry.lines}${line}\n` };
    else {
      if (entry !== undefined) yield entry;
      entry = { serial, lines: `${line}\n` };
    }
    if (entry.lines.length > longestEntry) throw window.invalid();
  }
  if (entry !== undefined) yield entry;
}

/** The part of a file that is looked at, one character a byte. */
type Window = {
  text(): string;
  /** Reads until so many bytes are there, or the file ends. */
  fill(least: number): Promise<void>;
  /** Goes on behind so many bytes. */
  take(bytes: number): void;
  /** True when nothing comes after what is there. */
  isAtEnd(): boolean;
  invalid(): SatchelError;
};

function openWindow(source: AsyncIterable<Uint8Array>): Window {
  const pieces = source[Symbol.asyncIterator]();
  let held = '';
  let from = 0;
  let position = 0;
  let hasEnded = false;
  return {
    text: () => {
      if (from > 0) held = held.slice(from);
      from = 0;
      return held;
    },
    async fill(least) {
      while (!hasEnded && held.length - from < least) {
        const { value, done } = await pieces.next();
        if (done === true) hasEnded = true;
        else held = held.slice(from) + Buffer.from(value).toString('latin1');
        if (done !== true) from = 0;
      }
    },
    take(bytes) {
      from += bytes;
      position += bytes;
    },
    isAtEnd: () => hasEnded,
    invalid: () => new SatchelError('leases-invalid', { position }),
  };
}
