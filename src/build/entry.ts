import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';

/** One extended attribute: its full name (`security.capability`) and its value, both raw bytes. */
export type Xattr = { readonly name: ByteString; readonly value: ByteString };

/** One content-defined chunk of a large file: the object that holds it and its length in bytes. */
export type Chunk = { readonly sha256: Sha256; readonly size: number };

/** Modification time as [seconds since 1970 (may be negative), nanoseconds 0 to 999 999 999]. */
export type ModificationTime = readonly [seconds: number, nanoseconds: number];

/** What every inode of a build has. `path` is relative, without leading or trailing slash; the root is ''. */
export type Inode = {
  readonly path: ByteString;
  /** Permission bits with setuid, setgid and sticky: 0 to 0o7777. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly user?: ByteString;
  readonly group?: ByteString;
  readonly mtime: ModificationTime;
  /** Sorted by name in byte order, no name twice. */
  readonly xattrs: readonly Xattr[];
};

export type FileEntry = Inode & {
  readonly type: 'file';
  /** Length of the content in bytes. */
  readonly size: number;
  readonly sha256: Sha256;
  /** Present exactly when `size` is above the chunking limit (1 MiB); sizes add up to `size`. */
  readonly chunks?: readonly Chunk[];
};
export type DirectoryEntry = Inode & { readonly type: 'directory' };
export type SymlinkEntry = Inode & { readonly type: 'symlink'; readonly target: ByteString };
export type DeviceEntry = Inode & {
  readonly type: 'char' | 'block';
  readonly device: readonly [major: number, minor: number];
};
export type FifoEntry = Inode & { readonly type: 'fifo' };

/** A further name of an inode; `link` is the first path of its group in byte order, which holds the inode. */
export type HardLinkEntry = {
  readonly type: 'hardlink';
  readonly path: ByteString;
  readonly link: ByteString;
};

/** An entry that carries an inode. */
export type InodeEntry = FileEntry | DirectoryEntry | SymlinkEntry | DeviceEntry | FifoEntry;

/** One line of an index. */
export type IndexEntry = InodeEntry | HardLinkEntry;

/** Files above this many bytes are split into chunks. */
export const chunkingLimit = 1024 * 1024;
