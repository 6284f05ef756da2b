import {
  closeSync,
  constants,
  fdatasync,
  fstatSync,
  mkdirSync,
  openSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { listIfThere, readFileIfThere, requireRegular } from '../os/if-there.ts';
import { errnoOf, systemError, withSystemErrors } from '../os/system-error.ts';
import { countAt, isMonth, type Month, type MonthCount, monthOf } from '../plan/month.ts';

const dataSync = promisify(fdatasync);

/** Counted bytes reach the disk after this many, as received ones do. */
const syncBytes = 8 * 1024 * 1024;

/** Past months whose counts are kept. */
const keptMonths = 12;

/** The folder of an account, as the layouts of devices and sites have it. */
export type AccountFolder = { readonly usage: string };

/**
 * Counts what a device or a site receives, a file a month (`usage/2026-01`). Each count is a line that is appended: a killed
 * process has lost none, and several processes may count at the same time.
 */
export type DataAccount = {
  /** What counts now: of every process, as far as it has been added. */
  count(): MonthCount;
  /** Adds received bytes to the present month. */
  add(bytes: number): void;
  /** Waits for the syncing that is under way, and lets go of the file. Throws when the disk failed. */
  close(): Promise<void>;
};

/** What counts at a moment (milliseconds since 1970). Changes nothing. */
export function readDataCount({ usage }: AccountFolder, time: number): MonthCount {
  return countAt(time, readMonths(usage));
}

/** Counts what was received before there was an account. */
export async function countOnce(layout: AccountFolder, now: Clock, bytes: number): Promise<void> {
  const account = openDataAccount(layout, { now, isLaw: false });
  account.add(bytes);
  await account.close();
}

export type DataAccountOptions = {
  /** The clock, or the floor of time if that is later. */
  readonly now: Clock;
  /** False: without a budget, a user who may not write the account goes without. */
  readonly isLaw: boolean;
};

/** Opens the account of a place; the folder is made with the first count. */
export function openDataAccount({ usage }: AccountFolder, { now, isLaw }: DataAccountOptions): DataAccount {
  let open: { readonly month: Month; readonly fd: number } | undefined;
  let unsynced = 0;
  let syncing: Promise<void> = Promise.resolve();
  /** `close` tells of a failure; until then this only keeps Node from calling it unhandled. */
  const awaitLater = (work: Promise<void>) => {
    syncing = work;
    work.catch(() => undefined);
  };
  const count = () => countAt(now(), readMonths(usage));
  const letGo = async () => {
    const { fd } = open ?? {};
    open = undefined;
    if (fd === undefined) return;
    try {
      await syncing;
    } catch (error) {
      throw systemError(error, 'sync', usage);
    } finally {
      closeSync(fd);
    }
  };
  const fileOfMonth = () => {
    if (open !== undefined && monthOf(now()) <= open.month) return open.fd;
    awaitLater(letGo());
    const { month, invented } = count();
    const fd = openMonth(usage, month);
    open = { month, fd };
    takeOver(usage, invented, fd);
    removeOldMonths(usage, month);
    return fd;
  };
  return {
    count,
    add(bytes) {
      if (bytes <= 0) return;
      try {
        const fd = fileOfMonth();
        writeSync(fd, `${bytes}\n`);
        unsynced += bytes;
        if (unsynced < syncBytes) return;
        unsynced = 0;
        awaitLater(syncing.then(() => dataSync(fd)));
      } catch (error) {
        if (!isLaw && isForbidden(error)) return;
        throw systemError(error, 'write', usage);
      }
    },
    close: letGo,
  };
}

/**
 * Opens the account of a place at once, for a process that gives up its rights afterwards: it goes on counting for the
 * month of `time` until it ends, and nobody else can take a count back. Undefined where this user may not write the
 * account. Throws what the system says otherwise.
 */
export function holdDataAccount({ usage }: AccountFolder, time: number): DataAccount | undefined {
  let fd: number;
  let month: Month;
  try {
    const present = countAt(time, readMonths(usage));
    month = present.month;
    fd = openMonth(usage, month);
    takeOver(usage, present.invented, fd);
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw systemError(error, 'write', usage);
  }
  return {
    count: () => ({ month, bytes: sumOf(contentOf(fd, usage)), invented: [] }),
    add(bytes) {
      if (bytes > 0) withSystemErrors('write', usage, () => writeSync(fd, `${bytes}\n`));
    },
    async close() {
      try {
        await dataSync(fd);
      } catch (error) {
        throw systemError(error, 'sync', usage);
      } finally {
        closeSync(fd);
      }
    },
  };
}

function contentOf(fd: number, usage: string): Buffer {
  return withSystemErrors('read', usage, () => {
    const content = Buffer.alloc(fstatSync(fd).size);
    return content.subarray(0, readSync(fd, content, 0, content.length, 0));
  });
}

function isForbidden(error: unknown): boolean {
  return ['EACCES', 'EPERM', 'EROFS'].includes(errnoOf(error) ?? '');
}

function openMonth(directory: string, month: Month): number {
  // A reader, so that the sum can be read when the rights to open it again are gone; no pipe is waited for.
  const flags =
    constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const path = join(directory, month);
  const open = () => {
    const fd = openSync(path, flags, 0o644);
    try {
      requireRegular(fd, path);
      return fd;
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  };
  try {
    return open();
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return open();
  }
}

/** Moves the bytes of months that a wrong clock invented. A kill between the two steps counts them twice, never not. */
function takeOver(directory: string, invented: readonly Month[], fd: number): void {
  for (const month of invented) {
    writeSync(fd, `${readMonth(directory, month)}\n`);
    rmSync(join(directory, month), { force: true });
  }
}

function removeOldMonths(directory: string, present: Month): void {
  const past = [...readMonthNames(directory)].filter((month) => month < present).sort();
  for (const month of past.slice(0, -keptMonths)) rmSync(join(directory, month), { force: true });
}

function readMonths(directory: string): Map<Month, number> {
  return new Map(readMonthNames(directory).map((month) => [month, readMonth(directory, month)]));
}

function readMonthNames(directory: string): Month[] {
  return listIfThere(directory).filter(isMonth);
}

function readMonth(directory: string, month: Month): number {
  const bytes = readFileIfThere(join(directory, month));
  return bytes === undefined ? 0 : sumOf(bytes);
}

/** The sum of the lines. What a power cut left half written counts as far as it is digits at the end of a line. */
function sumOf(content: Buffer): number {
  let sum = 0;
  let bytes = 0;
  const add = () => {
    if (Number.isSafeInteger(sum + bytes)) sum += bytes;
    bytes = 0;
  };
  // There is a line for every piece that was received, and each request asks for the sum.
  for (const byte of content) {
    if (byte >= digitZero && byte <= digitNine) bytes = bytes * 10 + byte - digitZero;
    else if (byte === lineFeed) add();
    else bytes = 0;
  }
  add();
  return sum;
}

const [lineFeed, digitZero, digitNine] = [0x0a, 0x30, 0x39];
