import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  fchmodSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { syncDirectory, temporaryBeside } from '../os/atomic-file.ts';
import { errnoOf, systemError, withSystemErrors } from '../os/system-error.ts';
import { partName } from '../store/stick.ts';
import { stickFolder } from '../store/stick-manifest.ts';
import { sumOf } from './stick-read.ts';

/**
 * Files below `satchel/` on a stick. A stick comes from anywhere: no symlink on it is followed, and nothing but regular
 * files in real folders is read or written. Every file gets its name only when it is complete and on the stick.
 */
export type StickTree = ReturnType<typeof openStickTree>;

/** How a file is written. */
export type WriteOptions = {
  /** Files of more bytes than this are cut into parts of so many; never when absent. */
  readonly part?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Told of each piece that was written. */
  readonly onBytes?: ((count: number) => void) | undefined;
  /** What the bytes have to be; `file` and `location` are for the sentence when they are not. */
  readonly expected?: (Written & { readonly file: string; readonly location: string }) | undefined;
};

/** What was written. */
export type Written = { readonly length: number; readonly sha256: Sha256 };

/** What a name stands for. */
type Kind = 'file' | 'folder' | 'link' | 'other';

/** Opens what is ours on a stick, whose top is `directory`; touches nothing. */
export function openStickTree(directory: string) {
  const top = join(directory, stickFolder);
  const pathOf = (name: string) => join(top, name);

  /** Throws `stick-symlink` unless every folder on the way to a name is one, or is not there yet. */
  const checkWay = (name: string) => {
    const steps = name.split('/').slice(0, -1);
    for (let count = 0; count <= steps.length; count += 1) {
      const folder = join(top, ...steps.slice(0, count));
      const kind = kindOf(folder);
      if (kind === undefined) return;
      if (kind !== 'folder') throw new SatchelError('stick-symlink', { path: folder });
    }
  };
  const kindAt = (name: string): Kind | undefined => {
    checkWay(name);
    return kindOf(pathOf(name));
  };

  return {
    directory,
    pathOf,
    /** Length of a regular file or of its parts together; undefined for anything else. Throws `stick-symlink`. */
    sizeOf(name: string): number | undefined {
      const path = pathOf(name);
      const paths = kindAt(name) === 'file' ? [path] : partsAt(path);
      if (paths.length === 0) return undefined;
      return withSystemErrors('lstat', path, () =>
        paths.reduce((sum, part) => sum + lstatSync(part).size, 0),
      );
    },

    /** True for a folder that is no symlink. */
    isFolder: (name: string): boolean => kindAt(name) === 'folder',

    /** SHA-256 of a file or of its parts together, read again from the stick. Throws `stick-symlink`. */
    async hashOf(name: string, signal?: AbortSignal): Promise<string | undefined> {
      const path = pathOf(name);
      const paths = kindAt(name) === 'file' ? [path] : partsAt(path);
      if (paths.length === 0) return undefined;
      return (await sumOf(paths, { signal })).sum;
    },

    /** The bytes of a small file, or undefined when there is none. Throws `stick-symlink`, `stick-file-too-long`. */
    async read(name: string, limit: number): Promise<Buffer | undefined> {
      const kind = kindAt(name);
      if (kind === undefined) return undefined;
      const path = pathOf(name);
      if (kind !== 'file') throw new SatchelError('stick-symlink', { path });
      try {
        await using handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
        const { size } = await handle.stat();
        if (size > limit) throw new SatchelError('stick-file-too-long', { path, limit });
        return await handle.readFile();
      } catch (error) {
        throw systemError(error, 'read', path);
      }
    },

    /** The names in a folder, in order; none when it is not there. Throws `stick-symlink`. */
    list(folder: string): { readonly name: string; readonly kind: Kind }[] {
      checkWay(folder);
      const path = pathOf(folder);
      const kind = kindOf(path);
      if (kind === undefined) return [];
      if (kind !== 'folder') throw new SatchelError('stick-symlink', { path });
      return withSystemErrors('readdir', path, () =>
        readdirSync(path, { withFileTypes: true })
          .map((entry) => ({ name: entry.name, kind: kindFrom(entry) }))
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      );
    },

    /** Makes a folder; one that sites and devices write into is open to all where the file system knows of it. */
    makeFolder(name: string, forAll = false): void {
      checkWay(`${name}/`);
      const path = pathOf(name);
      withSystemErrors('mkdir', path, () => {
        const made = mkdirSync(path, { recursive: true });
        if (made !== undefined && forAll) openToAll(path);
      });
    },

    /** Writes a file of any length, replacing the one of that name. Throws what `source` throws, `disk-full`. */
    async write(
      name: string,
      source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
      { part, signal, onBytes, expected }: WriteOptions = {},
    ): Promise<Written> {
      this.makeFolder(dirname(name));
      const path = pathOf(name);
      const output = startOutput(path, part);
      try {
        const sum = createHash('sha256');
        let length = 0;
        for await (const piece of source) {
          throwIfCancelled(signal);
          sum.update(piece);
          length += piece.length;
          await output.write(piece);
          onBytes?.(piece.length);
        }
        const sha256 = sum.digest('hex') as Sha256;
        if (expected !== undefined && (expected.sha256 !== sha256 || expected.length !== length)) {
          const { file, location } = expected;
          throw new SatchelError('stored-file-damaged', { file, location });
        }
        await output.finish();
        return { length, sha256 };
      } finally {
        await output.discard();
      }
    },

    /** Removes a file and the parts of one; absent is no error. Other things of that name stay. */
    remove(name: string): void {
      for (const path of [pathOf(name), ...partsAt(pathOf(name))])
        if (kindOf(path) === 'file') withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
    },

    /** Removes the temporary files in a folder and those below it, which a stick that was pulled out leaves behind. */
    removeTemporaries(folder: string): void {
      for (const { name, kind } of this.list(folder)) {
        const path = `${folder}/${name}`;
        if (kind === 'folder') this.removeTemporaries(path);
        else if (kind === 'file' && /^\.tmp\.[0-9a-f]{16}\./.test(name)) this.remove(path);
      }
    },
  };
}

/** A file that is being written, or its parts. Nothing has its name before the end. */
function startOutput(path: string, part: number | undefined) {
  const written: string[] = [];
  let handle: FileHandle | undefined;
  let room = 0;
  const limit = part ?? Number.POSITIVE_INFINITY;
  const close = async () => {
    if (handle === undefined) return;
    const closing = handle;
    handle = undefined;
    try {
      await closing.sync();
    } finally {
      await closing.close();
    }
  };
  const next = async () => {
    await close();
    const temporary = temporaryBeside(path);
    handle = await open(temporary, 'wx', 0o644);
    written.push(temporary);
    room = limit;
  };
  return {
    async write(piece: Uint8Array): Promise<void> {
      try {
        for (let rest = piece; rest.length > 0; ) {
          if (handle === undefined || room === 0) await next();
          const some = rest.subarray(0, Math.min(rest.length, room));
          let done = 0;
          while (done < some.length) done += (await handle!.write(some, done)).bytesWritten;
          room -= some.length;
          rest = rest.subarray(some.length);
        }
      } catch (error) {
        throw systemError(error, 'write', path);
      }
    },
    async finish(): Promise<void> {
      try {
        if (written.length === 0) await next();
        await close();
        const names = written.length > 1 ? written.map((_, index) => partName(path, index + 1)) : [path];
        const former = [path, ...partsAt(path)].filter((name) => !names.includes(name));
        // The first part comes last: where it is, the others are.
        for (const [index, temporary] of [...written.entries()].reverse())
          renameSync(temporary, names[index]!);
        written.length = 0;
        for (const name of former) rmSync(name, { force: true });
        syncFolder(dirname(path));
      } catch (error) {
        throw systemError(error, 'write', path);
      }
    },
    async discard(): Promise<void> {
      await close().catch(() => {});
      for (const left of written) rmSync(left, { force: true });
    },
  };
}

/** The parts that lie beside each other under one name. */
function partsAt(path: string): string[] {
  const parts: string[] = [];
  for (let number = 1; kindOf(partName(path, number)) === 'file'; number += 1)
    parts.push(partName(path, number));
  return parts;
}

/** A file system without modes is open to all, or not, as it was mounted. */
function openToAll(path: string): void {
  // Never through a symlink that somebody has put in its place: that would open any folder of the machine.
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    fchmodSync(folder, 0o777);
  } catch (error) {
    if (!['EPERM', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP'].includes(errnoOf(error) ?? '')) throw error;
  } finally {
    closeSync(folder);
  }
}

/** Some file systems of sticks cannot sync a folder: then there is nothing more that could be done. */
function syncFolder(path: string): void {
  try {
    syncDirectory(path);
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(errnoOf(error) ?? '')) throw error;
  }
}

function kindOf(path: string): Kind | undefined {
  const found = withSystemErrors('lstat', path, () => lstatSync(path, { throwIfNoEntry: false }));
  return found && kindFrom(found);
}

function kindFrom(found: { isFile(): boolean; isDirectory(): boolean; isSymbolicLink(): boolean }): Kind {
  if (found.isFile()) return 'file';
  if (found.isDirectory()) return 'folder';
  return found.isSymbolicLink() ? 'link' : 'other';
}
