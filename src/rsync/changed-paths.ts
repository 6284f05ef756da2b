import { displayOf } from '../base/byte-string.ts';
import { compareIndexes } from '../build/compare.ts';
import type { EntryList } from '../build/index-table.ts';

/** One path that is not the same in two versions; `.` is the root of the tree. */
export type PathChange = { readonly kind: 'added' | 'changed' | 'removed'; readonly path: string };

const kinds = {
  added: 'added',
  removed: 'removed',
  content: 'changed',
  metadata: 'changed',
  type: 'changed',
} as const;

/** In which paths two versions differ, in byte order. */
export function changedPaths(before: EntryList, after: EntryList): PathChange[] {
  return compareIndexes(before, after).changes.map(({ kind, path }) => ({
    kind: kinds[kind],
    path: path === '' ? '.' : displayOf(path),
  }));
}
