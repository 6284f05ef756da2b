import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { InodeEntry, Xattr } from '../build/entry.ts';
import { setFileTimes, type Timestamp } from '../os/system-calls.ts';
import { errnoOf, type SystemPath, systemError } from '../os/system-error.ts';
import { sealDigest, sealOpenFile } from '../os/verity.ts';
import { VerityDigest } from '../os/verity-digest.ts';
import type { OwedPart } from './apply-metadata.ts';
import type { DamageReason } from './damage.ts';
import { attributesDiffer } from './metadata-check.ts';

/** One inode whose content (when it is a file) and extended attributes are to be read and compared. */
export type ReadItem = {
  /** Number of the entry, to name it in answers. */
  readonly number: number;
  readonly path: ByteString;
  /** What its content must be; absent for everything that is not a regular file. */
  readonly content?: { readonly size: number; readonly sha256: Sha256 };
  readonly xattrs: readonly Xattr[];
  readonly owed?: ReadonlySet<OwedPart> | undefined;
  /** True to seal a file that is right, so that the kernel checks it from then on. */
  readonly seal?: boolean;
};

/**
 * What reading told: right, different in something, or not for this user to read; `busy`: right, but not sealed as it
 * should have been, because somebody has the file open for writing.
 */
export type ReadOutcome = DamageReason | 'right' | 'forbidden' | 'busy';

/** One for all files that a thread reads: a new one for each would grow memory faster than it is collected. */
const pieceBuffer = Buffer.allocUnsafeSlow(1024 * 1024);

/** The item for an entry. */
export function readItem(number: number, entry: InodeEntry, owed?: ReadonlySet<OwedPart>): ReadItem {
  const base = { number, path: entry.path, xattrs: entry.xattrs, owed };
  if (entry.type !== 'file') return base;
  return { ...base, content: { size: entry.size, sha256: entry.sha256 } };
}

/** Reads one inode and compares. Never follows a symlink in the last part of the path. */
export function checkByReading(tree: string, item: ReadItem): ReadOutcome {
  const path = pathBelow(tree, item.path);
  try {
    const { content } = item;
    const differs = attributesDiffer(path, item.xattrs, item.owed);
    const seal = item.seal === true && !differs;
    const outcome = content === undefined ? 'right' : checkContent(path, content, { seal });
    return outcome === 'right' && differs ? 'attributes' : outcome;
  } catch (error) {
    return outcomeOf(error, path);
  }
}

/**
 * Hashes a regular file with bounded memory and compares; throws system errors as they come. With `seal` one that is
 * right is sealed too, to the very bytes that were read here.
 */
export function checkContent(
  path: SystemPath,
  { size, sha256 }: { readonly size: number; readonly sha256: Sha256 },
  { seal = false }: { readonly seal?: boolean } = {},
): 'right' | 'content' | 'type' | 'busy' {
  const fd = openForReading(path);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) return 'type';
    if (stat.size !== BigInt(size)) return 'content';
    const verity = seal ? new VerityDigest() : undefined;
    if (hashOf(fd, size, verity) !== sha256) return 'content';
    return verity === undefined ? 'right' : sealAs({ fd, path, mtime: stat.mtimeNs }, verity.digest());
  } finally {
    closeSync(fd);
  }
}

type OpenFile = { readonly fd: number; readonly path: SystemPath; readonly mtime: bigint };

/** The kernel reads the file itself: when that gave it other bytes, the disk does not keep what it was given. */
function sealAs({ fd, path, mtime }: OpenFile, digest: Buffer): 'right' | 'content' | 'busy' {
  const sealing = sealOpenFile(fd, path);
  if (sealing === 'busy') return 'busy';
  // To ext4 what it writes behind a file is a change of the file.
  if (sealing === 'sealed') setFileTimes(fd, timestampOf(mtime), path);
  return sealDigest(fd, path)?.equals(digest) === true ? 'right' : 'content';
}

/** Nanoseconds since 1970, as system calls take them. */
function timestampOf(time: bigint): Timestamp {
  const rest = ((time % billion) + billion) % billion;
  return [Number((time - rest) / billion), Number(rest)];
}

const billion = 1_000_000_000n;

/** Without O_NOATIME, reading would write the access time of every file that is verified. */
function openForReading(path: SystemPath): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  try {
    return openSync(path, flags | constants.O_NOATIME);
  } catch (error) {
    // Only the owner and root may ask for that.
    if (errnoOf(error) !== 'EPERM') throw error;
    return openSync(path, flags);
  }
}

/** SHA-256 of an open file that should have this size; of what there is when it is shorter. `also` gets it too. */
function hashOf(fd: number, size: number, also: VerityDigest | undefined): string {
  const buffer = pieceBuffer;
  if (size <= buffer.length) {
    const piece = buffer.subarray(0, fill(fd, buffer.subarray(0, size)));
    also?.update(piece);
    return hash('sha256', piece);
  }
  const digest = createHash('sha256');
  for (let left = size; left > 0; ) {
    const count = fill(fd, buffer.subarray(0, Math.min(left, buffer.length)));
    if (count === 0) break;
    digest.update(buffer.subarray(0, count));
    also?.update(buffer.subarray(0, count));
    left -= count;
  }
  return digest.digest('hex');
}

/** Reads until the buffer is full or the file ends. */
function fill(fd: number, buffer: Buffer): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = readSync(fd, buffer, filled, buffer.length - filled, null);
    if (count === 0) break;
    filled += count;
  }
  return filled;
}

function outcomeOf(error: unknown, path: SystemPath): ReadOutcome {
  switch (errnoOf(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'forbidden';
    case 'ENOENT':
    case 'ENOTDIR':
      return 'missing';
    case 'ELOOP':
    case 'EISDIR':
    case 'ENXIO':
      return 'type';
    // A bad sector, a checksum of the file system that is wrong, a sealed file that is not what it was.
    case 'EIO':
    case 'EBADMSG':
    case 'EUCLEAN':
    case 'EMSGSIZE':
      return 'unreadable';
    default:
      throw systemError(error, 'read', path);
  }
}
