import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { messageOf, SatchelError } from '../base/errors.ts';
import { syncDirectory, temporaryBeside } from '../os/atomic-file.ts';
import { removeTree } from '../os/remove-tree.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import type { SignedFile } from '../repository/build-files.ts';
import { openDirectoryStore } from '../store/directory.ts';
import type { ReadableStore } from '../store/store.ts';
import type { SiteLayout } from './layout.ts';
import type { StickTree } from './stick-files.ts';
import { readLocal } from './stick-read.ts';
import type { StickProblem } from './stick-state.ts';

/** Copies files of a stick into the repository of a site. */
export type StickIntake = {
  /** Copies one file, unless it is damaged or cannot be read: that is a problem. Throws `stick-pulled-out`, `disk-full`. */
  take(file: SignedFile): Promise<void>;
  /** Bytes of the files that were taken. */
  copied(): number;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Starts with an empty folder for what is being copied; what a power cut has left there goes. */
export function openIntake(options: {
  readonly layout: SiteLayout;
  readonly tree: StickTree;
  readonly trust: { readonly stick: ReadableStore; readonly signal?: AbortSignal | undefined };
  readonly problems: StickProblem[];
  readonly onBytes: (count: number) => void;
}): StickIntake {
  const { layout, tree, trust, problems, onBytes } = options;
  const { stick, signal } = trust;
  const store = openDirectoryStore(layout.repository);
  const folder = join(layout.directory, 'stick-incoming');
  removeTree(folder);
  withSystemErrors('mkdir', folder, () => mkdirSync(folder, { recursive: true, mode: 0o700 }));
  let copied = 0;

  /** The bytes of a file of the stick; what goes wrong with them is told apart from what goes wrong here. */
  async function* bytesOf(file: SignedFile): AsyncGenerator<Uint8Array> {
    try {
      yield* (await stick.read(file.name, { limit: file.length, signal })).body;
    } catch (cause) {
      throwIfCancelled(signal);
      throw new Unreadable(cause);
    }
  }

  return {
    async take(file) {
      const path = join(folder, randomBytes(8).toString('hex'));
      try {
        if ((await writeHashed(path, bytesOf(file), { signal, onBytes })) === file.sha256) {
          await store.put(file.name, { path });
          copied += file.length;
        } else problems.push({ code: 'stick-file-damaged', parameters: { file: file.name } });
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        requireStick(tree, error.cause);
        const parameters = { file: file.name, reason: messageOf(error.cause) };
        problems.push({ code: 'stick-file-unreadable', parameters });
      } finally {
        rmSync(path, { force: true });
      }
    },
    copied: () => copied,
    async [Symbol.asyncDispose]() {
      await store.close();
      removeTree(folder);
    },
  };
}

/** A file of a stick could not be read; the cause says why. */
export class Unreadable extends Error {
  constructor(cause: unknown) {
    super('a file of the stick cannot be read', { cause });
  }
}

/** How a file is written. */
export type HashedOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: (count: number) => void;
  readonly algorithm?: 'sha256' | 'sha1';
  /** 0600 when absent. */
  readonly mode?: number;
};

/** Writes a new file, durably, and gives its hash, SHA-256 unless another is asked for. What reading throws as {@link Unreadable} comes through as it is. */
async function writeHashed(
  path: string,
  bytes: AsyncIterable<Uint8Array>,
  { signal, onBytes, algorithm = 'sha256', mode = 0o600 }: HashedOptions,
): Promise<string> {
  const sum = createHash(algorithm);
  try {
    await using handle = await open(path, 'wx', mode);
    for await (const piece of bytes) {
      throwIfCancelled(signal);
      sum.update(piece);
      for (let done = 0; done < piece.length; ) done += (await handle.write(piece, done)).bytesWritten;
      onBytes?.(piece.length);
    }
    await handle.sync();
  } catch (error) {
    throw error instanceof Unreadable ? error : systemError(error, 'write', path);
  }
  return sum.digest('hex');
}

/**
 * Copies a file of a stick to its place, durably; false, and nothing changes there, when it has another hash. Throws
 * {@link Unreadable}, `cancelled` as the cause of one, `disk-full`.
 */
export async function copyHashed(
  from: string,
  { path, sum }: { readonly path: string; readonly sum: string },
  options: HashedOptions,
): Promise<boolean> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    try {
      yield* readLocal(from, options.signal);
    } catch (cause) {
      throw new Unreadable(cause);
    }
  }
  const temporary = temporaryBeside(path);
  try {
    if ((await writeHashed(temporary, bytes(), options)) !== sum) return false;
    renameSync(temporary, path);
    syncDirectory(dirname(path));
    return true;
  } catch (error) {
    throw error instanceof Unreadable ? error : systemError(error, 'write', path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** Throws `stick-pulled-out` when nothing of the stick is there any more. */
export function requireStick(tree: StickTree, cause: unknown): void {
  try {
    if (readdirSync(tree.pathOf('.')).length > 0) return;
  } catch {
    // Then it is gone as well.
  }
  throw new SatchelError('stick-pulled-out', { path: tree.directory }, { cause });
}
