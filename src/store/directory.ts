import { constants, promises as fs } from 'node:fs';
import { join, resolve } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { SatchelError, systemErrorCode } from '../base/errors.ts';
import { systemError } from '../os/system-error.ts';
import { listDirectory } from './directory-list.ts';
import { compareAndSwapFile, deleteFile, putFile, removeLeftovers } from './directory-write.ts';
import { checkName, checkPrefix } from './names.ts';
import { checkReadOptions, type Part, partOf, type Wanted } from './range.ts';
import type { Store } from './store.ts';

/** A store in a directory. */
export type DirectoryStore = Store & {
  /**
   * Removes temporary files that killed processes left, if they are older than this many milliseconds. Returns
   * how many there were. Younger ones may belong to somebody who is writing now.
   */
  removeLeftovers(olderThanMs: number): Promise<number>;
};

/** What a directory store works with. */
export type DirectoryStoreOptions = { readonly clock?: Clock };

/** Long enough to keep a disk busy, short enough for memory. */
const pieceLength = 256 * 1024;

/**
 * A store in a directory. Files get their final names only when they are complete and on disk, with modes that
 * let a web server read them; a power cut at any moment leaves files whole or absent. Opening touches nothing:
 * the directory is made by the first `put`.
 */
export function openDirectoryStore(
  path: string,
  { clock = systemClock }: DirectoryStoreOptions = {},
): DirectoryStore {
  const root = resolve(path);
  const open = new Set<fs.FileHandle>();
  const pathOf = (name: string) => {
    checkName(name);
    return join(root, name);
  };

  return {
    location: root,
    async read(name, options = {}) {
      const file = pathOf(name);
      checkReadOptions(options);
      throwIfCancelled(options.signal);
      const wanted = { location: root, name, options };
      const { handle, size } = await openStored(file, wanted);
      open.add(handle);
      const close = () => {
        open.delete(handle);
        return handle.close();
      };
      try {
        const part = partOf(size, wanted);
        return { size, body: readPart(handle, part, { ...wanted, file, close }) };
      } catch (error) {
        await close();
        throw error;
      }
    },
    put: async (name, content) => putFile(root, pathOf(name), content),
    async *list(prefix) {
      checkPrefix(prefix);
      yield* listDirectory(root, prefix);
    },
    delete: async (name) => deleteFile(pathOf(name)),
    compareAndSwap: async (name, expected, next) =>
      compareAndSwapFile(root, pathOf(name), { expected, next }),
    removeLeftovers: (olderThanMs) => removeLeftovers(root, clock() - olderThanMs),
    async close() {
      const handles = [...open];
      open.clear();
      await Promise.allSettled(handles.map((handle) => handle.close()));
    },
  };
}

async function openStored(
  file: string,
  { location, name }: Wanted,
): Promise<{ handle: fs.FileHandle; size: number }> {
  try {
    // Without O_NONBLOCK a fifo in the place of a file would block for ever.
    const handle = await fs.open(file, constants.O_RDONLY | constants.O_NONBLOCK);
    const information = await handle.stat();
    if (information.isFile()) return { handle, size: information.size };
    await handle.close();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') throw systemError(error, 'open', file);
  }
  throw new SatchelError('store-not-found', { location, name });
}

type OpenFile = Wanted & { readonly file: string; readonly close: () => Promise<void> };

async function* readPart(
  handle: fs.FileHandle,
  { start, end }: Part,
  open: OpenFile,
): AsyncGenerator<Buffer> {
  try {
    for (let position = start; position < end; ) {
      throwIfCancelled(open.options.signal);
      const piece = await readPiece(handle, { start: position, end }, open);
      position += piece.length;
      yield piece;
    }
  } finally {
    await open.close();
  }
}

async function readPiece(handle: fs.FileHandle, { start, end }: Part, open: OpenFile): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(pieceLength, end - start));
  let bytesRead: number;
  try {
    ({ bytesRead } = await handle.read(buffer, 0, buffer.length, start));
  } catch (error) {
    throw systemError(error, 'read', open.file);
  }
  if (bytesRead === 0) {
    const { location, name, options } = open;
    const first = options.offset ?? 0;
    throw new SatchelError('store-too-short', {
      location,
      name,
      received: start - first,
      expected: end - first,
    });
  }
  return buffer.subarray(0, bytesRead);
}
