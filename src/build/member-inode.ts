import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { InodeEntry, ModificationTime, Xattr } from './entry.ts';
import {
  areCanonicalXattrs,
  isDeviceNumber,
  isModificationTime,
  isOverlayMark,
  isOwnerName,
  isOwnerNumber,
  isSymlinkTarget,
  isTreePath,
  isWhiteout,
} from './entry-rules.ts';

/** What every inode has, as an archive or a file system gives it: nothing checked yet. */
export type FoundMetadata = {
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: ByteString | undefined;
  readonly group?: ByteString | undefined;
  readonly mtime: readonly [seconds: number, nanoseconds: number];
  readonly xattrs: readonly Xattr[];
};

type Metadata = Pick<InodeEntry, 'mode' | 'uid' | 'gid' | 'user' | 'group' | 'mtime' | 'xattrs'>;

/** Linux gives every symlink these bits, whatever an archive says. */
export const symlinkMode = 0o777;

/**
 * The metadata of an inode in the form of an entry: type bits dropped from the mode, attributes sorted (of two
 * with one name the last stays, as when both are set in turn). `mtime` replaces the time found.
 * Throws `tree-field-impossible`, `tree-overlay-mark`.
 */
export function checkedMetadata(
  path: ByteString,
  found: FoundMetadata,
  mtime: ModificationTime = found.mtime,
): Metadata {
  const impossible = (field: string) =>
    new SatchelError('tree-field-impossible', { path: displayOf(path), field });
  if (!isOwnerNumber(found.uid)) throw impossible('uid');
  if (!isOwnerNumber(found.gid)) throw impossible('gid');
  if (!isModificationTime(mtime)) throw impossible('mtime');
  const xattrs = sortedXattrs(found.xattrs);
  if (!areCanonicalXattrs(xattrs)) throw impossible('xattrs');
  const mark = xattrs.find(({ name }) => isOverlayMark(name));
  if (mark !== undefined)
    throw new SatchelError('tree-overlay-mark', { path: displayOf(path), attribute: displayOf(mark.name) });
  const metadata: { -readonly [Key in keyof Metadata]: Metadata[Key] } = {
    mode: found.mode & 0o7777,
    uid: found.uid,
    gid: found.gid,
    mtime: [mtime[0], mtime[1]],
    xattrs,
  };
  if (found.user) metadata.user = checkedName(found.user, () => impossible('user'));
  if (found.group) metadata.group = checkedName(found.group, () => impossible('group'));
  return metadata;
}

/** Refuses a symlink target that no Linux file system takes. Throws `tree-field-impossible`. */
export function checkedTarget(path: ByteString, target: ByteString | undefined): ByteString {
  if (target !== undefined && isSymlinkTarget(target)) return target;
  throw new SatchelError('tree-field-impossible', { path: displayOf(path), field: 'target' });
}

/**
 * Refuses device numbers that are missing or too large, and a character device 0:0, which overlayfs takes for a deleted
 * name. Throws `tree-field-impossible`, `tree-whiteout`.
 */
export function checkedDevice(
  path: ByteString,
  type: 'char' | 'block',
  device: readonly [number, number] | undefined,
): readonly [number, number] {
  if (isWhiteout(type, device)) throw new SatchelError('tree-whiteout', { path: displayOf(path) });
  if (device !== undefined && isDeviceNumber(device[0]) && isDeviceNumber(device[1]))
    return [device[0], device[1]];
  throw new SatchelError('tree-field-impossible', { path: displayOf(path), field: 'device' });
}

/** Refuses a path that no Linux tree can hold. Throws `tree-path-impossible`. */
export function checkedPath(path: ByteString): ByteString {
  if (isTreePath(path)) return path;
  throw new SatchelError('tree-path-impossible', { path: displayOf(path).slice(0, 500) });
}

const noXattrs: readonly Xattr[] = [];

function sortedXattrs(xattrs: readonly Xattr[]): readonly Xattr[] {
  if (xattrs.length === 0) return noXattrs;
  const byName = new Map(xattrs.map(({ name, value }) => [name, { name, value }]));
  return [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

function checkedName(name: ByteString, problem: () => SatchelError): ByteString {
  if (!isOwnerName(name)) throw problem();
  return name;
}
