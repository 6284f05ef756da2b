import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { type MetadataField, metadataDifferences } from '../build/inode-differences.ts';
import type { LocalInode, LocalPlace } from './local-inode.ts';
import { withPlace } from './local-open.ts';

/** What of the metadata of two inodes differs, without noise. */
export function differingFields(one: LocalInode, other: LocalInode): readonly MetadataField[] {
  return withoutNoise(one.type, metadataDifferences(one, other));
}

/** A folder's time tells only that something in it has changed, and a symlink has no time that anybody looks at. */
export function withoutNoise(
  type: LocalInode['type'],
  fields: readonly MetadataField[],
): readonly MetadataField[] {
  return type === 'directory' || type === 'symlink' ? fields.filter((field) => field !== 'mtime') : fields;
}

/** True when type and content are the same: bytes, symlink target or device numbers. */
export function isSameContent(one: LocalPlace, other: LocalPlace): boolean {
  const [first, second] = [one.inode, other.inode];
  if (first.type !== second.type) return false;
  if (first.type === 'file') return first.size === second.size && sameFile(one, other);
  return (
    first.target === second.target &&
    first.device?.[0] === second.device?.[0] &&
    first.device?.[1] === second.device?.[1]
  );
}

/** A file of which only the hash is left is compared by that. */
function sameFile(one: LocalPlace, other: LocalPlace): boolean {
  if (one.inode.sha256 === undefined && other.inode.sha256 === undefined) return sameBytes(one, other);
  return hashOf(one) === hashOf(other);
}

function hashOf(place: LocalPlace): string {
  if (place.inode.sha256 !== undefined) return place.inode.sha256;
  return withPlace(place, (fd) => {
    const digest = createHash('sha256');
    for (let count = pieceSize; count === pieceSize; ) {
      count = fill(fd, pieces[0]);
      digest.update(pieces[0].subarray(0, count));
    }
    return digest.digest('hex');
  });
}

const pieceSize = 256 * 1024;
const pieces = [Buffer.allocUnsafeSlow(pieceSize), Buffer.allocUnsafeSlow(pieceSize)] as const;

/** Compares two regular files of one size. */
function sameBytes(one: LocalPlace, other: LocalPlace): boolean {
  return withPlace(one, (first) =>
    withPlace(other, (second) => {
      for (;;) {
        const count = fill(first, pieces[0]);
        const otherCount = fill(second, pieces[1]);
        if (count !== otherCount || pieces[0].compare(pieces[1], 0, count, 0, count) !== 0) return false;
        if (count < pieceSize) return true;
      }
    }),
  );
}

/** Reads until the buffer is full or the file ends; how many bytes. */
export function fill(fd: number, buffer: Buffer): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}
