import { displayOf } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { defaultExpansionLimit, type ExpansionLimit, isBeyond } from './expansion-limit.ts';
import { openContent, type TarContent, truncatedIn } from './tar-content.ts';
import { blockSize, headerType, isHeader, isZeroBlock } from './tar-header.ts';
import {
  type HeaderReading,
  nameIn,
  nextBlock,
  paddingOf,
  readHeaders,
  type TarHeaders,
} from './tar-headers.ts';
import { describeMember, storedSize, type TarDescription } from './tar-member.ts';
import {
  isSparseMapRight,
  paxRecordMap,
  paxSparseVersion,
  readOldGnuMap,
  readPaxContentMap,
  type SparseMap,
} from './tar-sparse.ts';

export type { TarContent } from './tar-content.ts';
export { tarExtensionLimit } from './tar-headers.ts';
export { memberPath, type TarDescription, type TarType, tarNameLimit } from './tar-member.ts';
export type { TarXattr } from './tar-xattrs.ts';

/** A member of an archive: what its headers say, and its content. */
export type TarMember = TarDescription & TarContent;

/** Bounds and cancelling for {@link readTar}. */
export type ReadTarOptions = {
  readonly signal?: AbortSignal | undefined;
  /** Bounds the content of all members, holes of sparse files included, against the archive's own length. */
  readonly limit?: ExpansionLimit;
};

/**
 * Reads a tar archive member by member: version 7, ustar, pax, GNU and star, with everything that they carry.
 *
 * A member's content can be read until the next member is asked for; what was not read is skipped. The archive must
 * end with its end marker, two blocks of zeros, followed by nothing but zeros: everything is read to the very
 * end, so that checks of a decompressor below are reached. One block of zeros is not enough (GNU tar warns there):
 * writers of today always write both, and an archive that is cut inside its end marker looks the same.
 *
 * Throws sentences `archive-…` with member and position, `cancelled`, and whatever the source throws.
 * Ending the iteration early ends the source.
 */
export async function* readTar(
  source: AsyncIterable<Uint8Array>,
  options: ReadTarOptions = {},
): AsyncGenerator<TarMember> {
  const { signal, limit = defaultExpansionLimit } = options;
  const archive = createByteReader(source, signal);
  const reading: HeaderReading = { archive, globals: new Map(), previous: '' };
  let produced = 0;
  try {
    for (;;) {
      throwIfCancelled(signal);
      const headers = await readHeaders(reading);
      if (headers === undefined) break;
      const description = describe(headers);
      const member = displayOf(description.path);
      const body = await locateBody(archive, headers, description, member);
      const { content, leave } = openContent({ archive, ...body, member, position: headers.position });
      produced += content.size;
      const consumed = archive.position + body.stored;
      if (isBeyond(limit, produced, consumed)) {
        const { position } = description;
        throw new SatchelError('archive-expands-too-much', { produced, consumed, member, position });
      }
      reading.previous = member;
      yield Object.assign(description, content);
      const skipping = leave();
      if (skipping !== undefined) await skipping;
    }
    await readEnd(reading);
  } finally {
    await archive.close();
  }
}

function describe({ block, position, records, longName, longLink }: TarHeaders): TarDescription {
  const type = headerType(block);
  // Names what the archive is rather than what its type letter is.
  if (type === 'D') throw new SatchelError('archive-incremental', { member: nameIn(block), position });
  if (type === 'M') throw new SatchelError('archive-multi-volume', { member: nameIn(block), position });
  return describeMember(block, position, { records: records.values, longName, longLink });
}

type Body = { stored: number; padding: number; map: SparseMap | undefined };

/** Finds out what follows the header: nothing, content, or the parts of a sparse file. */
async function locateBody(
  archive: ByteReader,
  headers: TarHeaders,
  { type, position }: TarDescription,
  member: string,
): Promise<Body> {
  const { block, records } = headers;
  const flag = headerType(block);
  const stored = storedSize(block, position, member, { records: records.values });
  if (type !== 'file') {
    const isEmpty = stored === 0 || !(await hasBody(archive, headers, type));
    return isEmpty ? noBody : { stored, padding: paddingOf(stored), map: undefined };
  }
  const version = flag === 'S' ? 'old' : paxSparseVersion(records);
  if (version === undefined) return { stored, padding: paddingOf(stored), map: undefined };
  return locateSparse(archive, { headers, version, stored, member });
}

const noBody: Body = { stored: 0, padding: 0, map: undefined };

/**
 * Whether content follows the header of something that is no file but has a size. A pax hard link may carry its
 * file's content, and then the size is right; older writers put a size there that means nothing, and then another
 * header or the end marker follows at once.
 */
async function hasBody(archive: ByteReader, { isPax }: TarHeaders, type: string): Promise<boolean> {
  if (type === 'hardlink' && isPax) return true;
  while (archive.available < blockSize && (await archive.fill())) {
    // More is needed to look ahead by one block.
  }
  const next = archive.peek(blockSize);
  return next !== undefined && !isHeader(next) && !isZeroBlock(next);
}

async function locateSparse(
  archive: ByteReader,
  sparse: { headers: TarHeaders; version: string; stored: number; member: string },
): Promise<Body> {
  const { headers, version, stored, member } = sparse;
  const { position } = headers;
  const block = async () => {
    const next = await nextBlock(archive);
    if (next === undefined) throw truncatedIn(archive, member, position);
    return next;
  };
  let map: SparseMap | undefined;
  let taken = 0;
  if (version === 'old') {
    map = await readOldGnuMap(headers.block, block);
  } else if (version === '1.0') {
    const found = await readPaxContentMap(headers.records, stored, block);
    map = found?.map;
    taken = found?.taken ?? 0;
  } else if (version !== 'unknown') {
    map = paxRecordMap(headers.records);
  }
  if (map === undefined || !isSparseMapRight(map, stored - taken)) {
    throw new SatchelError('archive-sparse-invalid', { member, position });
  }
  return { stored: stored - taken, padding: paddingOf(stored), map };
}

const zeros = Buffer.alloc(64 * 1024);

/** Writers fill up their last record, and tapes have large ones; beyond this many zeros it is no padding. */
const longestPadding = 64 * 1024 * 1024;

/** Checks the second half of the end marker and everything after it, to the end of the source. */
async function readEnd({ archive, previous }: HeaderReading): Promise<void> {
  const start = archive.position;
  const block = await nextBlock(archive);
  if (block === undefined) {
    const length = start + archive.available;
    throw new SatchelError('archive-end-missing', { length, member: previous });
  }
  if (!isZeroBlock(block))
    throw new SatchelError('archive-header-damaged', { position: start, member: previous });
  while (archive.available > 0 || (await archive.fill())) {
    const position = archive.position;
    const piece = archive.takePiece(zeros.length);
    if (!piece.equals(zeros.subarray(0, piece.length))) {
      throw new SatchelError('archive-data-after-end', { position });
    }
    if (archive.position - start > longestPadding)
      throw new SatchelError('archive-padding-too-long', { position: start, limit: longestPadding });
  }
  if (archive.position % blockSize !== 0) {
    throw new SatchelError('archive-length-uneven', { length: archive.position });
  }
}
