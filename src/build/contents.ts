import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import {
  type ContentsEntry,
  type ContentsType,
  contentsType,
  parseContents,
  serialiseContents,
} from '../formats/olpc-contents.ts';
import type { InodeEntry } from './entry.ts';
import type { EntryList } from './index-table.ts';
import { inodeOf, linkGroupsOf } from './link-groups.ts';

/** The manifest for old clients that says of a build what its index says, as far as it can (no attributes, no links). */
export function contentsFor(entries: EntryList): Uint8Array {
  return serialiseContents(contentsEntriesOf(entries));
}

/**
 * Checks a manifest that came with a build against its tree. One that is not of our own type is opaque and not
 * looked at. Names of owners count only where both have them, because an archive may carry numbers alone.
 * Throws `contents-do-not-match` with the first path that differs, and what `parseContents` throws.
 */
export function checkContents(contents: Uint8Array, entries: EntryList): ContentsType {
  const type = contentsType(contents);
  if (type === 'opaque') return type;
  const [first] = differences(parseContents(contents), [...contentsEntriesOf(entries)]);
  if (first !== undefined)
    throw new SatchelError('contents-do-not-match', {
      path: first.path === '' ? '.' : displayOf(first.path),
    });
  return type;
}

/** A path in which a tree is not as a manifest says. */
export type ContentsDifference = {
  readonly path: ByteString;
  /** `missing`: only the manifest has it; `extra`: only the tree. */
  readonly kind: 'missing' | 'different' | 'extra';
};

/** In which paths a tree is not as a manifest of our own type says, in byte order; the rules of {@link checkContents}. */
export function contentsDifferences(
  contents: readonly ContentsEntry[],
  entries: EntryList,
): ContentsDifference[] {
  return [...differences(contents, [...contentsEntriesOf(entries)])];
}

const typeLetters = { file: 'f', directory: 'd', symlink: 'l', char: 'c', block: 'b', fifo: 'p' } as const;

function* contentsEntriesOf(entries: EntryList): Generator<ContentsEntry, void> {
  const groups = linkGroupsOf(entries);
  for (const entry of entries) yield contentsEntryOf(entry.path, inodeOf(entry, groups));
}

function contentsEntryOf(path: ByteString, inode: InodeEntry): ContentsEntry {
  return {
    path,
    type: typeLetters[inode.type],
    mode: inode.mode,
    uid: inode.uid,
    gid: inode.gid,
    ...(inode.user === undefined ? {} : { user: inode.user }),
    ...(inode.group === undefined ? {} : { group: inode.group }),
    mtime: inode.mtime,
    ...(inode.type === 'file' ? { size: inode.size, sha256: inode.sha256 } : {}),
    ...(inode.type === 'symlink' ? { link: inode.target } : {}),
    ...(inode.type === 'char' || inode.type === 'block' ? { device: inode.device } : {}),
  };
}

/** The paths that only one list has or that differ; both lists are in byte order, and so is the answer. */
function* differences(
  one: readonly ContentsEntry[],
  other: readonly ContentsEntry[],
): Generator<ContentsDifference, void> {
  let [left, right] = [0, 0];
  while (left < one.length || right < other.length) {
    const [mine, theirs] = [one[left], other[right]];
    if (theirs === undefined || (mine !== undefined && mine.path < theirs.path)) {
      yield { path: mine!.path, kind: 'missing' };
      left += 1;
    } else if (mine === undefined || theirs.path < mine.path) {
      yield { path: theirs.path, kind: 'extra' };
      right += 1;
    } else {
      if (!isSame(mine, theirs)) yield { path: mine.path, kind: 'different' };
      left += 1;
      right += 1;
    }
  }
}

function isSame(one: ContentsEntry, other: ContentsEntry): boolean {
  return (
    one.type === other.type &&
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid &&
    isSameName(one.user, other.user) &&
    isSameName(one.group, other.group) &&
    one.mtime[0] === other.mtime[0] &&
    one.mtime[1] === other.mtime[1] &&
    one.size === other.size &&
    one.sha256 === other.sha256 &&
    one.link === other.link &&
    one.device?.[0] === other.device?.[0] &&
    one.device?.[1] === other.device?.[1]
  );
}

function isSameName(one: ByteString | undefined, other: ByteString | undefined): boolean {
  return one === undefined || other === undefined || one === other;
}
