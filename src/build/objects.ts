import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { Chunk, FileEntry, IndexEntry } from './entry.ts';

/** One object of a build: its name and the length of its uncompressed bytes. */
export type BuildObject = Chunk;

/** The objects that hold a file's content, in order: its chunks, itself, or none when it is empty. */
export function objectsOfFile(file: FileEntry): readonly BuildObject[] {
  if (file.chunks !== undefined) return file.chunks;
  return file.size === 0 ? [] : [{ sha256: file.sha256, size: file.size }];
}

/**
 * The distinct objects of a build in the order in which the index names them first. The place in this list is
 * the ordinal by which maps refer to an object. Throws `index-object-sizes-differ` when one hash stands with
 * two lengths.
 */
export function objectsOf(entries: Iterable<IndexEntry>): BuildObject[] {
  return [...objectSizes(entries)].map(([sha256, size]) => ({ sha256, size }));
}

/** The ordinal of every object of a build by its hash, see {@link objectsOf}. */
export function objectOrdinals(objects: readonly BuildObject[]): Map<Sha256, number> {
  return new Map(objects.map(({ sha256 }, ordinal) => [sha256, ordinal]));
}

function objectSizes(entries: Iterable<IndexEntry>): Map<Sha256, number> {
  const sizes = new Map<Sha256, number>();
  const see = (sha256: Sha256, size: number) => {
    const known = sizes.get(sha256);
    if (known === undefined) sizes.set(sha256, size);
    else if (known !== size) throw new SatchelError('index-object-sizes-differ', { sha256 });
  };
  for (const entry of entries) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    if (entry.chunks === undefined) see(entry.sha256, entry.size);
    else for (const { sha256, size } of entry.chunks) see(sha256, size);
  }
  return sizes;
}
