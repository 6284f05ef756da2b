import { isSatchelError } from '../base/errors.ts';
import type { Serial } from './laptop.ts';
import type { LeaseStore } from './store.ts';

/** So many leases are written down together, or what there is after so many milliseconds. */
const together = 1000;
const pause = 30_000;

/** More than this are not kept where they cannot be written down; they are made again when they are asked for. */
const most = 20_000;

/** Leases that were made and are not on the disk yet. A crash loses them; they are made again then. */
export function keepMade(store: LeaseStore, onFailure: (error: unknown) => void) {
  let waiting = new Map<Serial, string>();
  let writing = new Map<Serial, string>();
  let work: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const write = async () => {
    [writing, waiting] = [waiting, new Map()];
    if (writing.size === 0) return;
    const entries = [...writing].map(([serial, lines]) => ({ serial, lines }));
    entries.sort((one, other) => (one.serial < other.serial ? -1 : 1));
    try {
      await store.add(entries);
    } catch (error) {
      // Somebody takes a million leases just now: these are written down the next time.
      if (!isSatchelError(error, 'lease-store-busy')) onFailure(error);
      waiting = new Map([...writing, ...waiting].slice(-most));
    }
    writing = new Map();
  };
  const flush = (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    work = work.then(write);
    return work;
  };
  return {
    find: (serial: Serial): string | undefined => waiting.get(serial) ?? writing.get(serial),
    add(serial: Serial, lines: string): void {
      waiting.set(serial, lines);
      if (waiting.size % together === 0) void flush();
      timer ??= setTimeout(() => void flush(), pause).unref();
    },
    flush,
  };
}
