/** Functions of the C library that Node.js does not offer. */
import { createRequire } from 'node:module';

type Bytes = Uint8Array | BigInt64Array;

/** A function that takes bytes and numbers, and answers -1 for a failure. */
type Call = (...values: (Bytes | number | bigint)[]) => number;

/** The functions, and the number of the last failure of this thread. */
type Library = {
  errno(): number;
  mknod: (path: Bytes, mode: number, device: bigint) => number;
  lsetxattr: Call;
  fsetxattr: Call;
  lremovexattr: Call;
  lgetxattr: Call;
  llistxattr: Call;
  utimensat: Call;
  futimens: Call;
  syncfs: Call;
  syncfsAsync(fd: number): Promise<number>;
  flock: Call;
  lseek: (fd: number, offset: bigint, whence: number) => number | bigint;
  renameat2: Call;
  fallocate: (fd: number, mode: number, offset: bigint, length: bigint) => number;
};

let loaded: Library | undefined;

/** The library; loaded on the first use, because that alone takes 20 ms. */
export function library(): Library {
  loaded ??= loadLibrary();
  return loaded;
}

function loadLibrary(): Library {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const c = koffi.load(null);
  const syncfs = c.func('int syncfs(int fd)');
  return {
    errno: () => koffi.errno(),
    mknod: findMknod(c),
    lsetxattr: c.func(
      'int lsetxattr(const void *path, const void *name, const void *value, size_t size, int flags)',
    ),
    fsetxattr: c.func('int fsetxattr(int fd, const void *name, const void *value, size_t size, int flags)'),
    lremovexattr: c.func('int lremovexattr(const void *path, const void *name)'),
    lgetxattr: c.func(
      'intptr_t lgetxattr(const void *path, const void *name, _Inout_ void *value, size_t size)',
    ),
    llistxattr: c.func('intptr_t llistxattr(const void *path, _Inout_ void *list, size_t size)'),
    utimensat: c.func('int utimensat(int directory, const void *path, const void *times, int flags)'),
    futimens: c.func('int futimens(int fd, const void *times)'),
    syncfs,
    syncfsAsync: (fd) =>
      new Promise((resolve, reject) => {
        syncfs.async(fd, (error: unknown, result: number) => (error ? reject(error) : resolve(result)));
      }),
    flock: c.func('int flock(int fd, int operation)'),
    lseek: c.func('int64_t lseek(int fd, int64_t offset, int whence)'),
    renameat2: c.func(
      'int renameat2(int fromDirectory, const void *from, int toDirectory, const void *to, unsigned int flags)',
    ),
    fallocate: c.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)'),
  };
}

/** Before glibc 2.33 `mknod` was an inline function over `__xmknod`. */
function findMknod(c: import('koffi').LibraryHandle): Library['mknod'] {
  try {
    return c.func('int mknod(const void *path, unsigned int mode, uint64_t device)');
  } catch {
    const call = c.func('int __xmknod(int version, const void *path, unsigned int mode, const void *device)');
    return (path, mode, device) => call(0, path, mode, BigInt64Array.of(device));
  }
}
