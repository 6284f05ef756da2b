import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { type ByteString, byteString, pathBelow } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { InodeEntry, ModificationTime, Xattr } from '../build/entry.ts';
import { isOverlayMark, parentOf } from '../build/entry-rules.ts';
import { timeOf } from '../build/from-directory.ts';
import { symlinkMode } from '../build/member-inode.ts';
import { unpackDevice } from '../os/device-numbers.ts';
import { listXattrs } from '../os/system-calls.ts';
import { errnoOf, type SystemPath, withSystemErrors } from '../os/system-error.ts';

/** One inode as it is on the disk: of a pristine tree, of a layer, or of a tree that runs. */
export type LocalInode = {
  readonly type: InodeEntry['type'] | 'socket';
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly mtime: ModificationTime;
  /** Without the marks of overlayfs. */
  readonly xattrs: readonly Xattr[];
  /** By which overlayfs says what an inode of a layer is; they mean nothing anywhere else. */
  readonly marks: readonly Xattr[];
  /** Bytes of a regular file. */
  readonly size: number;
  /** Of a regular file of which only the hash is left. */
  readonly sha256?: Sha256;
  /** Of a symlink. */
  readonly target?: ByteString;
  /** Of a device node. */
  readonly device?: readonly [major: number, minor: number];
  /** The file system that it lies on, and its number there. */
  readonly dev: bigint;
  readonly ino: bigint;
  /** How many names it has. */
  readonly names: number;
  /** Bytes that it takes on the disk. */
  readonly allocated: number;
};

/** One of several places where the same file may lie. */
export type LocalPlace = {
  readonly tree: TreeView;
  readonly path: ByteString;
  readonly inode: LocalInode;
};

/** Looks into one tree and never out of it, also where a folder of it has become a symlink. */
export type TreeView = {
  readonly root: string;
  /** The same without symlinks, as the kernel names what is opened in it. */
  realRoot(): Buffer;
  /** The path for `node:fs`. */
  place(path: ByteString): SystemPath;
  /** The inode at a path; undefined when there is none, or when a folder above it is no folder. */
  look(path: ByteString): LocalInode | undefined;
  /** Names in a folder in byte order; none when it is no folder. */
  names(path: ByteString): readonly ByteString[];
};

/**
 * The view of the tree below a folder. What is a folder is remembered. A layer is looked at while people work in it:
 * what vanishes between two looks is not there.
 */
export function viewTree(root: string): TreeView {
  const folders = new Map<ByteString, boolean>();
  const place = (path: ByteString) => pathBelow(root, path);
  const stat = (path: ByteString) =>
    withSystemErrors('lstat', place(path), () =>
      lstatSync(place(path), { bigint: true, throwIfNoEntry: false }),
    );
  const isFolder = (path: ByteString): boolean => {
    const known = folders.get(path);
    if (known !== undefined) return known;
    const found = (path === '' || isFolder(parentOf(path))) && stat(path)?.isDirectory() === true;
    folders.set(path, found);
    return found;
  };
  let realRoot: Buffer | undefined;
  return {
    root,
    realRoot() {
      realRoot ??= withSystemErrors('realpath', root, () => realpathSync.native(root, 'buffer'));
      return realRoot;
    },
    place,
    look(path) {
      if (path !== '' && !isFolder(parentOf(path))) return undefined;
      const found = stat(path);
      return found === undefined ? undefined : unlessGone(() => inodeAt(place(path), found));
    },
    names(path) {
      if (!isFolder(path)) return [];
      const read = () => withSystemErrors('readdir', place(path), () => readdirSync(place(path), 'latin1'));
      return ((unlessGone(read) ?? []) as ByteString[]).sort();
    },
  };
}

/** What `action` gives; undefined when what it looks at vanishes meanwhile. */
export function unlessGone<Result>(action: () => Result): Result | undefined {
  try {
    return action();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}

/** The value of the mark of overlayfs with this name (`opaque`), if the inode has it. */
export function markOf({ marks }: LocalInode, name: string): ByteString | undefined {
  return marks.find((mark) => mark.name === `trusted.overlay.${name}`)?.value;
}

/** The path of a name in a folder of a tree. */
export function childOf(folder: ByteString, name: string): ByteString {
  return (folder === '' ? name : `${folder}/${name}`) as ByteString;
}

function inodeAt(place: SystemPath, stat: BigIntStats): LocalInode {
  const type = typeOf(stat);
  const attributes = listXattrs(place);
  return {
    type,
    mode: type === 'symlink' ? symlinkMode : Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
    mtime: timeOf(stat.mtimeNs),
    xattrs: attributes.filter(({ name }) => !isOverlayMark(name)),
    marks: attributes.filter(({ name }) => isOverlayMark(name)),
    size: type === 'file' ? Number(stat.size) : 0,
    dev: stat.dev,
    ino: stat.ino,
    names: Number(stat.nlink),
    allocated: Number(stat.blocks) * 512,
    ...(type === 'symlink' ? { target: targetAt(place) } : {}),
    ...(type === 'char' || type === 'block' ? { device: unpackDevice(stat.rdev) } : {}),
  };
}

/** The type of an inode by what `lstat` tells. */
function typeOf(stat: BigIntStats): LocalInode['type'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isFIFO()) return 'fifo';
  if (stat.isSocket()) return 'socket';
  return stat.isCharacterDevice() ? 'char' : 'block';
}

function targetAt(place: SystemPath): ByteString {
  return withSystemErrors('readlink', place, () => byteString(readlinkSync(place, { encoding: 'buffer' })));
}
