import { readFileSync } from 'node:fs';
import { type ByteString, byteString } from '../base/byte-string.ts';
import type { Inode, ModificationTime, Xattr } from '../build/entry.ts';
import type { CarryRule } from './carry-policy.ts';
import { differingFields, isSameContent } from './local-compare.ts';
import type { LocalInode, LocalPlace } from './local-inode.ts';
import { withPlace } from './local-open.ts';
import { mergeTexts, textLimit } from './three-way.ts';
import { accountFileAt, mergeAccounts } from './three-way-accounts.ts';

/** Owner, mode, times and attributes that a carried inode gets. */
export type CarriedMetadata = Omit<Inode, 'path'>;

/** One path in the version before, with the user's changes, and in the next version. */
export type ThreeSides = {
  readonly path: ByteString;
  /** What the user did. */
  readonly kind: 'added' | 'changed' | 'metadata';
  readonly old: LocalPlace | undefined;
  readonly mine: LocalPlace;
  readonly theirs: LocalPlace | undefined;
};

/** What becomes of something that the user added or changed. */
export type Decision =
  /** The next version has it so already, or has nothing that it could be applied to. */
  | { readonly do: 'nothing' }
  | { readonly do: 'drop' }
  /** The user's content. */
  | { readonly do: 'mine'; readonly metadata: CarriedMetadata }
  /** The next version's content with what the user changed of owner, mode or attributes. */
  | { readonly do: 'theirs'; readonly metadata: CarriedMetadata }
  | { readonly do: 'merged'; readonly content: ByteString; readonly metadata: CarriedMetadata }
  /** Both sides changed it: the next version's stays, the user's comes beside it. */
  | { readonly do: 'conflict' };

/** Decides about one path that is no folder on any side. */
export function decide(sides: ThreeSides, rule: CarryRule): Decision {
  const { kind, old, mine, theirs } = sides;
  if (rule === 'drop' || rule === 'persist') return { do: 'drop' };
  if (kind === 'metadata' && old !== undefined) return onlyMetadata(old, mine, theirs);
  if (theirs === undefined)
    return old === undefined || rule === 'keep' ? { do: 'mine', metadata: mine.inode } : { do: 'conflict' };
  if (isSameContent(mine, theirs)) return sameContent(sides, rule);
  if (rule === 'keep') return { do: 'mine', metadata: mine.inode };
  if (old !== undefined && isSameContent(old, theirs))
    return { do: 'mine', metadata: mergeMetadata(old.inode, mine.inode, theirs.inode, mine.inode.mtime) };
  return merge(sides);
}

/** The user left the content alone: the next version's is better than a copy of the old one. */
function onlyMetadata(old: LocalPlace, mine: LocalPlace, theirs: LocalPlace | undefined): Decision {
  if (theirs === undefined || theirs.inode.type !== mine.inode.type) return { do: 'nothing' };
  const { mtime } = theirs.inode;
  return withMetadata(theirs, mergeMetadata(old.inode, mine.inode, theirs.inode, mtime));
}

/** Both sides came to the same content. */
function sameContent({ old, mine, theirs }: ThreeSides, rule: CarryRule): Decision {
  if (theirs === undefined) return { do: 'nothing' };
  if (old === undefined && rule === 'merge') return { do: 'nothing' };
  const { mtime } = theirs.inode;
  const wanted = old === undefined ? mine.inode : mergeMetadata(old.inode, mine.inode, theirs.inode, mtime);
  return withMetadata(theirs, { ...wanted, mtime });
}

function withMetadata({ inode }: LocalPlace, metadata: CarriedMetadata): Decision {
  return differingFields({ ...inode, ...metadata }, inode).length === 0
    ? { do: 'nothing' }
    : { do: 'theirs', metadata };
}

function merge({ path, old, mine, theirs }: ThreeSides): Decision {
  const texts = [old, mine, theirs].map((side) => (side === undefined ? noText : textOf(side)));
  const [base, own, next] = texts;
  if (base === undefined || own === undefined || next === undefined) return { do: 'conflict' };
  const three = { base, mine: own, theirs: next };
  const accounts = accountFileAt(path);
  const records = accounts === undefined ? undefined : mergeAccounts(three, accounts);
  const content = records ?? mergeTexts(three);
  if (content === undefined) return { do: 'conflict' };
  const [one, other] = [mine.inode, theirs!.inode];
  const mtime = isLater(one.mtime, other.mtime) ? one.mtime : other.mtime;
  return { do: 'merged', content, metadata: mergeMetadata(old?.inode ?? other, one, other, mtime) };
}

const noText = '' as ByteString;

/** The content of a regular file that is small enough to be merged, and still there. */
function textOf(place: LocalPlace): ByteString | undefined {
  const { type, size, sha256 } = place.inode;
  if (type !== 'file' || size > textLimit || sha256 !== undefined) return undefined;
  return withPlace(place, (fd) => byteString(readFileSync(fd)));
}

/** Takes of each part the side that changed it; where both did, the user's. */
export function mergeMetadata(
  old: LocalInode,
  mine: LocalInode,
  theirs: LocalInode,
  mtime: ModificationTime,
): CarriedMetadata {
  return {
    mode: mine.mode === old.mode ? theirs.mode : mine.mode,
    uid: mine.uid === old.uid ? theirs.uid : mine.uid,
    gid: mine.gid === old.gid ? theirs.gid : mine.gid,
    xattrs: mergeXattrs(old.xattrs, mine.xattrs, theirs.xattrs),
    mtime,
  };
}

function mergeXattrs(old: readonly Xattr[], mine: readonly Xattr[], theirs: readonly Xattr[]): Xattr[] {
  const [before, own, next] = [valuesOf(old), valuesOf(mine), valuesOf(theirs)];
  const merged: Xattr[] = [];
  for (const name of [...new Set([...own.keys(), ...next.keys()])].sort()) {
    const value = own.get(name) === before.get(name) ? next.get(name) : own.get(name);
    if (value !== undefined) merged.push({ name, value });
  }
  return merged;
}

function valuesOf(xattrs: readonly Xattr[]): ReadonlyMap<ByteString, ByteString> {
  return new Map(xattrs.map(({ name, value }) => [name, value]));
}

function isLater(one: ModificationTime, other: ModificationTime): boolean {
  return one[0] > other[0] || (one[0] === other[0] && one[1] > other[1]);
}
