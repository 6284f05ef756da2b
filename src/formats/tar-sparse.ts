import { blockSize, numberAt } from './tar-header.ts';
import { decimal, type PaxRecords } from './tar-pax.ts';

/**
 * Maps of sparse files: which parts of the file the archive holds; everything else is zero. GNU tar writes them in
 * four ways: in the header and blocks after it (old GNU, type 'S'), and in pax records 0.0, 0.1 and 1.0.
 */
export type SparseMap = {
  /** Length of the file in bytes, holes included. */
  readonly size: number;
  /** Parts in ascending order: where each lies in the file, and how many bytes the archive holds for it. */
  readonly parts: readonly (readonly [offset: number, length: number])[];
};

/** At most so many parts are accepted: far above honest files, and a bound on memory. */
export const sparsePartLimit = 1_000_000;

/** Entries of 24 bytes in an old GNU header or extension block; `undefined` marks a damaged one. */
function oldGnuParts(block: Buffer, start: number, count: number): [number, number][] | undefined {
  const parts: [number, number][] = [];
  for (let index = 0; index < count; index += 1) {
    const at = start + 24 * index;
    if (block[at + 12] === 0) break;
    const offset = numberAt(block, at, 12);
    const length = numberAt(block, at + 12, 12);
    if (offset === undefined || length === undefined) return undefined;
    parts.push([offset, length]);
  }
  return parts;
}

/** Reads the map of an old GNU sparse header; `nextBlock` supplies the extension blocks. Undefined: damaged. */
export async function readOldGnuMap(
  header: Buffer,
  nextBlock: () => Promise<Buffer>,
): Promise<SparseMap | undefined> {
  const size = numberAt(header, 483, 12);
  const parts = oldGnuParts(header, 386, 4);
  let isExtended = header[482] !== 0;
  while (isExtended && parts !== undefined && parts.length <= sparsePartLimit) {
    const block = await nextBlock();
    const more = oldGnuParts(block, 0, 21);
    if (more === undefined) return undefined;
    parts.push(...more);
    isExtended = block[504] !== 0;
  }
  return size === undefined || parts === undefined ? undefined : { size, parts };
}

/** How a member's pax records describe a sparse file, if they do. */
export function paxSparseVersion({
  values,
  sparse,
}: PaxRecords): '0.0' | '0.1' | '1.0' | 'unknown' | undefined {
  const major = values.get('GNU.sparse.major');
  if (major !== undefined) return major === '1' && values.get('GNU.sparse.minor') === '0' ? '1.0' : 'unknown';
  if (values.has('GNU.sparse.map')) return '0.1';
  return sparse.length > 0 || values.has('GNU.sparse.size') ? '0.0' : undefined;
}

/** The map that formats 0.0 and 0.1 keep in the records themselves. Undefined: damaged. */
export function paxRecordMap({ values, sparse }: PaxRecords): SparseMap | undefined {
  const size = decimal(values.get('GNU.sparse.size') ?? '');
  const map = values.get('GNU.sparse.map');
  const numbers = map === undefined ? sparse : map === '' ? [] : map.split(',').map(decimal);
  const parts = pairs(numbers);
  return size === undefined || parts === undefined ? undefined : { size, parts };
}

/**
 * The map of format 1.0, which stands before the content in decimal lines, padded to whole blocks: the number of
 * parts, then offset and length of each. Returns it with the bytes it took. Undefined: damaged.
 */
export async function readPaxContentMap(
  { values }: PaxRecords,
  stored: number,
  nextBlock: () => Promise<Buffer>,
): Promise<{ map: SparseMap; taken: number } | undefined> {
  const size = decimal(values.get('GNU.sparse.realsize') ?? '');
  if (size === undefined) return undefined;
  const numbers: (number | undefined)[] = [];
  let wanted = 1;
  let taken = 0;
  let pending = '';
  while (numbers.length < wanted) {
    if (taken + blockSize > stored) return undefined;
    pending += (await nextBlock()).toString('latin1');
    taken += blockSize;
    const lines = pending.split('\n');
    pending = lines.pop()!;
    for (const line of lines.slice(0, wanted - numbers.length)) numbers.push(decimal(line));
    if (wanted === 1 && numbers.length === 1) {
      const count = numbers[0];
      if (count === undefined || count > sparsePartLimit) return undefined;
      wanted = 1 + 2 * count;
      for (const line of lines.slice(1, wanted)) numbers.push(decimal(line));
    }
    if (pending.length > 32 && numbers.length < wanted) return undefined;
  }
  const parts = pairs(numbers.slice(1));
  return parts === undefined ? undefined : { map: { size, parts }, taken };
}

function pairs(numbers: readonly (number | undefined)[]): [number, number][] | undefined {
  if (numbers.length % 2 !== 0) return undefined;
  const result: [number, number][] = [];
  for (let index = 0; index < numbers.length; index += 2) {
    const [offset, length] = [numbers[index], numbers[index + 1]];
    if (offset === undefined || length === undefined) return undefined;
    result.push([offset, length]);
  }
  return result;
}

/** True when parts ascend without overlap, lie inside the file, and need exactly the bytes that are stored. */
export function isSparseMapRight(map: SparseMap, stored: number): boolean {
  let end = 0;
  let total = 0;
  for (const [offset, length] of map.parts) {
    if (offset < end || length > map.size - offset) return false;
    end = offset + length;
    total += length;
  }
  return map.parts.length <= sparsePartLimit && total === stored;
}

const zeros = Buffer.alloc(64 * 1024);

/** The whole content: parts from `stored` (in any pieces), zero bytes between. The zero pieces are shared: read only. */
export async function* expandSparse(
  map: SparseMap,
  takeStored: (limit: number) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (const [offset, length] of [...map.parts, [map.size, 0] as const]) {
    while (position < offset) {
      const piece = zeros.subarray(0, Math.min(zeros.length, offset - position));
      position += piece.length;
      yield piece;
    }
    for (let left = length; left > 0; ) {
      const piece = await takeStored(left);
      left -= piece.length;
      position += piece.length;
      yield piece;
    }
  }
}
