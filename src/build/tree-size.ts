import { SatchelError } from '../base/errors.ts';
import type { IndexEntry } from './entry.ts';
import { indexLimit } from './entry-rules.ts';

/** About what the shortest line of an index has, and each chunk in it. */
const lineBytes = 150;
const chunkBytes = 75;

/**
 * Watches that the entries of a tree stay below what an index may hold, while they are read: an archive of a few
 * megabytes can describe more of them than memory holds. Throws `tree-too-large`.
 */
export function createSizeGuard(limit = indexLimit): (entry: IndexEntry) => void {
  let described = 0;
  return (entry) => {
    described += lineBytes + entry.path.length + detailBytes(entry);
    if (described > limit) throw new SatchelError('tree-too-large', { limit });
  };
}

function detailBytes(entry: IndexEntry): number {
  if (entry.type === 'hardlink') return entry.link.length;
  let bytes = entry.type === 'symlink' ? entry.target.length : 0;
  if (entry.type === 'file' && entry.chunks !== undefined) bytes += chunkBytes * entry.chunks.length;
  for (const { name, value } of entry.xattrs) bytes += name.length + value.length;
  return bytes;
}
