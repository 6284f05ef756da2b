import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, lstatSync, openSync, read } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { errnoOf, systemError } from '../os/system-error.ts';
import type { PulledFile, PulledPart } from './pull-types.ts';

/** The complete files of the repository, each compared with its hash when it is first read. */
export type StoredFiles = {
  /** Opens a file; undefined when it is not there, or when it was damaged and has been taken away. */
  open(name: string, sha256: Sha256): Promise<PulledFile | undefined>;
  /** Opens a file that no hash vouches for here: it is what is on the disk. */
  openAny(name: string): PulledFile | undefined;
  /** True when nothing has that name, on the disk. */
  isAbsent(name: string): boolean;
  isSound(name: string): boolean;
  /** The file was just stored, and is right. */
  trust(name: string): void;
  /** Names of files that are open. */
  opened(): string[];
  /** Stops comparing. */
  close(): Promise<void>;
};

export type StoredOptions = {
  readonly repository: string;
  /** A file that somebody had stored was compared, and is right. */
  proved(name: string): void;
  /** Takes a damaged file out of the repository. */
  setAside(name: string, path: string): void;
};

/** Files up to this length are compared before anything of them is handed on, larger ones meanwhile. */
const comparedFirst = 8 * 1024 * 1024;
/** Bytes that nobody gets before the whole file was compared. */
const heldBack = 64 * 1024;
const pieceLength = 64 * 1024;
const hashedLength = 1024 * 1024;

/** Looks after the complete files of a repository. */
export function createStoredFiles({ repository, proved, setAside }: StoredOptions): StoredFiles {
  /** What a file was like when it was compared, by name. */
  const sound = new Map<string, string>();
  const comparing = new Map<string, Promise<boolean>>();
  const users = new Map<string, number>();
  const stopping = new AbortController();
  const pathOf = (name: string) => join(repository, name);

  const openAt = (name: string): { fd: number; status: BigIntStats } | 'absent' | 'odd' => {
    const path = pathOf(name);
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes(errnoOf(error) ?? '')) return 'absent';
      if (['ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return 'odd';
      throw systemError(error, 'open', path);
    }
    const status = fstatSync(fd, { bigint: true });
    if (status.isFile()) return { fd, status };
    closeSync(fd);
    return 'odd';
  };
  const compare = async (name: string, sha256: Sha256, fd: number, status: BigIntStats): Promise<boolean> => {
    const isRight = (await hashOf(fd, pathOf(name), stopping.signal)) === sha256;
    if (isRight) {
      sound.set(name, identity(status));
      proved(name);
    } else setAside(name, pathOf(name));
    return isRight;
  };
  const compareOnce = (name: string, sha256: Sha256): Promise<boolean> => {
    const begun = comparing.get(name);
    if (begun !== undefined) return begun;
    // A descriptor of its own: whoever asked first may go away before it is done.
    const opened = openAt(name);
    if (typeof opened === 'string') return Promise.resolve(false);
    const done = compare(name, sha256, opened.fd, opened.status).finally(() => {
      comparing.delete(name);
      closeSync(opened.fd);
    });
    comparing.set(name, done);
    // Whoever waits for it is told.
    done.catch(() => undefined);
    return done;
  };
  const pulledFile = (name: string, fd: number, size: number, check?: Promise<boolean>): PulledFile => {
    users.set(name, (users.get(name) ?? 0) + 1);
    let readers = 0;
    let isOpen = true;
    let isWanted = true;
    const tidy = () => {
      if (isWanted || readers > 0 || !isOpen) return;
      isOpen = false;
      closeSync(fd);
      const left = (users.get(name) ?? 1) - 1;
      if (left === 0) users.delete(name);
      else users.set(name, left);
    };
    return {
      size,
      async *read({ offset, length }: PulledPart, { signal } = {}) {
        readers += 1;
        try {
          const end = offset + length;
          let isHeldBack = check !== undefined;
          for (let position = offset; position < end; ) {
            throwIfCancelled(signal);
            if (isHeldBack && position >= size - heldBack) {
              if (!(await untilAborted(check as Promise<boolean>, signal)))
                throw new SatchelError('site-stored-file-damaged', { file: name });
              isHeldBack = false;
            }
            const limit = isHeldBack ? Math.min(end, size - heldBack) : end;
            const piece = Buffer.allocUnsafeSlow(Math.min(pieceLength, limit - position));
            const count = await readAt(fd, piece, position, pathOf(name));
            // Somebody has shortened it meanwhile.
            if (count === 0) throw new SatchelError('site-stored-file-damaged', { file: name });
            position += count;
            yield count === piece.length ? piece : piece.subarray(0, count);
          }
        } finally {
          readers -= 1;
          tidy();
        }
      },
      close() {
        isWanted = false;
        tidy();
      },
    };
  };

  return {
    async open(name, sha256) {
      const opened = openAt(name);
      if (opened === 'absent') return undefined;
      if (opened === 'odd') {
        setAside(name, pathOf(name));
        return undefined;
      }
      const { fd, status } = opened;
      const size = Number(status.size);
      if (sound.get(name) === identity(status)) return pulledFile(name, fd, size);
      const check = compareOnce(name, sha256);
      if (size > comparedFirst) return pulledFile(name, fd, size, check);
      let isRight = false;
      try {
        isRight = await check;
      } finally {
        if (!isRight) closeSync(fd);
      }
      return isRight ? pulledFile(name, fd, size) : undefined;
    },
    openAny(name) {
      const opened = openAt(name);
      return typeof opened === 'string' ? undefined : pulledFile(name, opened.fd, Number(opened.status.size));
    },
    isAbsent: (name) => lstatSync(pathOf(name), { throwIfNoEntry: false }) === undefined,
    isSound(name) {
      const status = statusOf(pathOf(name));
      return status !== undefined && sound.get(name) === identity(status);
    },
    trust(name) {
      const status = statusOf(pathOf(name));
      if (status !== undefined) sound.set(name, identity(status));
    },
    opened: () => [...users.keys()],
    async close() {
      stopping.abort();
      await Promise.allSettled(comparing.values());
    },
  };
}

/** A file that was replaced, or written to, is another one. */
function identity({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev}.${ino}.${size}.${mtimeNs}`;
}

function statusOf(path: string): BigIntStats | undefined {
  return lstatSync(path, { bigint: true, throwIfNoEntry: false });
}

async function hashOf(fd: number, path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(hashedLength);
  for (let position = 0; ; ) {
    throwIfCancelled(signal);
    const count = await readAt(fd, buffer, position, path);
    if (count === 0) return hash.digest('hex');
    hash.update(buffer.subarray(0, count));
    position += count;
  }
}

function readAt(fd: number, into: Uint8Array, position: number, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, 0, into.length, position, (error, count) => {
      if (error) reject(systemError(error, 'read', path));
      else resolve(count);
    });
  });
}
