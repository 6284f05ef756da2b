import type { InodeEntry, Xattr } from './entry.ts';

/** What of an inode differs although its content may be the same. */
export type MetadataField = 'mode' | 'owner' | 'names' | 'mtime' | 'xattrs';

type Metadata = Pick<InodeEntry, 'mode' | 'uid' | 'gid' | 'user' | 'group' | 'mtime' | 'xattrs'>;

/**
 * Which metadata differs: `owner` are the numbers, `names` the names of user and group, which only describe the
 * numbers and are not on the disk.
 */
export function metadataDifferences(one: Metadata, other: Metadata): MetadataField[] {
  const fields: MetadataField[] = [];
  if (one.mode !== other.mode) fields.push('mode');
  if (one.uid !== other.uid || one.gid !== other.gid) fields.push('owner');
  if (one.user !== other.user || one.group !== other.group) fields.push('names');
  if (one.mtime[0] !== other.mtime[0] || one.mtime[1] !== other.mtime[1]) fields.push('mtime');
  if (!sameXattrs(one.xattrs, other.xattrs)) fields.push('xattrs');
  return fields;
}

/** True when two sorted lists of attributes are equal. */
export function sameXattrs(one: readonly Xattr[], other: readonly Xattr[]): boolean {
  return (
    one.length === other.length &&
    one.every(({ name, value }, place) => name === other[place]!.name && value === other[place]!.value)
  );
}

/** True when the content of two inodes is the same: bytes, symlink target or device numbers. */
export function sameContent(one: InodeEntry, other: InodeEntry): boolean {
  if (one.type === 'file') return other.type === 'file' && one.sha256 === other.sha256;
  if (one.type === 'symlink') return other.type === 'symlink' && one.target === other.target;
  if (one.type === 'char' || one.type === 'block')
    return one.type === other.type && one.device[0] === other.device[0] && one.device[1] === other.device[1];
  return one.type === other.type;
}
