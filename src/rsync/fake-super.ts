import { hash } from 'node:crypto';
import { type ByteString, byteString, byteStringFromText, bytesOf } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { DirectoryEntry, FileEntry, IndexEntry, InodeEntry, Xattr } from '../build/entry.ts';
import { emptySha256 } from '../build/entry-rules.ts';
import { serialiseIndex } from '../build/index-format.ts';
import { type EntryList, IndexTable } from '../build/index-table.ts';
import { type AclParts, aclParts } from '../formats/posix-acl.ts';

/**
 * What rsync's option `fake super` makes of a tree (rsync, `xattrs.c` and `acls.c`): every inode is a plain file or
 * directory that the daemon may read, and what it stands for is in extended attributes below `user.rsync.`.
 */
export type FakedTree = {
  /** One entry for each of the build's, with the same number. */
  readonly entries: IndexTable;
  /** Contents that no pack has: the targets of symlinks, by their hash. */
  readonly targets: ReadonlyMap<Sha256, Uint8Array>;
};

/** Whom the files of a tree belong to. */
export type Owner = { readonly uid: number; readonly gid: number };

/** Readable by whatever user the daemon runs as; nobody but the owner may change anything. */
const fileMode = 0o644;
const directoryMode = 0o755;

const prefix = 'user.rsync.';
/** Every inode of a tree has this attribute: it tells type, mode, device and owner. */
export const statAttribute = 'user.rsync.%stat';
const typeBits: Readonly<Record<InodeEntry['type'], number>> = {
  fifo: 0o010000,
  char: 0o020000,
  directory: 0o040000,
  block: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
};

/** The tree that shows this build to rsync clients when a daemon with `fake super` reads it. */
export function fakeTree(entries: EntryList, owner: Owner): FakedTree {
  const targets = new Map<Sha256, Uint8Array>();
  const fake = (entry: IndexEntry): IndexEntry => {
    if (entry.type === 'hardlink') return entry;
    const inode = { path: entry.path, ...owner, mtime: entry.mtime, xattrs: fakeXattrs(entry) };
    if (entry.type === 'directory')
      return { type: 'directory', ...inode, mode: directoryMode } satisfies DirectoryEntry;
    return { type: 'file', ...inode, mode: fileMode, ...contentOf(entry, targets) } satisfies FileEntry;
  };
  function* faked() {
    for (const entry of entries) yield fake(entry);
  }
  return { entries: IndexTable.ofChecked(serialiseIndex(faked())), targets };
}

type Content = Pick<FileEntry, 'size' | 'sha256' | 'chunks'>;

/** A file keeps its content, a symlink's is its target, and everything else is empty. */
function contentOf(entry: InodeEntry, targets: Map<Sha256, Uint8Array>): Content {
  if (entry.type === 'file') {
    const { size, sha256, chunks } = entry;
    return chunks === undefined ? { size, sha256 } : { size, sha256, chunks };
  }
  if (entry.type !== 'symlink') return { size: 0, sha256: emptySha256 };
  const target = bytesOf(entry.target);
  const sha256 = hash('sha256', target) as Sha256;
  targets.set(sha256, target);
  return { size: target.length, sha256 };
}

/** The attributes that stand for an inode's own, in byte order of their names. */
function fakeXattrs(entry: InodeEntry): Xattr[] {
  const [major, minor] = 'device' in entry ? entry.device : [0, 0];
  const mode = typeBits[entry.type] | entry.mode;
  const stat = `${mode.toString(8)} ${major},${minor} ${entry.uid}:${entry.gid}`;
  const xattrs = [{ name: byteStringFromText(statAttribute), value: byteStringFromText(stat) }];
  for (const xattr of entry.xattrs) {
    const faked = fakeXattr(xattr);
    if (faked !== undefined) xattrs.push(faked);
  }
  return xattrs.sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** Users' own attributes stay what they are, but those that would be taken for rsync's. */
function fakeXattr({ name, value }: Xattr): Xattr | undefined {
  if (name === 'system.posix_acl_access') return fakeAcl('%aacl', value);
  if (name === 'system.posix_acl_default') return fakeAcl('%dacl', value);
  if (name.startsWith('user.') && !name.startsWith(prefix)) return { name, value };
  return { name: `${prefix}${name}` as ByteString, value };
}

/** A list that the kernel would refuse is left out: no system can have it. */
function fakeAcl(name: string, value: ByteString): Xattr | undefined {
  const parts = aclParts(value);
  if (parts === undefined) return undefined;
  return { name: byteStringFromText(prefix + name), value: rsyncAcl(parts) };
}

/** In rsync's own form a mask that is not there is this, and named users have this bit in their permissions. */
const noEntry = 0x80;
const userBit = 0x8000_0000;

/** Permissions of owner, group, mask and others, then number and permissions of everybody who is named. */
function rsyncAcl({ user, group, mask, other, named }: AclParts): ByteString {
  const words = [user, group, mask ?? noEntry, other];
  for (const { isUser, id, permissions } of named)
    words.push(id, isUser ? userBit + permissions : permissions);
  const bytes = Buffer.alloc(4 * words.length);
  for (const [place, word] of words.entries()) bytes.writeUInt32LE(word, 4 * place);
  return byteString(bytes);
}
