import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { ByteReader } from './byte-reader.ts';
import { truncatedIn } from './tar-content.ts';
import { blockSize, headerFormat, headerName, headerType, isHeader, isZeroBlock } from './tar-header.ts';
import { storedSize } from './tar-member.ts';
import { addPaxRecords, noRecords, type PaxRecords } from './tar-pax.ts';

/** A member's own header block with everything that extended headers before it said. */
export type TarHeaders = {
  readonly block: Buffer;
  readonly position: number;
  /** The member's records over those for the whole archive. */
  readonly records: PaxRecords;
  readonly longName: string | undefined;
  readonly longLink: string | undefined;
  /** True when a pax header came before this member, for itself or for the whole archive. */
  readonly isPax: boolean;
};

/** An extended header, a long name, a long link, or all records for the whole archive may have so many bytes. */
export const tarExtensionLimit = 1024 * 1024;

/** What is kept while the headers of one archive are read. */
export type HeaderReading = {
  readonly archive: ByteReader;
  /** pax records for all members that follow. */
  readonly globals: Map<string, string>;
  /** Name of the last member, '' before the first; for messages. */
  previous: string;
};

/** The number of zero bytes that fill the last block of a content. */
export function paddingOf(size: number): number {
  return (blockSize - (size % blockSize)) % blockSize;
}

/** The next block, or undefined when the archive ends before it is whole. */
export async function nextBlock(archive: ByteReader): Promise<Buffer | undefined> {
  return nextBytes(archive, blockSize);
}

async function nextBytes(archive: ByteReader, count: number): Promise<Buffer | undefined> {
  for (;;) {
    const bytes = archive.take(count);
    if (bytes !== undefined) return bytes;
    if (!(await archive.fill())) return undefined;
  }
}

/**
 * Reads extended headers up to the header of the next member. Undefined when a block of zeros came instead, which
 * begins the end marker. Throws `archive-…`.
 */
export async function readHeaders(reading: HeaderReading): Promise<TarHeaders | undefined> {
  const { archive, globals, previous } = reading;
  let records: PaxRecords | undefined;
  let longName: string | undefined;
  let longLink: string | undefined;
  let isExtended = false;
  for (;;) {
    const position = archive.position;
    const block = archive.take(blockSize) ?? (await nextBlock(archive));
    if (block === undefined) throw endMissing(reading, position);
    if (block[0] === 0 && isZeroBlock(block)) {
      if (isExtended) throw new SatchelError('archive-header-damaged', { position, member: previous });
      return undefined;
    }
    if (!isHeader(block)) throw noHeader(reading, position);
    const type = headerType(block);
    if (!isExtension(type)) {
      const isPax = records !== undefined || globals.size > 0;
      records = withGlobals(records, globals);
      return { block, position, records, longName, longLink, isPax };
    }
    const content = await readExtension(reading, block, position);
    isExtended ||= type !== 'V' && type !== 'g';
    if (type === 'x' || type === 'X') {
      records ??= noRecords();
      addPaxRecords(records, content, position);
      refuseLarge(sizeOfAll(records.values), position);
    } else if (type === 'g') {
      addGlobals(globals, content, position);
    } else if (type === 'L') {
      longName = untilNul(content);
    } else if (type === 'K') {
      longLink = untilNul(content);
    }
  }
}

/** Types that say something about what follows: pax (`X` is Sun's), GNU's long names and volume labels. */
function isExtension(type: string): boolean {
  return type === 'x' || type === 'g' || type === 'L' || type === 'K' || type === 'V' || type === 'X';
}

async function readExtension(reading: HeaderReading, block: Buffer, position: number): Promise<Buffer> {
  const { archive } = reading;
  const member = nameIn(block);
  const size = storedSize(block, position, member);
  refuseLarge(size, position);
  const padded = size + paddingOf(size);
  const content = archive.take(padded) ?? (await nextBytes(archive, padded));
  if (content === undefined) throw truncatedIn(archive, member, position);
  return content.subarray(0, size);
}

function addGlobals(globals: Map<string, string>, content: Buffer, position: number): void {
  const added = noRecords();
  addPaxRecords(added, content, position);
  if (added.values.has('GNU.volume.filename')) {
    const member = displayOf((added.values.get('GNU.volume.filename') ?? '') as ByteString);
    throw new SatchelError('archive-multi-volume', { member, position });
  }
  for (const [keyword, value] of added.values) globals.set(keyword, value);
  refuseLarge(sizeOfAll(globals), position);
}

function withGlobals(records: PaxRecords | undefined, globals: ReadonlyMap<string, string>): PaxRecords {
  if (records === undefined)
    return globals.size === 0 ? emptyRecords : { values: new Map(globals), sparse: [] };
  if (globals.size === 0) return records;
  return { values: new Map([...globals, ...records.values]), sparse: records.sparse };
}

const emptyRecords: PaxRecords = noRecords();

function sizeOfAll(values: ReadonlyMap<string, string>): number {
  let size = 0;
  for (const [keyword, value] of values) size += keyword.length + value.length;
  return size;
}

function refuseLarge(size: number, position: number): void {
  if (size <= tarExtensionLimit) return;
  throw new SatchelError('archive-extension-too-large', { position, size, limit: tarExtensionLimit });
}

function untilNul(content: Buffer): string {
  const end = content.indexOf(0);
  return content.toString('latin1', 0, end < 0 ? content.length : end);
}

/** The name in a header block, for messages. */
export function nameIn(block: Buffer): string {
  return displayOf(headerName(block, headerFormat(block)) as ByteString);
}

function noHeader({ previous }: HeaderReading, position: number): SatchelError {
  if (position === 0) return new SatchelError('archive-not-tar');
  return new SatchelError('archive-header-damaged', { position, member: previous });
}

function endMissing({ archive, previous }: HeaderReading, position: number): SatchelError {
  const length = archive.position + archive.available;
  if (position === 0) return new SatchelError('archive-not-tar');
  return new SatchelError('archive-end-missing', { length, member: previous });
}
