import type { ByteString } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { ModificationTime, Xattr } from './entry.ts';

/** Longest path of an entry in bytes, and longest part of it between slashes: what Linux can name. */
export const pathLimit = 4096;
export const segmentLimit = 255;
/** Longest target of a symlink in bytes (Linux: PATH_MAX without its NUL). */
export const targetLimit = 4095;
/** Longest name of an extended attribute and longest value, in bytes: the kernel's own limits. */
export const xattrNameLimit = 255;
export const xattrValueLimit = 65536;
/** Bytes that an uncompressed index may have: about two million files. */
export const indexLimit = 512 * 1024 * 1024;
/** Largest manifest for old clients that is carried: that of a tree of a million files stays below it. */
export const contentsLimit = 512 * 1024 * 1024;
/** Largest user or group number: the one above is the kernel's "no owner". */
export const largestOwner = 0xffff_fffe;
/** Largest major or minor number of a device. */
export const largestDevice = 0xffff_ffff;

/** The hash of no bytes; an empty file has no object. */
export const emptySha256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' as Sha256;

const badSegment = /(?:^|\/)\.{0,2}(?:\/|$)|\0/;

/**
 * True for a path that may stand in an index: '' (the root), or segments that are neither empty nor `.` nor
 * `..`, without NUL, of at most 255 bytes each and 4096 together.
 */
export function isTreePath(path: ByteString): boolean {
  if (path === '') return true;
  if (path.length > pathLimit || badSegment.test(path)) return false;
  return path.length <= segmentLimit || path.split('/').every((segment) => segment.length <= segmentLimit);
}

/** The path of the directory that holds `path`; the root for names at the top. */
export function parentOf(path: ByteString): ByteString {
  return path.slice(0, Math.max(0, path.lastIndexOf('/'))) as ByteString;
}

/** True for what a symlink may point to: anything but nothing, NUL, or more than Linux takes. */
export function isSymlinkTarget(target: ByteString): boolean {
  return target.length > 0 && target.length <= targetLimit && !target.includes('\0');
}

/** True for the name of a user or group: not empty, no NUL. */
export function isOwnerName(name: ByteString): boolean {
  return name.length > 0 && !name.includes('\0');
}

/** True for the number of a user or group. */
export function isOwnerNumber(value: unknown): value is number {
  return isCount(value, largestOwner);
}

/** True for the major or minor number of a device. */
export function isDeviceNumber(value: unknown): value is number {
  return isCount(value, largestDevice);
}

/** What the names of attributes begin with by which overlayfs says what an inode of a layer is. */
const overlayPrefixes = ['trusted.overlay.', 'user.overlay.'];

/** True for an attribute by which overlayfs says what an inode of a layer is: below a layer it would be obeyed. */
export function isOverlayMark(name: string): boolean {
  return overlayPrefixes.some((prefix) => name.startsWith(prefix));
}

/** True for the device by which overlayfs says that a name was deleted: a character device 0:0. */
export function isWhiteout(
  type: string,
  device: readonly [major: number, minor: number] | undefined,
): boolean {
  return type === 'char' && device?.[0] === 0 && device[1] === 0;
}

function isCount(value: unknown, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most;
}

/** True for seconds that are a safe integer (negative before 1970) and nanoseconds below a second. */
export function isModificationTime(value: unknown): value is ModificationTime {
  if (!Array.isArray(value) || value.length !== 2) return false;
  const [seconds, nanoseconds] = value as unknown[];
  return (
    Number.isSafeInteger(seconds) &&
    typeof nanoseconds === 'number' &&
    Number.isInteger(nanoseconds) &&
    nanoseconds >= 0 &&
    nanoseconds <= 999_999_999
  );
}

/** True for attributes that the kernel takes, sorted by name in byte order, no name twice. */
export function areCanonicalXattrs(xattrs: readonly Xattr[]): boolean {
  return xattrs.every(
    ({ name, value }, place) =>
      name.length > 0 &&
      name.length <= xattrNameLimit &&
      value.length <= xattrValueLimit &&
      !name.includes('\0') &&
      (place === 0 || xattrs[place - 1]!.name < name),
  );
}
