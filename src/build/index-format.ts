import { isUtf8 } from 'node:buffer';
import { displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { DirectoryEntry, IndexEntry, InodeEntry } from './entry.ts';
import { indexLimit, parentOf } from './entry-rules.ts';
import { indexLine } from './index-line.ts';
import { parseIndexLine } from './index-line-parser.ts';
import { entryAt, IndexTable } from './index-table.ts';

/** The newest format of the index that this program writes and reads. */
export const indexFormat = 1;

const header = `{"satchel":"index","format":${indexFormat}}`;
const lineFeed = 0x0a;
const blockCharacters = 256 * 1024;

/** How large an index may be before anything of it is looked at. */
export type IndexLimits = {
  /** Bytes of the whole uncompressed index; 512 MiB when absent (about two million files). */
  readonly maxBytes?: number;
  /** Bytes of one line; 64 MiB when absent (a file of some 200 GB). */
  readonly maxLineBytes?: number;
};

/**
 * The canonical bytes of an index: a header line, then one JSON line an entry, each ended by a line feed.
 * `entries` must be in byte order of their paths, begin with the root and keep every rule that
 * {@link parseIndex} checks, as the entries of `buildFromTar` and `buildFromDirectory` do.
 */
export function serialiseIndex(entries: Iterable<IndexEntry>): Uint8Array {
  const blocks: Buffer[] = [];
  let block = `${header}\n`;
  for (const entry of entries) {
    block += `${indexLine(entry)}\n`;
    if (block.length < blockCharacters) continue;
    blocks.push(Buffer.from(block, 'utf8'));
    block = '';
  }
  blocks.push(Buffer.from(block, 'utf8'));
  return Buffer.concat(blocks);
}

/**
 * The entries of an index, as a table over `bytes`, which must not change any more. Accepts exactly what {@link serialiseIndex} writes for a sound tree: canonical lines,
 * paths in byte order without repeats, every parent a directory, every hard link to an earlier inode.
 * Throws one of the `index-…` codes, naming the line (the header is line 1).
 */
export function parseIndex(bytes: Uint8Array, limits: IndexLimits = {}): IndexTable {
  const { maxBytes = indexLimit, maxLineBytes = 64 * 1024 * 1024 } = limits;
  if (bytes.length > maxBytes)
    throw new SatchelError('index-too-large', { bytes: bytes.length, limit: maxBytes });
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wholeIsText = isUtf8(buffer);
  const table = IndexTable.over(buffer);
  const check = treeChecker(table);
  let line = 0;
  for (let start = 0; start < buffer.length; ) {
    line += 1;
    const end = buffer.indexOf(lineFeed, start);
    if (end === -1) throw new SatchelError('index-cut-short', { line });
    if (end - start > maxLineBytes)
      throw new SatchelError('index-line-too-long', { line, limit: maxLineBytes });
    if (!wholeIsText && !isUtf8(buffer.subarray(start, end)))
      throw new SatchelError('index-line-not-canonical', { line });
    const text = buffer.toString('utf8', start, end);
    table.addLine(end);
    if (line === 1) checkHeader(text);
    else check(parseCanonicalLine(text, line), line);
    start = end + 1;
  }
  if (line === 0) throw new SatchelError('index-cut-short', { line: 1 });
  if (line === 1) throw new SatchelError('index-root-missing', { line: 2 });
  return table;
}

function checkHeader(text: string): void {
  if (text === header) return;
  const format = formatOf(text);
  if (format !== undefined && format > indexFormat)
    throw new SatchelError('index-newer', { line: 1, format, newest: indexFormat });
  throw new SatchelError('index-header-wrong', { line: 1 });
}

/** The format number of a header that a newer program may have written with further fields. */
function formatOf(text: string): number | undefined {
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null || !('satchel' in found) || !('format' in found)) return;
    if (found.satchel === 'index' && Number.isSafeInteger(found.format)) return Number(found.format);
  } catch {
    // Not JSON at all, so not an index of any format.
  }
  return undefined;
}

/** Canonical means: written anew it is the same text. That covers key order, unknown keys, escapes and numbers. */
function parseCanonicalLine(text: string, line: number): IndexEntry {
  const entry = parseIndexLine(text, line);
  if (indexLine(entry) !== text) throw new SatchelError('index-line-not-canonical', { line });
  return entry;
}

/** Looks at entries one by one and refuses those that do not fit what came before, which `table` can be asked for. */
function treeChecker(table: IndexTable): (entry: IndexEntry, line: number) => void {
  let previous: IndexEntry | undefined;
  // Of a tree in byte order the newest directory of each depth is nearly always the one that is looked for.
  const newest: string[] = [];
  const wrong = (
    code: 'index-out-of-order' | 'index-parent-missing' | 'index-link-wrong',
    { path }: IndexEntry,
    line: number,
  ) => new SatchelError(code, { line, path: displayOf(path) });
  return (entry, line) => {
    // Lines that have not been looked at yet are not asked for: only what stands before is known to be in order.
    const earlier = (path: string) => entryAt(table, path, line - 2);
    if (previous === undefined) {
      if (entry.path !== '' || entry.type !== 'directory')
        throw new SatchelError('index-root-missing', { line });
    } else {
      if (!(previous.path < entry.path)) throw wrong('index-out-of-order', entry, line);
      const parent = parentOf(entry.path);
      if (newest[depthOf(parent)] !== parent && earlier(parent)?.type !== 'directory')
        throw wrong('index-parent-missing', entry, line);
    }
    if (entry.type === 'directory') newest[depthOf(entry.path)] = entry.path;
    if (entry.type === 'hardlink' && !isLinkable(earlier(entry.link)))
      throw wrong('index-link-wrong', entry, line);
    previous = entry;
  };
}

function depthOf(path: string): number {
  let depth = 0;
  for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) depth += 1;
  return path === '' ? 0 : depth + 1;
}

/** True for an entry that further names may refer to: an inode that is not a directory. */
function isLinkable(entry: IndexEntry | undefined): entry is Exclude<InodeEntry, DirectoryEntry> {
  return entry !== undefined && entry.type !== 'hardlink' && entry.type !== 'directory';
}
