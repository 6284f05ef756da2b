import { hash } from 'node:crypto';
import { type BigIntStats, lstatSync } from 'node:fs';
import { pathBelow } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { EntryList } from '../build/index-table.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { readFileIfThere } from '../os/if-there.ts';

/**
 * What every inode of a version looked like when it was known to be right, one row for each index entry in
 * its order. An inode that still looks so is taken to be unchanged. Link count and change time are not in
 * it, because hard-linking the file into the next version changes them; the size of directories is 0.
 *
 * The file holds, little-endian: magic and format (8 bytes), number of rows (8), SHA-256 of the index (32),
 * then the columns one after the other, then the SHA-256 of all that. It is a cache: without it everything
 * is read once.
 */
export type Ledger = {
  /** SHA-256 of the uncompressed index that the rows belong to. */
  readonly index: Sha256;
  readonly inode: BigUint64Array;
  readonly size: BigUint64Array;
  /** Nanoseconds since 1970. */
  readonly mtime: BigInt64Array;
  /** `st_mode`: type and permission bits. A row that is not known is all zero. */
  readonly mode: Uint32Array;
  readonly uid: Uint32Array;
  readonly gid: Uint32Array;
  /** The bytes that the columns are views of. */
  readonly bytes: Uint8Array;
};

const magic = 0x1d6e_0001;
const format = 1;
const headerBytes = 48;
const rowBytes = 3 * 8 + 3 * 4;
const checksumBytes = 32;
const typeBits = 0o170000n;
const directoryType = 0o040000n;

/** An empty ledger: no row is known. */
export function createLedger(index: Sha256, rows: number): Ledger {
  const buffer = new ArrayBuffer(lengthOf(rows));
  const words = new Uint32Array(buffer, 0, 4);
  words[0] = magic;
  words[1] = format;
  words[2] = rows;
  const ledger = viewLedger(buffer, index, rows);
  ledger.bytes.set(Buffer.from(index, 'hex'), 16);
  return ledger;
}

/** Fills one row from `lstat(path, {bigint: true})`. */
export function setRow(ledger: Ledger, row: number, stat: BigIntStats): void {
  ledger.inode[row] = stat.ino;
  ledger.size[row] = sizeOf(stat);
  ledger.mtime[row] = stat.mtimeNs;
  ledger.mode[row] = Number(stat.mode);
  ledger.uid[row] = Number(stat.uid);
  ledger.gid[row] = Number(stat.gid);
}

/** Makes a row unknown, so that the entry is read next time. */
export function clearRow(ledger: Ledger, row: number): void {
  ledger.mode[row] = 0;
}

/** True when the inode looks exactly as its row says. */
export function rowMatches(ledger: Ledger, row: number, stat: BigIntStats): boolean {
  return (
    ledger.mode[row] === Number(stat.mode) &&
    ledger.inode[row] === stat.ino &&
    ledger.mtime[row] === BigInt.asIntN(64, stat.mtimeNs) &&
    ledger.size[row] === sizeOf(stat) &&
    ledger.uid[row] === Number(stat.uid) &&
    ledger.gid[row] === Number(stat.gid)
  );
}

/**
 * The ledger of a tree that is right as it stands, by looking at every entry (3 µs each).
 * An entry without a file (a device that is owed) has an unknown row.
 */
export function ledgerOfTree(tree: string, entries: EntryList, index: Sha256): Ledger {
  const ledger = createLedger(index, entries.length);
  for (const [row, entry] of entries.entries()) {
    const path = pathBelow(tree, entry.path);
    const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    if (stat !== undefined) setRow(ledger, row, stat);
  }
  return ledger;
}

/** Writes a ledger atomically. */
export function writeLedger(path: string, ledger: Ledger): void {
  const { bytes } = ledger;
  const end = bytes.length - checksumBytes;
  bytes.set(Buffer.from(hash('sha256', bytes.subarray(0, end)), 'hex'), end);
  writeFileAtomic(path, bytes);
}

/** Reads a ledger; undefined when it is absent, damaged, of another format, or for another index. */
export function readLedger(path: string, index: Sha256, rows: number): Ledger | undefined {
  const ledger = readAnyLedger(path);
  return ledger?.index === index && ledger.inode.length === rows ? ledger : undefined;
}

/** Reads the ledger of whatever index it is for; undefined when it is absent, damaged or of another format. */
export function readAnyLedger(path: string): Ledger | undefined {
  const bytes = readFileIfThere(path);
  if (bytes === undefined || bytes.length < lengthOf(0)) return undefined;
  const buffer = new ArrayBuffer(bytes.length);
  const copy = new Uint8Array(buffer);
  copy.set(bytes);
  const [foundMagic, foundFormat, rows = 0] = new Uint32Array(buffer, 0, 4);
  if (foundMagic !== magic || foundFormat !== format || bytes.length !== lengthOf(rows)) return undefined;
  const index = Buffer.from(buffer, 16, 32).toString('hex') as Sha256;
  const end = bytes.length - checksumBytes;
  if (hash('sha256', copy.subarray(0, end)) !== Buffer.from(buffer, end).toString('hex')) return undefined;
  return viewLedger(buffer, index, rows);
}

function viewLedger(buffer: ArrayBuffer, index: Sha256, rows: number): Ledger {
  let position = headerBytes;
  const next = (width: number) => {
    const start = position;
    position += width * rows;
    return start;
  };
  return {
    index,
    inode: new BigUint64Array(buffer, next(8), rows),
    size: new BigUint64Array(buffer, next(8), rows),
    mtime: new BigInt64Array(buffer, next(8), rows),
    mode: new Uint32Array(buffer, next(4), rows),
    uid: new Uint32Array(buffer, next(4), rows),
    gid: new Uint32Array(buffer, next(4), rows),
    bytes: new Uint8Array(buffer),
  };
}

function lengthOf(rows: number): number {
  return headerBytes + rows * rowBytes + checksumBytes;
}

/** What a directory takes depends on its history and on the file system. */
function sizeOf(stat: BigIntStats): bigint {
  return (stat.mode & typeBits) === directoryType ? 0n : stat.size;
}
