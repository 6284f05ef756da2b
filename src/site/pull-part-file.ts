import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  mkdirSync,
  openSync,
  read,
  readFileSync,
  rmSync,
  write,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { syncDirectoryInBackground, writeFileAtomic } from '../os/atomic-file.ts';
import { systemError, withSystemErrors } from '../os/system-error.ts';
import { createIntervals, type Intervals } from './pull-intervals.ts';
import { goneLine, journalHead, readJournal, receivedLine, syncedLine } from './pull-part-journal.ts';

const syncData = promisify(fdatasync);

/** Received bytes reach the disk after this many bytes or this many milliseconds, whichever comes first. */
const syncBytes = 8 * 1024 * 1024;
const syncMilliseconds = 10_000;
/** The journal hears of every so many bytes: more than that is not received twice after a kill. */
const toldBytes = 32 * 1024;

/** A file that is received in pieces, in any order, and that a killed process or a power cut leaves usable. */
export type PartFile = {
  readonly path: string;
  readonly name: string;
  readonly size: number;
  /** The bytes that are here. Only this file changes it. */
  readonly received: Intervals;
  /** Writes bytes at their place. One call at a time for one stretch. Throws `disk-full` and other system failures. */
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Fills a buffer from a position on. Throws the system's failures of reading. */
  read(into: Uint8Array, position: number): Promise<void>;
  /** The bytes proved wrong. */
  forget(start: number, end: number): void;
  /** Returns when everything that was written is on the disk. */
  sync(): Promise<void>;
  /** Syncs and closes. */
  close(): Promise<void>;
  /** Forgets the journal; the data file has been moved away, or goes with it. Readers may go on until `close`. */
  remove(): void;
};

/** Which file, and how long it is as a whole. */
export type PartHead = { readonly key: string; readonly name: string; readonly size: number };

/** The path of the data of a part file; its journal lies beside it. */
export const partPath = (directory: string, key: string): string => join(directory, `${key}.part`);
export const journalPath = (directory: string, key: string): string => join(directory, `${key}.journal`);

/** Opens a part file in a directory, made if absent; what an earlier process received for the same size is there again. */
export async function openPartFile(directory: string, { key, name, size }: PartHead): Promise<PartFile> {
  const path = partPath(directory, key);
  const journal = journalPath(directory, key);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd = withSystemErrors('open', path, () => {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return openSync(path, flags, 0o600);
  });
  try {
    const known = readJournal(journal, bootId());
    const isSame = known?.name === name && known.size === size;
    const received = isSame ? known.received : createIntervals();
    // Somebody may have shortened the file; beyond its end nothing is there.
    received.remove(fstatSync(fd).size, Number.MAX_SAFE_INTEGER);
    if (isSame && !known.isSynced) await syncData(fd);
    beginJournal(journal, journalHead({ name, size, received, boot: bootId() }), received.total() > 0);
    return partFile(fd, { path, journal, name, size, received });
  } catch (error) {
    closeSync(fd);
    throw systemError(error, 'open', path);
  }
}

/** A journal that tells of received bytes is replaced in one step; one that tells of none may as well be lost. */
function beginJournal(path: string, head: string, isOfUse: boolean): void {
  if (isOfUse) {
    writeFileAtomic(path, head, { mode: 0o600 });
    return;
  }
  rmSync(path, { force: true });
  writeFileSync(path, head, { mode: 0o600, flag: 'wx' });
}

type Opened = Pick<PartFile, 'path' | 'name' | 'size' | 'received'> & { readonly journal: string };

function partFile(fd: number, { path, journal, name, size, received }: Opened): PartFile {
  const journalFlags = constants.O_WRONLY | constants.O_APPEND | constants.O_NOFOLLOW;
  let journalFd: number | undefined = withSystemErrors('open', journal, () =>
    openSync(journal, journalFlags),
  );
  /** Written, but the journal has not heard of it. */
  const untold = createIntervals();
  let untoldBytes = 0;
  let unsynced = 0;
  let lastSync = performance.now();
  let syncing: Promise<void> | undefined;
  let failure: unknown;
  /** The names of the two files are on the disk. */
  let isNamed = false;
  let users = 0;
  let isClosing = false;
  let isOpen = true;

  const note = (line: string) => {
    const target = journalFd;
    if (target !== undefined) withSystemErrors('write', journal, () => writeSync(target, line));
  };
  const tell = () => {
    for (const { start, end } of untold.list()) {
      note(receivedLine(start, end));
      untold.remove(start, end);
    }
    untoldBytes = 0;
  };
  const syncOnce = async () => {
    tell();
    unsynced = 0;
    lastSync = performance.now();
    const target = journalFd;
    if (target === undefined) return;
    const told = withSystemErrors('stat', journal, () => fstatSync(target).size);
    users += 1;
    try {
      await syncData(fd);
      note(syncedLine(told));
      if (journalFd !== undefined) await syncData(journalFd);
      if (!isNamed) await syncDirectoryInBackground(dirname(path));
      isNamed = true;
    } catch (error) {
      // The kernel tells of a failed write once: from here on nothing that comes can be relied on.
      failure ??= systemError(error, 'fsync', path);
      throw failure;
    } finally {
      release();
    }
  };
  const sync = (): Promise<void> => {
    const begun = (syncing ?? Promise.resolve()).then(syncOnce, syncOnce);
    syncing = begun;
    return begun;
  };
  const release = () => {
    users -= 1;
    if (!isClosing || users > 0 || !isOpen) return;
    isOpen = false;
    closeSync(fd);
    if (journalFd !== undefined) closeSync(journalFd);
    journalFd = undefined;
  };
  /** A descriptor that is being read or written must stay open, or the bytes would go to whoever gets its number next. */
  const using = async <Result>(action: () => Promise<Result>): Promise<Result> => {
    if (!isOpen) throw new Error(`${path} is closed`);
    users += 1;
    try {
      return await action();
    } finally {
      release();
    }
  };

  return {
    ...{ path, name, size, received },
    write: (bytes, position) =>
      using(async () => {
        if (failure !== undefined) throw failure;
        await writeWhole(fd, bytes, position, path);
        received.add(position, position + bytes.length);
        untold.add(position, position + bytes.length);
        untoldBytes += bytes.length;
        unsynced += bytes.length;
        if (untoldBytes >= toldBytes) tell();
        const isDue = unsynced >= syncBytes || performance.now() - lastSync >= syncMilliseconds;
        // What fails here is thrown by the next write.
        if (isDue) sync().catch(() => undefined);
      }),
    read: (into, position) => using(() => readWhole(fd, into, position, path)),
    forget(start, end) {
      tell();
      received.remove(start, end);
      note(goneLine(start, end));
    },
    sync,
    async close() {
      if (isClosing) return;
      isClosing = true;
      users += 1;
      try {
        if (journalFd !== undefined && (unsynced > 0 || untoldBytes > 0)) await sync();
        else await syncing?.catch(() => undefined);
      } finally {
        release();
      }
    },
    remove() {
      if (journalFd !== undefined) closeSync(journalFd);
      journalFd = undefined;
      rmSync(journal, { force: true });
      rmSync(path, { force: true });
    },
  };
}

/** The same for as long as the kernel runs; empty where there is none, and then only synced bytes count. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return '';
  }
}

async function writeWhole(fd: number, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    written += await new Promise<number>((resolve, reject) => {
      write(fd, bytes, written, bytes.length - written, position + written, (error, count) => {
        if (error) reject(systemError(error, 'write', path));
        else resolve(count);
      });
    });
  }
}

async function readWhole(fd: number, into: Uint8Array, position: number, path: string): Promise<void> {
  for (let filled = 0; filled < into.length; ) {
    const count = await new Promise<number>((resolve, reject) => {
      read(fd, into, filled, into.length - filled, position + filled, (error, bytesRead) => {
        if (error) reject(systemError(error, 'read', path));
        else resolve(bytesRead);
      });
    });
    if (count === 0) throw new Error(`${path} is shorter than what was written to it`);
    filled += count;
  }
}
