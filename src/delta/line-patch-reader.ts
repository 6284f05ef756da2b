import { type ByteReader, createByteReader } from './byte-reader.ts';
import { damaged } from './damaged.ts';
import { readDictionaryFrame } from './dictionary-frame.ts';
import {
  hashBytes,
  isHash,
  KnownHashes,
  lineStreamNames,
  linesOf,
  longestText,
  nameableValues,
  operations,
  textDictionary,
  withHashes,
  withValues,
} from './index-lines.ts';
import { unzigzag } from './ordinal-runs.ts';
import { readStreamHeader, streamWindow, unpackStream } from './streams.ts';

/** The text that a line patch makes of `from`, at most `size` bytes. Throws `delta-damaged`. */
export function readLinePatch(from: Uint8Array, patch: Uint8Array, size: number): Buffer {
  if (Math.max(from.length, size) > longestText) throw damaged('an index too long for its patch');
  const body = openLinePatch(patch, from.length + size);
  const reader = new LinePatchReader(linesOf(from), body, size);
  return Buffer.from(reader.read(), 'latin1');
}

type LinePatchBody = {
  readonly streams: Readonly<Record<(typeof lineStreamNames)[number], Uint8Array>>;
  readonly text: { readonly length: number; readonly frame: Uint8Array };
};

/** Unpacks the streams of a patch. What they say about a line or a value is never longer than it was or becomes. */
function openLinePatch(patch: Uint8Array, bothLengths: number): LinePatchBody {
  const reader = createByteReader(patch, 'the index patch');
  const headers = lineStreamNames.map((name) => ({ name, header: readStreamHeader(reader) }));
  const textLength = reader.varint();
  if (headers.some(({ header }) => header.rawLength > bothLengths + 2))
    throw damaged('an index patch larger than both indexes');
  const unpacked = headers.map(({ name, header }) => {
    const stored = reader.take(header.storedLength);
    streamWindow(header, stored);
    return [name, unpackStream(header, stored)] as const;
  });
  const streams = Object.fromEntries(unpacked) as LinePatchBody['streams'];
  return { streams, text: { length: textLength, frame: reader.take(reader.remaining) } };
}

class LinePatchReader {
  readonly #oldLines: readonly string[];
  readonly #body: LinePatchBody;
  readonly #size: number;
  readonly #known: KnownHashes;
  readonly #numbers: ByteReader;
  readonly #references: ByteReader;
  readonly #hashes: ByteReader;
  readonly #lines: string[] = [];
  #length = -1;
  #nextReference = 0;

  constructor(oldLines: readonly string[], body: LinePatchBody, size: number) {
    this.#oldLines = oldLines;
    this.#body = body;
    this.#size = size;
    this.#known = new KnownHashes(this.#linesNotKept());
    this.#numbers = createByteReader(body.streams.numbers, 'the numbers of the index patch');
    this.#references = createByteReader(body.streams.references, 'the references of the index patch');
    this.#hashes = createByteReader(body.streams.hashes, 'the hashes of the index patch');
  }

  read(): string {
    const inserted = this.#readInserted();
    let nextInserted = 0;
    for (const { operation, oldLine } of this.#operations()) {
      if (operation === operations.skip) continue;
      if (operation === operations.insert) {
        const line = inserted[nextInserted++];
        if (line === undefined) throw damaged('an index patch without the lines that it inserts');
        this.#emit(withHashes(line, () => this.#hash()));
      } else if (operation === operations.keep) this.#emit(oldLine);
      else this.#emit(this.#changed(oldLine, operation - operations.change));
    }
    const isRead = [this.#numbers, this.#references, this.#hashes].every(({ remaining }) => remaining === 0);
    if (nextInserted !== inserted.length || !isRead) throw damaged('an index patch that says too much');
    return this.#lines.join('\n');
  }

  /** What is done, one after another, with the old line that it is done to; for an insertion none. */
  *#operations(): Generator<{ readonly operation: number; readonly oldLine: string }> {
    const reader = createByteReader(this.#body.streams.operations, 'the operations of the index patch');
    let nextOld = 0;
    while (reader.remaining > 0) {
      const operation = reader.varint();
      const oldLine = operation === operations.insert ? '' : this.#oldLines[nextOld++];
      if (oldLine === undefined) throw damaged('an index patch for a longer index');
      yield { operation, oldLine };
    }
  }

  *#linesNotKept(): Generator<string> {
    for (const { operation, oldLine } of this.#operations()) if (operation !== operations.keep) yield oldLine;
  }

  /** The inserted lines, still with marks for their hashes. */
  #readInserted(): readonly string[] {
    const { length, frame } = this.#body.text;
    if (length > this.#size + 1) throw damaged('an index patch larger than the index');
    if (length === 0 && frame.length === 0) return [];
    const skipped: string[] = [];
    for (const { operation, oldLine } of this.#operations())
      if (operation === operations.skip) skipped.push(oldLine);
    const text = readDictionaryFrame(textDictionary(skipped), frame, length);
    const lines = linesOf(text);
    if (lines.pop() !== '') throw damaged('an index patch whose last line has no end');
    return lines;
  }

  #changed(line: string, mask: number): string {
    let left = mask;
    const changed = withValues(line, (value, place) => {
      if (place >= nameableValues || Math.floor(mask / 2 ** place) % 2 === 0) return value;
      left -= 2 ** place;
      return isHash(value) ? this.#hash() : String(Number(value) + unzigzag(this.#numbers.varint()));
    });
    if (left !== 0) throw damaged('a value that a line does not have');
    return changed;
  }

  #hash(): string {
    const reference = this.#references.varint();
    if (reference === 0) {
      const hash = Buffer.from(this.#hashes.take(hashBytes)).toString('hex');
      this.#known.add(hash);
      return hash;
    }
    const number = this.#nextReference + unzigzag(reference - 1);
    const hash = this.#known.hashAt(number);
    if (hash === undefined) throw damaged('a hash that is not known');
    this.#nextReference = number + 1;
    return hash;
  }

  /** Takes a line; an index larger than promised is refused before it is put together. */
  #emit(line: string): void {
    this.#lines.push(line);
    this.#length += line.length + 1;
    if (this.#length > this.#size) throw damaged('an index patch that makes a larger index');
  }
}
