import { closeSync, openSync } from 'node:fs';
import { basename } from 'node:path';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { type ByteString, byteString, displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { formatBytes } from '../base/units.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { defaultExpansionLimit, type ExpansionLimit, isBeyond, mostBytes } from './expansion-limit.ts';
import { zipOfFile } from './zip-reader.ts';

/** One member of a zip, as its central directory describes it; nothing of it is trusted until it has been read. */
export type ZipMember = {
  /** As it stands in the archive, without the slash at the end of a directory. */
  readonly path: ByteString;
  readonly type: 'file' | 'directory' | 'symlink' | 'other';
  /** Permission bits where the writer was a Unix; undefined otherwise. */
  readonly mode: number | undefined;
  /** Seconds since 1970; zip has no time zone, so it is taken for UTC. */
  readonly mtime: number;
  /** Bytes of the content, as the directory of the archive says. */
  readonly size: number;
  /**
   * The content, once and in order of the members or not: a zip is read at any place. Throws
   * `zip-member-damaged` for what is encrypted, packed in a way that nobody uses, not as long as the directory says, or
   * of another checksum.
   */
  content(): AsyncIterable<Uint8Array>;
};

/** An open zip. Close it when its members have been read. */
export type ZipArchive = {
  readonly members: readonly ZipMember[];
  close(): void;
};

export type ZipOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly limit?: ExpansionLimit;
  /** Most members; an honest bundle has thousands. */
  readonly maximumMembers?: number;
};

const unix = 3;
const typeBits = 0o170000;
const types: ReadonlyMap<number, ZipMember['type']> = new Map([
  [0, 'file'],
  [0o100000, 'file'],
  [0o040000, 'directory'],
  [0o120000, 'symlink'],
]);

/**
 * Opens a zip and reads its directory. Throws `zip-damaged` for what is no zip or is cut off, `zip-too-large` for more
 * members or a larger expansion than allowed, `cancelled`, and what the system says of the file.
 */
export async function openZip(path: string, options: ZipOptions = {}): Promise<ZipArchive> {
  const { signal, limit = defaultExpansionLimit, maximumMembers = 500_000 } = options;
  const name = basename(path);
  const zip = await openFile(path, name);
  try {
    if (zip.entryCount > maximumMembers) throw tooLarge(name, maximumMembers);
    const members: ZipMember[] = [];
    let bytes = 0;
    const iterator = zip.eachEntry()[Symbol.asyncIterator]();
    for (;;) {
      throwIfCancelled(signal);
      const next = await orDamaged(name, () => iterator.next());
      if (next.done) break;
      const entry = next.value;
      bytes += entry.uncompressedSize;
      if (isBeyond(limit, bytes, zip.fileSize))
        throw tooLarge(name, formatBytes(mostBytes(limit, zip.fileSize)));
      members.push(memberOf(zip, entry, name, signal));
    }
    return { members, close: () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function openFile(path: string, name: string): Promise<ZipFile> {
  const fd = withSystemErrors('open', path, () => openSync(path, 'r'));
  try {
    return await orDamaged(name, () => zipOfFile(fd));
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function memberOf(zip: ZipFile, entry: Entry, name: string, signal: AbortSignal | undefined): ZipMember {
  const raw = byteString(entry.fileNameRaw);
  const isDirectory = raw.endsWith('/');
  const path = (isDirectory ? raw.slice(0, -1) : raw) as ByteString;
  const attributes = entry.versionMadeBy >>> 8 === unix ? entry.externalFileAttributes >>> 16 : undefined;
  const type = isDirectory ? 'directory' : (types.get((attributes ?? 0) & typeBits) ?? 'other');
  return {
    path,
    type,
    mode: attributes === undefined || attributes === 0 ? undefined : attributes & 0o7777,
    mtime: timeOf(entry),
    size: entry.uncompressedSize,
    content: () => read(zip, entry, { archive: name, path }, signal),
  };
}

/** Dates before 1980 and months that do not exist are what broken writers leave. */
function timeOf(entry: Entry): number {
  const time = entry.getLastModDate({ timezone: 'UTC', forceDosFormat: true }).getTime();
  return Number.isFinite(time) ? Math.max(0, Math.floor(time / 1000)) : 0;
}

async function* read(
  zip: ZipFile,
  entry: Entry,
  where: { readonly archive: string; readonly path: ByteString },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const damaged = (error?: unknown) =>
    new SatchelError(
      'zip-member-damaged',
      { archive: where.archive, path: displayOf(where.path) },
      { cause: error },
    );
  let sum = 0;
  let stream: AsyncIterable<Uint8Array>;
  try {
    stream = await zip.openReadStreamPromise(entry);
  } catch (error) {
    throw damaged(error);
  }
  const iterator = stream[Symbol.asyncIterator]();
  try {
    for (;;) {
      throwIfCancelled(signal);
      const next = await iterator.next().catch((error: unknown) => {
        throw damaged(error);
      });
      if (next.done) break;
      sum = crc32(next.value, sum);
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
  // yauzl checks the length, nobody else the sum.
  if (sum !== entry.crc32) throw damaged();
}

async function orDamaged<Value>(name: string, read: () => Promise<Value>): Promise<Value> {
  try {
    return await read();
  } catch (error) {
    if (isSatchelError(error)) throw error;
    throw new SatchelError('zip-damaged', { archive: name, reason: reasonOf(error) }, { cause: error });
  }
}

/** What yauzl says, but for two equal lengths that it calls different: one is that of encrypted content. */
function reasonOf(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const isOdd = /size mismatch for stored file: (\d+) != \1$/.test(reason);
  return isOdd ? 'a file in it is marked as encrypted, and is too short for that' : reason;
}

function tooLarge(name: string, limit: string | number): SatchelError {
  return new SatchelError('zip-too-large', { archive: name, limit });
}
