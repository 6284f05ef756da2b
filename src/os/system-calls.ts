/**
 * What the kernel offers and Node.js does not: device nodes, extended attributes, exact times, syncfs, flock,
 * renameat2. Nothing here follows a symlink in the last part of a path.
 */
import { closeSync, constants, lstatSync, openSync, renameSync } from 'node:fs';
import { type ByteString, byteString, bytesOf } from '../base/byte-string.ts';
import { library } from './c-library.ts';
import { packDevice } from './device-numbers.ts';
import { errorFromErrno, type SystemPath, systemError } from './system-error.ts';

/** One extended attribute: name and value are raw bytes. */
export type ExtendedAttribute = { readonly name: ByteString; readonly value: ByteString };

/** [seconds since 1970 (may be negative), nanoseconds 0 to 999 999 999]. */
export type Timestamp = readonly [seconds: number, nanoseconds: number];

const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const nodeType = { fifo: 0o010000, char: 0o020000, block: 0o060000 } as const;
/** The kernel's limit for one value and for a list of names (XATTR_SIZE_MAX, XATTR_LIST_MAX). */
const attributeLimit = 65_536;

/**
 * Makes a device node or a fifo with exactly these permission bits where the umask allows it (set the mode
 * afterwards where it must be exact). Throws `permission-denied` without root for devices.
 */
export function makeNode(
  path: SystemPath,
  type: 'char' | 'block' | 'fifo',
  mode: number,
  major = 0,
  minor = 0,
): void {
  const kind = nodeType[type] | (mode & 0o7777);
  if (library().mknod(terminated(path), kind, packDevice(major, minor)) !== 0) throw failure('mknod', path);
}

/** Sets one extended attribute, creating or replacing it. */
export function setXattr(path: SystemPath, name: ByteString, value: ByteString): void {
  const bytes = bytesOf(value);
  const result = library().lsetxattr(terminated(path), terminatedBytes(name), bytes, bytes.length, 0);
  if (result !== 0) throw failure(`setxattr ${name}`, path);
}

/** The same on an open file; `path` is for the message only. */
export function setFileXattr(fd: number, name: ByteString, value: ByteString, path: SystemPath): void {
  const bytes = bytesOf(value);
  if (library().fsetxattr(fd, terminatedBytes(name), bytes, bytes.length, 0) !== 0)
    throw failure(`setxattr ${name}`, path);
}

/** Removes one extended attribute; false when there was none or the file system has none. */
export function removeXattr(path: SystemPath, name: ByteString): boolean {
  if (library().lremovexattr(terminated(path), terminatedBytes(name)) === 0) return true;
  const call = `removexattr ${name}`;
  const error = callError(call, path);
  if (isAbsent(error)) return false;
  throw systemError(error, call, path);
}

/** The value of one extended attribute, or undefined when there is none or the file system has none. */
export function getXattr(path: SystemPath, name: ByteString): ByteString | undefined {
  const call = library().lgetxattr;
  const value = readSized(`getxattr ${name}`, path, (buffer, size) =>
    call(terminated(path), terminatedBytes(name), buffer, size),
  );
  return value === undefined ? undefined : byteString(value);
}

/**
 * All extended attributes that this user may see, sorted by name in byte order. An attribute that vanishes
 * between listing and reading is left out; a file system without attributes gives an empty list.
 */
export function listXattrs(path: SystemPath): ExtendedAttribute[] {
  const call = library().llistxattr;
  const terminatedPath = terminated(path);
  const list = readSized('listxattr', path, (buffer, size) => call(terminatedPath, buffer, size));
  if (list === undefined || list.length === 0) return [];
  const names = byteString(list).split('\0').filter(Boolean).sort() as ByteString[];
  const attributes: ExtendedAttribute[] = [];
  for (const name of names) {
    const value = getXattr(path, name);
    if (value !== undefined) attributes.push({ name, value });
  }
  return attributes;
}

/** Sets access and modification time of a path itself (not of what a symlink points to), to the nanosecond. */
export function setTimes(path: SystemPath, time: Timestamp): void {
  const result = library().utimensat(currentDirectory, terminated(path), timespecs(time), noFollow);
  if (result !== 0) throw failure('utimensat', path);
}

/** The same on an open file; `path` is for the message only. */
export function setFileTimes(fd: number, time: Timestamp, path: SystemPath): void {
  if (library().futimens(fd, timespecs(time)) !== 0) throw failure('futimens', path);
}

/** Writes everything of the file system that holds `path` (a directory or regular file) to the disk; blocks. */
export function syncFilesystem(path: SystemPath): void {
  const fd = openForSync(path);
  try {
    if (library().syncfs(fd) !== 0) throw failure('syncfs', path);
  } finally {
    closeSync(fd);
  }
}

/** The same in another thread, so that progress and signals go on while much is written. */
export async function syncFilesystemInBackground(path: SystemPath): Promise<void> {
  const fd = openForSync(path);
  try {
    // errno belongs to the other thread, so only the fact of a failure is known here: ask again for the reason.
    if ((await library().syncfsAsync(fd)) !== 0 && library().syncfs(fd) !== 0) throw failure('syncfs', path);
  } finally {
    closeSync(fd);
  }
}

/**
 * Takes the exclusive lock of an open file (`flock`), which ends with the last copy of the descriptor, so also
 * with the process. False when somebody else has it.
 */
export function lockFile(fd: number, path: SystemPath = `file ${fd}`): boolean {
  const exclusiveNow = 2 | 4; // LOCK_EX | LOCK_NB
  for (;;) {
    if (library().flock(fd, exclusiveNow) === 0) return true;
    const error = callError('flock', path);
    if (error.code === 'EAGAIN' || error.code === 'EWOULDBLOCK') return false;
    if (error.code !== 'EINTR') throw systemError(error, 'flock', path);
  }
}

/**
 * Moves the position of an open file over a hole, if there is one at `offset`, to the next byte that is on the disk; its
 * position. Undefined when only a hole is left. A file system that knows of no holes has data everywhere.
 */
export function seekData(fd: number, offset: number, path: SystemPath): number | undefined {
  const [seekSet, seekDataFrom] = [0, 3];
  const found = Number(library().lseek(fd, BigInt(offset), seekDataFrom));
  if (found >= 0) return found;
  const error = callError('lseek', path);
  if (error.code === 'ENXIO') return undefined;
  if (error.code !== 'EINVAL') throw systemError(error, 'lseek', path);
  library().lseek(fd, BigInt(offset), seekSet);
  return offset;
}

/**
 * Renames only if nothing has the new name; false when something has. Atomic wherever the kernel can
 * (`RENAME_NOREPLACE`); elsewhere checked first, which is right as long as the caller holds its lock.
 */
export function renameNoReplace(from: SystemPath, to: SystemPath): boolean {
  const noReplace = 1;
  const names = [terminated(from), terminated(to)] as const;
  if (library().renameat2(currentDirectory, names[0], currentDirectory, names[1], noReplace) === 0)
    return true;
  const error = callError('renameat2', to);
  if (error.code === 'EEXIST') return false;
  if (error.code !== 'EINVAL' && error.code !== 'ENOSYS') throw systemError(error, 'renameat2', to);
  if (lstatSync(to, { throwIfNoEntry: false }) !== undefined) return false;
  try {
    renameSync(from, to);
    return true;
  } catch (cause) {
    throw systemError(cause, 'rename', to);
  }
}

/** Exchanges two names of one file system in one atomic step; both must exist. */
export function exchangeNames(one: SystemPath, other: SystemPath): void {
  const exchange = 2;
  const names = [terminated(one), terminated(other)] as const;
  if (library().renameat2(currentDirectory, names[0], currentDirectory, names[1], exchange) !== 0)
    throw failure('renameat2', other);
}

const scratch = Buffer.allocUnsafeSlow(attributeLimit);

/**
 * Reads something whose size is not known. The kernel's limit is also the size of the buffer, so one call is
 * enough and nothing can change between asking for the size and reading; a larger answer is asked for anew.
 */
function readSized(
  call: string,
  path: SystemPath,
  read: (buffer: Uint8Array, size: number) => number,
): Uint8Array | undefined {
  let buffer = scratch;
  for (;;) {
    const length = Number(read(buffer, buffer.length));
    if (length >= 0) return buffer.subarray(0, length);
    const error = callError(call, path);
    if (isAbsent(error)) return undefined;
    if (error.code !== 'ERANGE' || buffer.length >= 64 * attributeLimit) throw systemError(error, call, path);
    buffer = Buffer.allocUnsafeSlow(buffer.length * 2);
  }
}

/** No such attribute, or a file system that has none at all. */
function isAbsent({ code }: NodeJS.ErrnoException): boolean {
  return code === 'ENODATA' || code === 'ENOTSUP' || code === 'EOPNOTSUPP';
}

function timespecs([seconds, nanoseconds]: Timestamp): BigInt64Array {
  const second = BigInt(seconds);
  const nanosecond = BigInt(nanoseconds);
  return BigInt64Array.of(second, nanosecond, second, nanosecond);
}

/** A path as C takes it. */
export function terminated(path: SystemPath): Buffer {
  const bytes = typeof path === 'string' ? Buffer.from(`${path}\0`, 'utf8') : Buffer.concat([path, zero]);
  // A path that ends early would name another file.
  if (bytes.indexOf(0) !== bytes.length - 1) throw new Error('a path with a NUL byte reached a system call');
  return bytes;
}

const zero = Buffer.from([0]);

function terminatedBytes(value: ByteString): Buffer {
  if (value.includes('\0')) throw new Error('a name with a NUL byte reached a system call');
  return Buffer.from(`${value}\0`, 'latin1');
}

function openForSync(path: SystemPath): number {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    throw systemError(error, 'open', path);
  }
}

/** Must be called before any other foreign call, because that would change errno. */
function callError(call: string, path: SystemPath): NodeJS.ErrnoException {
  return errorFromErrno(library().errno(), call, path);
}

function failure(call: string, path: SystemPath): Error {
  const error = callError(call, path);
  return systemError(error, call, path);
}
