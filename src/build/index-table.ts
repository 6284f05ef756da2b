import { type ByteString, byteString, byteStringFromText } from '../base/byte-string.ts';
import { freeBuffer } from '../base/memory.ts';
import type { HardLinkEntry, IndexEntry } from './entry.ts';
import { parseIndexLine } from './index-line-parser.ts';

/** Whom all inodes of a table belong to, whatever its lines say. */
export type TableOwner = { readonly uid: number; readonly gid: number };

/** The bytes of a table and where its lines end, for another thread: `bytes` is shared, not copied. */
export type SharedIndex = {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
  readonly owner?: TableOwner | undefined;
};

const lineFeed = 0x0a;
const typeField = Buffer.from(',"type":"');
/** Cannot stand inside a string of a line, where quotation marks have a backslash before them. */
const hardLinkField = Buffer.from(',"type":"hardlink"');

/**
 * The entries of a checked index, made from its lines when they are asked for. A list of 50 000 entries as objects
 * takes some 50 MB and keeps the garbage collector busy; the lines take 10 MB, and a line becomes an entry in
 * about a microsecond.
 */
export class IndexTable implements Iterable<IndexEntry> {
  #buffer: Buffer;
  /** Where each line ends (its line feed); the first is the header. */
  #ends: Uint32Array;
  #lines: number;
  #last: { readonly number: number; readonly entry: IndexEntry } | undefined;
  readonly #owner: TableOwner | undefined;

  private constructor(buffer: Buffer, ends: Uint32Array, lines: number, owner?: TableOwner) {
    this.#buffer = buffer;
    this.#ends = ends;
    this.#lines = lines;
    this.#owner = owner;
  }

  /** A table that has no line yet over bytes whose lines are being checked: see {@link addLine}. */
  static over(buffer: Buffer): IndexTable {
    return new IndexTable(buffer, new Uint32Array(1024), 0);
  }

  /** The table of an index whose every line was checked by `parseIndex` before it was kept. */
  static ofChecked(bytes: Uint8Array): IndexTable {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const table = IndexTable.over(buffer);
    for (let end = buffer.indexOf(lineFeed); end !== -1; end = buffer.indexOf(lineFeed, end + 1))
      table.addLine(end);
    return table;
  }

  /** The same table in another thread. */
  static ofShared({ bytes, ends, owner }: SharedIndex): IndexTable {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new IndexTable(buffer, ends, ends.length, owner);
  }

  /** The same tree where every inode belongs to this owner: a table over the same lines. */
  ownedBy({ uid, gid }: TableOwner): IndexTable {
    return IndexTable.ofShared({ ...this.share(), owner: { uid, gid } });
  }

  /**
   * What another thread needs to read the same entries. Moves the table to shared memory the first time: the bytes
   * that it was made from are gone then.
   */
  share(): SharedIndex {
    if (!(this.#buffer.buffer instanceof SharedArrayBuffer)) {
      const shared = Buffer.from(new SharedArrayBuffer(this.#buffer.length));
      this.#buffer.copy(shared);
      freeBuffer(this.#buffer);
      this.#buffer = shared;
      const ends = new Uint32Array(new SharedArrayBuffer(this.#lines * Uint32Array.BYTES_PER_ELEMENT));
      ends.set(this.#ends.subarray(0, this.#lines));
      this.#ends = ends;
    }
    return { bytes: this.#buffer, ends: this.#ends, owner: this.#owner };
  }

  /** Appends the line that ends with the line feed at this position. */
  addLine(end: number): void {
    if (this.#lines === this.#ends.length) {
      const larger = new Uint32Array(2 * this.#ends.length);
      larger.set(this.#ends);
      this.#ends = larger;
    }
    this.#ends[this.#lines] = end;
    this.#lines += 1;
  }

  /** Number of entries. */
  get length(): number {
    return this.#lines - 1;
  }

  /** The entry with this number, counted from 0 in byte order of the paths. */
  at(number: number): IndexEntry | undefined {
    if (number < 0 || number >= this.length) return undefined;
    // Comparing an entry with the disk asks for it several times in a row.
    if (this.#last?.number !== number) this.#last = { number, entry: this.#read(number) };
    return this.#last.entry;
  }

  #read(number: number): IndexEntry {
    const text = this.#buffer.toString('utf8', this.#start(number), this.#ends[number + 1]);
    const entry = parseIndexLine(text, number + 2);
    return this.#owner === undefined || entry.type === 'hardlink' ? entry : { ...entry, ...this.#owner };
  }

  /** The path of an entry that exists, without the rest of it. */
  pathAt(number: number): ByteString {
    const start = this.#start(number);
    const head = this.#buffer.toString('utf8', start, this.#buffer.indexOf(typeField, start));
    const { path, path64 } = JSON.parse(`${head}}`) as { path?: string; path64?: string };
    return path === undefined ? byteString(Buffer.from(path64!, 'base64')) : byteStringFromText(path);
  }

  /** Every hard link with its number; the other lines are not read. */
  *hardLinks(): Generator<[number, HardLinkEntry], void> {
    const find = (from: number) => this.#buffer.indexOf(hardLinkField, from);
    for (let found = find(0); found !== -1; found = find(found + 1)) {
      const number = this.#numberAt(found);
      yield [number, this.at(number) as HardLinkEntry];
    }
  }

  /**
   * True when the content of a file is, or has, one of these objects; false for sure, while a path that looks like a
   * hash may be taken for one. No line is read for it.
   */
  namesAny(objects: ReadonlySet<string>): boolean {
    const text = this.#buffer.toString('latin1');
    for (const [, sha256] of text.matchAll(/"([0-9a-f]{64})"/g)) if (objects.has(sha256!)) return true;
    return false;
  }

  /** Every entry with its number. */
  *entries(): Generator<[number, IndexEntry], void> {
    for (let number = 0; number < this.length; number += 1) yield [number, this.at(number)!];
  }

  *[Symbol.iterator](): Generator<IndexEntry, void> {
    for (let number = 0; number < this.length; number += 1) yield this.at(number)!;
  }

  /** The entry whose line holds this position. */
  #numberAt(position: number): number {
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle + 1]! < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #start(number: number): number {
    return this.#ends[number]! + 1;
  }
}

/** Entries in byte order of their paths: as a list while a tree is read, as a table when an index is. */
export type EntryList = readonly IndexEntry[] | IndexTable;

/** The hard links among entries, with their numbers. */
export function* hardLinksOf(entries: EntryList): Generator<[number, HardLinkEntry], void> {
  if (entries instanceof IndexTable) yield* entries.hardLinks();
  else for (const [number, entry] of entries.entries()) if (entry.type === 'hardlink') yield [number, entry];
}

/** The path of the entry with this number; undefined when there is none. */
export function pathOf(entries: EntryList, number: number): ByteString | undefined {
  if (!(entries instanceof IndexTable)) return entries[number]?.path;
  return number < entries.length ? entries.pathAt(number) : undefined;
}

/**
 * The entry with this path in entries that are in byte order, by binary search; undefined when there is none. Only
 * the first `length` entries are looked at (absent: all).
 */
export function entryAt(
  entries: EntryList,
  path: string,
  length: number = entries.length,
): IndexEntry | undefined {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pathOf(entries, middle)! < path) low = middle + 1;
    else high = middle;
  }
  return low < length && pathOf(entries, low) === path ? entries.at(low) : undefined;
}
