/**
 * Writing below the root of a directory store. The order of every write: bytes into a temporary file beside the
 * final name, fsync, link to the final name, fsync of the folder. A link, other than a rename, never
 * replaces what somebody else stored first.
 */
import { constants, promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import { temporaryBeside, writeFileAtomic } from '../os/atomic-file.ts';
import type { Lock } from '../os/file-lock.ts';
import { systemError } from '../os/system-error.ts';

/** Everyone may read, as a web server under another user must; no umask narrows it. */
const fileMode = 0o644;
const folderMode = 0o755;

/** Swaps of one store happen one at a time, and a swap takes milliseconds; longer means that one hangs. */
const lockPatience = 30_000;
const lockPause = 20;

const lockName = '.lock';
const temporaryPattern = /^\.tmp\.[0-9a-f]{16}\./;

/** File systems without hard links (FAT on a stick) and links across file systems answer with one of these. */
const cannotLink: readonly (string | undefined)[] = [
  'EPERM',
  'EXDEV',
  'ENOSYS',
  'ENOTSUP',
  'EOPNOTSUPP',
  'EMLINK',
];

/** Stores bytes or a file under a name that nobody has taken. Throws `disk-full` and other system failures. */
export async function putFile(
  root: string,
  file: string,
  content: Uint8Array | { readonly path: string },
): Promise<'stored' | 'present'> {
  return withPath('write', file, async () => {
    await makeFolders(root, dirname(file));
    if (await exists(file)) {
      await syncFolder(dirname(file));
      if (!(content instanceof Uint8Array)) await removeIfThere(content.path);
      return 'present';
    }
    const result =
      content instanceof Uint8Array ? await storeBytes(file, content) : await takeOver(file, content.path);
    await syncFolder(dirname(file));
    return result;
  });
}

/** Replaces a small file under the lock of the store; see `Store.compareAndSwap`. Throws `store-busy`. */
export async function compareAndSwapFile(
  root: string,
  file: string,
  { expected, next }: { readonly expected: Uint8Array | null; readonly next: Uint8Array },
): Promise<boolean> {
  return withPath('write', file, async () => {
    await makeFolders(root, dirname(file));
    const lock = await waitForLock(root);
    try {
      const current = await readIfThere(file);
      const isExpected = expected === null ? current === undefined : current?.equals(expected) === true;
      if (!isExpected) return false;
      // Somebody may `put` the same name without the lock: an absent file is made in a way that notices.
      if (expected === null) return (await putFile(root, file, next)) === 'stored';
      writeFileAtomic(file, next, { mode: fileMode });
      return true;
    } finally {
      lock.release();
    }
  });
}

/** Removes a file durably; absent is no error. */
export async function deleteFile(file: string): Promise<void> {
  await withPath('unlink', file, async () => {
    if (await removeIfThere(file)) await syncFolder(dirname(file));
  });
}

/** Removes temporary files below `root` that were last written at or before this time; returns how many. */
export async function removeLeftovers(root: string, newest: number): Promise<number> {
  let count = 0;
  const visit = async (folder: string): Promise<void> => {
    for (const child of await fs.readdir(folder, { withFileTypes: true })) {
      const path = join(folder, child.name);
      if (child.isDirectory()) await visit(path);
      else if (child.isFile() && temporaryPattern.test(child.name)) {
        const { mtimeMs } = await fs.lstat(path);
        if (mtimeMs <= newest && (await removeIfThere(path))) count += 1;
      }
    }
  };
  await withPath('readdir', root, async () => {
    if (await exists(root)) await visit(root);
  });
  return count;
}

async function storeBytes(file: string, bytes: Uint8Array): Promise<'stored' | 'present'> {
  const temporary = temporaryBeside(file);
  try {
    await fs.writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
    await finishFile(temporary);
    return await nameFile(temporary, file);
  } finally {
    await removeIfThere(temporary);
  }
}

/** A file of the same file system is linked in without a copy; from elsewhere it is copied first. */
async function takeOver(file: string, path: string): Promise<'stored' | 'present'> {
  const isNear = (await fs.lstat(path)).dev === (await fs.stat(dirname(file))).dev;
  const temporary = isNear ? path : temporaryBeside(file);
  try {
    if (!isNear) await fs.copyFile(path, temporary, constants.COPYFILE_EXCL);
    await finishFile(temporary);
    const result = await nameFile(temporary, file);
    await removeIfThere(path);
    return result;
  } finally {
    if (!isNear) await removeIfThere(temporary);
  }
}

async function finishFile(path: string): Promise<void> {
  const handle = await fs.open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    await handle.chmod(fileMode);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Gives a finished file its name, if that is free. The old name may be gone afterwards. */
async function nameFile(from: string, to: string): Promise<'stored' | 'present'> {
  try {
    await fs.link(from, to);
    return 'stored';
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return 'present';
    if (!cannotLink.includes(code)) throw error;
  }
  const { renameNoReplace } = await import('../os/system-calls.ts');
  return renameNoReplace(from, to) ? 'stored' : 'present';
}

/** Makes missing folders, readable by all, and their names durable. */
async function makeFolders(root: string, folder: string): Promise<void> {
  if (await exists(folder)) return;
  const first = await fs.mkdir(folder, { recursive: true, mode: folderMode });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    // The umask must not keep a web server out; folders above the root are none of ours.
    if (made === root || made.startsWith(`${root}/`)) await fs.chmod(made, folderMode);
    await syncFolder(dirname(made));
    if (made === first || made === dirname(made)) return;
  }
}

async function waitForLock(root: string): Promise<Lock> {
  const { tryLock } = await import('../os/file-lock.ts');
  const path = join(root, lockName);
  const deadline = performance.now() + lockPatience;
  for (;;) {
    const lock = tryLock(path);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline)
      throw new SatchelError('store-busy', { location: root, seconds: lockPatience / 1000 });
    await sleep(lockPause);
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await fs.readFile(file);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await fs.lstat(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function removeIfThere(path: string): Promise<boolean> {
  try {
    await fs.unlink(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function withPath<Result>(call: string, path: string, action: () => Promise<Result>): Promise<Result> {
  try {
    return await action();
  } catch (error) {
    throw systemError(error, call, path);
  }
}
