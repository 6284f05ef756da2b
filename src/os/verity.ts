/**
 * fs-verity: a file that the kernel checks at every read against a tree of hashes, and that nobody can write to any
 * more, not even root. The numbers of the calls are those of 64-bit PC and ARM (asm-generic/ioctl.h,
 * linux/fsverity.h, linux/stat.h).
 */
import { closeSync, constants, openSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { temporaryBeside } from './atomic-file.ts';
import { terminated } from './system-calls.ts';
import { errnoOf, errorFromErrno, type SystemPath, systemError, withSystemErrors } from './system-error.ts';
import { verityBlockSize } from './verity-digest.ts';

type Library = {
  errno(): number;
  ioctl: (fd: number, request: bigint, argument: Uint8Array) => number;
  statx: (directory: number, path: Uint8Array, flags: number, mask: number, answer: Uint8Array) => number;
};

const enableRequest = 0x4080_6685n; // FS_IOC_ENABLE_VERITY
const measureRequest = 0xc004_6686n; // FS_IOC_MEASURE_VERITY
const sha256 = 1; // FS_VERITY_HASH_ALG_SHA256
const digestSize = 32;
const enableSize = 128;
const currentDirectory = -100; // AT_FDCWD
const noFollow = 0x100; // AT_SYMLINK_NOFOLLOW
const verityAttribute = 0x0010_0000; // STATX_ATTR_VERITY
const statxSize = 256;
/** Where `stx_attributes` begins. */
const attributesAt = 8;

let loaded: Library | undefined;

function library(): Library {
  if (loaded === undefined) {
    const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
    const c = koffi.load(null);
    loaded = {
      errno: () => koffi.errno(),
      ioctl: c.func('int ioctl(int fd, unsigned long request, _Inout_ void *argument)'),
      statx: c.func(
        'int statx(int directory, const void *path, int flags, unsigned int mask, _Out_ void *answer)',
      ),
    };
  }
  return loaded;
}

/** What became of a file that was to be sealed; `busy`: somebody has it open for writing. */
export type Sealing = 'sealed' | 'already' | 'busy';

/**
 * Seals a regular file that is open for reading, for ever: reads it whole, writes the tree of hashes behind it. Needs
 * the right to write to it. Interrupted at any moment the file is as it was. `path` is for the message only.
 */
export function sealOpenFile(fd: number, path: SystemPath): Sealing {
  const argument = Buffer.alloc(enableSize);
  argument.writeUInt32LE(1, 0); // version
  argument.writeUInt32LE(sha256, 4);
  argument.writeUInt32LE(verityBlockSize, 8);
  if (library().ioctl(fd, enableRequest, argument) === 0) return 'sealed';
  const error = errorFromErrno(library().errno(), 'FS_IOC_ENABLE_VERITY', path);
  if (error.code === 'EEXIST') return 'already';
  if (error.code === 'ETXTBSY' || error.code === 'EBUSY') return 'busy';
  throw systemError(error, 'FS_IOC_ENABLE_VERITY', path);
}

/** The digest that the kernel holds a sealed file to; undefined for a file that is not sealed with SHA-256. */
export function sealDigest(fd: number, path: SystemPath): Buffer | undefined {
  const answer = Buffer.alloc(4 + digestSize);
  answer.writeUInt16LE(digestSize, 2);
  if (library().ioctl(fd, measureRequest, answer) !== 0) {
    const error = errorFromErrno(library().errno(), 'FS_IOC_MEASURE_VERITY', path);
    if (['ENODATA', 'EOVERFLOW', ...unsupported].includes(errnoOf(error) ?? '')) return undefined;
    throw systemError(error, 'FS_IOC_MEASURE_VERITY', path);
  }
  return answer.readUInt16LE(0) === sha256 ? answer.subarray(4) : undefined;
}

/** True for a file that is sealed. Neither opens it nor follows a symlink; false for what is not there. */
export function isSealed(path: SystemPath): boolean {
  const answer = Buffer.alloc(statxSize);
  if (library().statx(currentDirectory, terminated(path), noFollow, 0, answer) !== 0) {
    const error = errorFromErrno(library().errno(), 'statx', path);
    if (['ENOENT', 'ENOTDIR', 'ENOSYS'].includes(error.code ?? '')) return false;
    throw systemError(error, 'statx', path);
  }
  return (answer.readUInt32LE(attributesAt) & verityAttribute) !== 0;
}

/** What a file system without fs-verity says, or a kernel without it. */
const unsupported: readonly string[] = ['EOPNOTSUPP', 'ENOTSUP', 'ENOTTY', 'ENOSYS', 'EINVAL', 'ENOPKG'];

/**
 * Whether files of this folder can be sealed, tried on one that is removed again: undefined when they can, else the
 * name of the error that the system gives.
 */
export function whyNotSealable(folder: string): string | undefined {
  const path = temporaryBeside(`${folder}/seal`);
  return withSystemErrors('create', path, () => {
    try {
      writeFileSync(path, 'x', { flag: 'wx', mode: 0o600 });
      const fd = openSync(path, constants.O_RDONLY);
      try {
        sealOpenFile(fd, path);
        return undefined;
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === undefined || !unsupported.includes(errno)) throw error;
      return errno;
    } finally {
      rmSync(path, { force: true });
    }
  });
}
