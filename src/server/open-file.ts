import { type BigIntStats, close, constants, fstat, open, read } from 'node:fs';
import { systemErrorCode } from '../base/errors.ts';

/** Files up to this size get their ETag from their content, larger ones from inode, size and time. */
const hashedBytes = 64 * 1024;

/** An open regular file of the repository. It must be closed. */
export type OpenFile = {
  readonly fd: number;
  /** Bytes at the moment of opening. */
  readonly size: number;
  /** Strong ETag with its quotes. */
  readonly etag: string;
};

/** Why a file is not served: absent, not ours to read, or no descriptors left. */
export type OpenFailure = 'absent' | 'forbidden' | 'busy';

/** The SHA-256 of bytes, in hex; passed in so that this file says nothing about how it is computed. */
type Hash = (bytes: Uint8Array) => string;

/**
 * Opens a file for serving. Symbolic links, folders, devices and fifos count as absent (nothing is followed and
 * nothing blocks). The ETag is `sha256` when the name states it. Throws the system's error for a failing disk.
 */
export async function openFile(
  path: string,
  sha256: string | undefined,
  hash: Hash,
): Promise<OpenFile | OpenFailure> {
  let fd: number;
  try {
    fd = await openReadOnly(path);
  } catch (error) {
    return failureOf(error);
  }
  try {
    const status = await fileStatus(fd);
    if (status.isFile()) {
      const size = Number(status.size);
      return { fd, size, etag: `"${sha256 ?? (await validator(fd, status, hash))}"` };
    }
  } catch (error) {
    closeFile(fd);
    throw error;
  }
  closeFile(fd);
  return 'absent';
}

/** Closes a descriptor without waiting for it; a failure to close a file that was only read means nothing. */
export function closeFile(fd: number): void {
  close(fd, () => {});
}

/**
 * What the file is, in a few characters, exactly: the hash of a small file's content. A large one is never written
 * in place (files are replaced by rename), so inode, size and nanoseconds tell any two of them apart.
 */
async function validator(fd: number, status: BigIntStats, hash: Hash): Promise<string> {
  const size = Number(status.size);
  if (size > hashedBytes) {
    return `${status.ino.toString(36)}-${status.size.toString(36)}-${status.mtimeNs.toString(36)}`;
  }
  const content = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const count = await readInto(fd, content, filled);
    if (count === 0) break;
    filled += count;
  }
  return hash(content.subarray(0, filled)).slice(0, 40);
}

function failureOf(error: unknown): OpenFailure {
  switch (systemErrorCode(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
    case 'ENAMETOOLONG':
    case 'ENXIO':
      return 'absent';
    case 'EACCES':
    case 'EPERM':
      return 'forbidden';
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return 'busy';
    default:
      throw error;
  }
}

// The callback forms: the promise ones cost a third of the small answers a second.
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function openReadOnly(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, flags, (error, fd) => (error ? reject(error) : resolve(fd)));
  });
}

function fileStatus(fd: number): Promise<BigIntStats> {
  return new Promise((resolve, reject) => {
    fstat(fd, { bigint: true }, (error, status) => (error ? reject(error) : resolve(status)));
  });
}

function readInto(fd: number, content: Buffer, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, content, at, content.length - at, at, (error, count) =>
      error ? reject(error) : resolve(count),
    );
  });
}
