import { type BigIntStats, closeSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import type { Sha256 } from '../base/identifiers.ts';
import { hashOf, type OpenFile, openRegular, readStored } from './pull-stored-file.ts';
import type { PulledFile } from './pull-types.ts';

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

/** Looks after the complete files of a repository. */
export function createStoredFiles(options: StoredOptions): StoredFiles {
  const { repository, setAside } = options;
  const soundness = createSoundness(options);
  const users = new Map<string, number>();
  const pathOf = (name: string) => join(repository, name);
  const handOut = (name: string, { fd, status }: OpenFile, check?: Promise<boolean>): PulledFile => {
    users.set(name, (users.get(name) ?? 0) + 1);
    const closed = () => {
      const left = (users.get(name) ?? 1) - 1;
      if (left === 0) users.delete(name);
      else users.set(name, left);
    };
    return readStored({ fd, size: Number(status.size), name, path: pathOf(name), check, closed });
  };
  return {
    async open(name, sha256) {
      const opened = openRegular(pathOf(name));
      if (opened === 'absent') return undefined;
      if (opened === 'odd') {
        setAside(name, pathOf(name));
        return undefined;
      }
      if (soundness.isSound(name, opened.status)) return handOut(name, opened);
      let isHandedOut = false;
      try {
        const check = soundness.compare(name, sha256);
        const isLong = opened.status.size > comparedFirst;
        isHandedOut = isLong || (await check);
        return isHandedOut ? handOut(name, opened, isLong ? check : undefined) : undefined;
      } finally {
        if (!isHandedOut) closeSync(opened.fd);
      }
    },
    openAny(name) {
      const opened = openRegular(pathOf(name));
      return typeof opened === 'string' ? undefined : handOut(name, opened);
    },
    isAbsent: (name) => lstatSync(pathOf(name), { throwIfNoEntry: false }) === undefined,
    isSound(name) {
      const status = statusOf(pathOf(name));
      return status !== undefined && soundness.isSound(name, status);
    },
    trust(name) {
      const status = statusOf(pathOf(name));
      if (status !== undefined) soundness.trust(name, status);
    },
    opened: () => [...users.keys()],
    close: soundness.close,
  };
}

/** Which files have been compared with their hashes, and those that are being compared. */
function createSoundness({ repository, proved, setAside }: StoredOptions) {
  /** What a file was like when it was compared, by name. */
  const sound = new Map<string, string>();
  const comparing = new Map<string, Promise<boolean>>();
  const stopping = new AbortController();
  const compare = async (name: string, sha256: Sha256, { fd, status }: OpenFile): Promise<boolean> => {
    const path = join(repository, name);
    const isRight = (await hashOf(fd, path, stopping.signal)) === sha256;
    if (isRight) {
      sound.set(name, identity(status));
      proved(name);
    } else setAside(name, path);
    return isRight;
  };
  return {
    isSound: (name: string, status: BigIntStats) => sound.get(name) === identity(status),
    trust: (name: string, status: BigIntStats) => void sound.set(name, identity(status)),
    /** Compares a file, once for all who want that at the same time. */
    compare(name: string, sha256: Sha256): Promise<boolean> {
      const begun = comparing.get(name);
      if (begun !== undefined) return begun;
      // A descriptor of its own: whoever asked first may go away before it is done.
      const opened = openRegular(join(repository, name));
      if (typeof opened === 'string') return Promise.resolve(false);
      const done = compare(name, sha256, opened).finally(() => {
        comparing.delete(name);
        closeSync(opened.fd);
      });
      comparing.set(name, done);
      // Whoever waits for it is told.
      done.catch(() => undefined);
      return done;
    },
    async close(): Promise<void> {
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
