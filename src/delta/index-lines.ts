/**
 * Lines of an index as a patch sees them. Nothing of JSON is understood: any bytes can be taken apart so and put
 * together again, only that real indexes come out short.
 */

/** What stands for a hash in text; encoding refuses text that holds it. */
export const hashMark = '\x01';

const hashPattern = /[0-9a-f]{64}/g;

/** Hashes, and decimal numbers that can be written in one way only and are exact as a JavaScript number. */
const valuePattern = /[0-9a-f]{64}|(?<![\w.+-])(?:0|-?[1-9][0-9]{0,14})(?![\w.])/g;

/** Raw bytes of a hash. */
export const hashBytes = 32;

const hashDigits = 2 * hashBytes;

/** Longer text than this (bytes) could not be one string. */
export const longestText = 256 * 1024 * 1024;

/** What a line patch does next, as it is written; from `change` on, less that number, which values change. */
export const operations = { keep: 0, insert: 1, skip: 2, change: 3 } as const;

/** Values of a line that a change can name, so that its number stays exact. */
export const nameableValues = 48;

/** The streams of a line patch in their order; `text`, after them, has a dictionary of its own. */
export const lineStreamNames = ['operations', 'numbers', 'references', 'hashes'] as const;

/** A line without its values. Two lines of one shape differ in values only. */
export type SplitLine = { readonly shape: string; readonly values: readonly string[] };

/** Bytes as text of one character a byte. */
export function linesOf(bytes: Uint8Array): string[] {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').split('\n');
}

/** The beginning of a line up to its type: the path. Lines of both indexes with the same one belong together. */
export function keyOf(line: string): string {
  const end = line.indexOf('","type"');
  return end === -1 ? line : line.slice(0, end);
}

/** The values after the key, and all between them. */
export function splitLine(line: string): SplitLine {
  const key = keyOf(line);
  const rest = line.slice(key.length);
  return { shape: key + rest.replace(valuePattern, hashMark), values: rest.match(valuePattern) ?? [] };
}

/** The line with other values: `valueFor` gives what takes the place of each. */
export function withValues(line: string, valueFor: (value: string, place: number) => string): string {
  const key = keyOf(line);
  let place = 0;
  return key + line.slice(key.length).replace(valuePattern, (value) => valueFor(value, place++));
}

/** True for a value that is a hash, not a number. */
export function isHash(value: string): boolean {
  return value.length === hashDigits;
}

/** The line with a mark for every hash. */
export function withoutHashes(line: string): string {
  return line.replace(hashPattern, hashMark);
}

/** The hashes of a line in their order. */
export function hashesIn(line: string): readonly string[] {
  return line.match(hashPattern) ?? [];
}

/** The line with hashes in the places of the marks. */
export function withHashes(line: string, nextHash: () => string): string {
  return line.replaceAll(hashMark, nextHash);
}

/**
 * The hashes that both sides know, numbered in the order in which they came up: first those of the old lines that
 * are not kept, because moved files and chunks are among them, then every new one.
 */
export class KnownHashes {
  readonly #numbers = new Map<string, number>();
  readonly #hashes: string[] = [];

  constructor(linesNotKept: Iterable<string>) {
    for (const line of linesNotKept) for (const hash of hashesIn(line)) this.add(hash);
  }

  add(hash: string): void {
    if (this.#numbers.has(hash)) return;
    this.#numbers.set(hash, this.#hashes.length);
    this.#hashes.push(hash);
  }

  numberOf(hash: string): number | undefined {
    return this.#numbers.get(hash);
  }

  hashAt(number: number): string | undefined {
    return this.#hashes[number];
  }
}

/** The dictionary of the inserted text. Never empty, and never like one that zstd was trained with. */
export function textDictionary(skippedLines: readonly string[]): Buffer {
  return Buffer.from(`\n${skippedLines.map(withoutHashes).join('\n')}`, 'latin1');
}
