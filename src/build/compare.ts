import type { ByteString } from '../base/byte-string.ts';
import type { IndexEntry, InodeEntry } from './entry.ts';
import type { EntryList } from './index-table.ts';
import { type MetadataField, metadataDifferences, sameContent } from './inode-differences.ts';
import { inodeOf, type LinkGroups, linkGroupsOf, namesOf, sameNames } from './link-groups.ts';

/** What of a path differs besides its content: {@link MetadataField}, or the set of names it shares its inode with. */
export type ChangedField = MetadataField | 'links';

/**
 * One path that is not the same in both builds. `old` and `next` are the inodes that the path names there: for
 * a hard link, the entry that carries its inode (its `path` is then the carrier's).
 */
export type IndexChange =
  | { readonly kind: 'added'; readonly path: ByteString; readonly next: InodeEntry }
  | { readonly kind: 'removed'; readonly path: ByteString; readonly old: InodeEntry }
  | {
      /** `type`: another kind of file; `content`: other bytes, target or device; `metadata`: only `fields`. */
      readonly kind: 'type' | 'content' | 'metadata';
      readonly path: ByteString;
      readonly old: InodeEntry;
      readonly next: InodeEntry;
      /** What differs besides; never empty when the kind is `metadata`. */
      readonly fields: readonly ChangedField[];
    };

/** How many paths are the same and how many differ in each way. */
export type IndexCounts = Record<'same' | IndexChange['kind'], number>;

/** The differences of two builds. */
export type IndexComparison = { readonly counts: IndexCounts; readonly changes: readonly IndexChange[] };

/** Compares two builds path by path; `changes` are in byte order of the paths. */
export function compareIndexes(old: EntryList, next: EntryList): IndexComparison {
  const counts: IndexCounts = { same: 0, added: 0, removed: 0, type: 0, content: 0, metadata: 0 };
  const changes: IndexChange[] = [];
  for (const change of pairs(old, next)) {
    if (change === 'same') counts.same += 1;
    else {
      counts[change.kind] += 1;
      changes.push(change);
    }
  }
  return { counts, changes };
}

/** One pass over both lists, which are in byte order. */
function* pairs(old: EntryList, next: EntryList): Generator<IndexChange | 'same', void> {
  const oldGroups = linkGroupsOf(old);
  const nextGroups = linkGroupsOf(next);
  let oldPlace = 0;
  let nextPlace = 0;
  while (oldPlace < old.length || nextPlace < next.length) {
    const before = old.at(oldPlace);
    const after = next.at(nextPlace);
    if (after === undefined || (before !== undefined && before.path < after.path)) {
      yield { kind: 'removed', path: before!.path, old: inodeOf(before!, oldGroups) };
      oldPlace += 1;
    } else if (before === undefined || after.path < before.path) {
      yield { kind: 'added', path: after.path, next: inodeOf(after, nextGroups) };
      nextPlace += 1;
    } else {
      yield comparePath(before, oldGroups, after, nextGroups);
      oldPlace += 1;
      nextPlace += 1;
    }
  }
}

function comparePath(
  before: IndexEntry,
  oldGroups: LinkGroups,
  after: IndexEntry,
  nextGroups: LinkGroups,
): IndexChange | 'same' {
  const old = inodeOf(before, oldGroups);
  const next = inodeOf(after, nextGroups);
  const fields: ChangedField[] = metadataDifferences(old, next);
  if (!sameNames(namesOf(before, oldGroups), namesOf(after, nextGroups))) fields.push('links');
  if (old.type !== next.type) return { kind: 'type', path: after.path, old, next, fields };
  if (!sameContent(old, next)) return { kind: 'content', path: after.path, old, next, fields };
  if (fields.length > 0) return { kind: 'metadata', path: after.path, old, next, fields };
  return 'same';
}
