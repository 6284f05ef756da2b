import { chmodSync, fchmodSync, fchownSync, futimesSync, lchownSync, lutimesSync } from 'node:fs';
import type { ByteString } from '../base/byte-string.ts';
import type { FileEntry, Inode, InodeEntry, ModificationTime, Xattr } from '../build/entry.ts';
import { setFileTimes, setFileXattr, setTimes, setXattr } from '../os/system-calls.ts';
import { errnoOf, type SystemPath, withSystemErrors } from '../os/system-error.ts';

/** What of an entry could not be applied, mostly because only root may: it is owed until root repairs. */
export type OwedPart = 'owner' | 'mode' | 'xattr' | 'device';

/** One thing that is owed to a path of a tree. */
export type Owed = { readonly path: ByteString; readonly what: OwedPart };

/** What of an entry is applied. */
export type Applicable = Inode & { readonly type: InodeEntry['type'] };

/** Who applies metadata. */
export type Powers = {
  /** True for root: everything is tried. False: what an ordinary user can never do is owed without trying. */
  readonly root: boolean;
};

/** What an inode was created with: what is right already is not set again, which saves a third of the calls. */
export type FreshInode = { readonly uid: number; readonly gid: number; readonly mode: number };

const nothingOwed: readonly Owed[] = [];
const [ownUser, ownGroup] = [process.geteuid?.(), process.getegid?.()];
const setIdBits = 0o6000;

/**
 * Gives a path that was just made the owner, mode, attributes and times of its entry, in the one order that
 * works: chown drops set-id bits and capabilities, writing to a read-only file is no longer allowed, and
 * everything touches times. Directories come last, after all that is in them. Symlinks are never followed.
 * Answers what is owed; throws what the system refuses for any other reason than permission.
 */
export function applyMetadata(
  path: SystemPath,
  entry: Applicable,
  powers: Powers = { root: ownUser === 0 },
  fresh?: FreshInode,
): readonly Owed[] {
  const noMode = entry.type === 'symlink';
  const changes: Changes = {
    chown: (uid, gid) => lchownSync(path, uid, gid),
    chmod: (mode) => (noMode ? undefined : chmodSync(path, mode)),
    setXattr: ({ name, value }) => setXattr(path, name, value),
    setTime: (time) => {
      const whole = wholeSeconds(time);
      if (whole === undefined) setTimes(path, time);
      else lutimesSync(path, whole, whole);
    },
  };
  return apply(entry, powers, path, changes, fresh);
}

/** The same for a regular file that is open for writing and has all its content; `path` is for messages. */
export function applyFileMetadata(
  fd: number,
  path: SystemPath,
  entry: FileEntry,
  powers: Powers = { root: ownUser === 0 },
  fresh?: FreshInode,
): readonly Owed[] {
  const changes: Changes = {
    chown: (uid, gid) => fchownSync(fd, uid, gid),
    chmod: (mode) => fchmodSync(fd, mode),
    setXattr: ({ name, value }) => setFileXattr(fd, name, value, path),
    setTime: (time) => {
      const whole = wholeSeconds(time);
      if (whole === undefined) setFileTimes(fd, time, path);
      else futimesSync(fd, whole, whole);
    },
  };
  return apply(entry, powers, path, changes, fresh);
}

/** The four ways to change an inode, by path or by descriptor. */
type Changes = {
  chown(uid: number, gid: number): void;
  chmod(mode: number): void;
  setXattr(xattr: Xattr): void;
  setTime(time: ModificationTime): void;
};

function apply(
  entry: Applicable,
  powers: Powers,
  path: SystemPath,
  changes: Changes,
  fresh?: FreshInode,
): readonly Owed[] {
  const isOwned = fresh?.uid === entry.uid && fresh.gid === entry.gid;
  const isWholeModeSet = isOwned && fresh.mode === entry.mode && entry.xattrs.length === 0;
  const owed: Owed[] = [];
  const owe = (what: OwedPart) => {
    if (!owed.some((one) => one.what === what)) owed.push({ path: entry.path, what });
  };
  withSystemErrors('set metadata of', path, () => {
    if (!isOwned && !changeOwner(entry, powers, changes)) owe('owner');
    for (const xattr of entry.xattrs) if (isUser(xattr) && !trySet(xattr, changes)) owe('xattr');
    // A set-id bit on a file of the wrong owner would hand that owner's rights to everybody.
    const withheld = owed.some(({ what }) => what === 'owner') ? entry.mode & setIdBits : 0;
    if (!isWholeModeSet) changes.chmod(entry.mode & ~withheld);
    if (withheld !== 0) owe('mode');
    for (const xattr of entry.xattrs) {
      if (isUser(xattr)) continue;
      if ((!powers.root && needsRoot(xattr)) || !trySet(xattr, changes)) owe('xattr');
    }
    changes.setTime(entry.mtime);
  });
  return owed.length === 0 ? nothingOwed : owed;
}

/** False when the owner is owed. Root inside a container may be refused too. */
function changeOwner({ uid, gid }: Applicable, { root }: Powers, changes: Changes): boolean {
  const isOwn = uid === ownUser && gid === ownGroup;
  if (!root && !isOwn) return false;
  try {
    changes.chown(uid, gid);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EPERM' || errno === 'EINVAL') return false;
    throw error;
  }
}

/** False when this user may not, or this file system cannot. */
function trySet(xattr: Xattr, changes: Changes): boolean {
  try {
    changes.setXattr(xattr);
    return true;
  } catch (error) {
    const errno = errnoOf(error);
    if (errno === 'EPERM' || errno === 'ENOTSUP' || errno === 'EOPNOTSUPP') return false;
    throw error;
  }
}

/** These need write permission on the file, so they come before a mode that takes it away. */
function isUser({ name }: Xattr): boolean {
  return name.startsWith('user.');
}

function needsRoot({ name }: Xattr): boolean {
  return name.startsWith('security.') || name.startsWith('trusted.');
}

/**
 * The time for `fs.utimes`, which carries whole seconds exactly, loses nanoseconds, and takes a negative
 * number for "now" (but not a negative Date). Undefined when it has to be the exact call, which first has
 * to load its library.
 */
function wholeSeconds([seconds, nanoseconds]: ModificationTime): number | Date | undefined {
  if (nanoseconds !== 0) return undefined;
  if (seconds >= 0) return seconds;
  return seconds > -8_640_000_000_000 ? new Date(seconds * 1000) : undefined;
}
