import type { ByteString } from '../base/byte-string.ts';
import type { CarryPolicy } from './carry-policy.ts';
import { isSameContent } from './local-compare.ts';
import { childOf, type TreeView } from './local-inode.ts';

/** What a deletion of the user hides in the next version. */
export type CarriedDeletion = {
  /** `all`: nothing of what the next version has there shows; `none`: it has nothing there. */
  readonly hidden: 'all' | 'some' | 'none';
  /** Paths to hide; a folder stands for all that is in it. */
  readonly paths: readonly ByteString[];
  /** What the next version has changed, so that it stays although the user deleted it. */
  readonly conflicts: readonly ByteString[];
};

type Trees = { readonly old: TreeView; readonly theirs: TreeView; readonly policy: CarryPolicy };

/**
 * Turns a deletion, perhaps of a whole folder, into deletions of what the next version still has of it. What is new
 * in the next version was never deleted by anybody and shows.
 */
export function carryDeletion(path: ByteString, trees: Trees): CarriedDeletion {
  if (trees.theirs.look(path) === undefined) return { hidden: 'none', paths: [], conflicts: [] };
  const conflicts: ByteString[] = [];
  const { isAll, paths } = hide(path, trees, conflicts);
  return { hidden: isAll ? 'all' : 'some', paths, conflicts };
}

type Hidden = { readonly isAll: boolean; readonly paths: readonly ByteString[] };

const shows: Hidden = { isAll: false, paths: [] };

function hide(path: ByteString, trees: Trees, conflicts: ByteString[]): Hidden {
  const { old, theirs, policy } = trees;
  const next = theirs.look(path);
  const before = old.look(path);
  if (next === undefined || before === undefined || next.type !== before.type) return shows;
  const rule = policy(path);
  if (next.type === 'directory') {
    const below = theirs.names(path).map((name) => hide(childOf(path, name), trees, conflicts));
    const isAll = below.every((child) => child.isAll) && (rule === 'keep' || rule === 'merge');
    return { isAll, paths: isAll ? [path] : below.flatMap((child) => child.paths) };
  }
  if (rule === 'keep') return { isAll: true, paths: [path] };
  if (rule !== 'merge') return shows;
  const places = [
    { tree: old, path, inode: before },
    { tree: theirs, path, inode: next },
  ] as const;
  if (isSameContent(...places)) return { isAll: true, paths: [path] };
  conflicts.push(path);
  return shows;
}
