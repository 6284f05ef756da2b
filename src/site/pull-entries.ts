import { untilAborted } from '../base/cancel.ts';
import { isSatchelError, messageOf, SatchelError } from '../base/errors.ts';
import type { Entry } from './pull-entry.ts';

/** An entry that stays open until `release` is called. */
export type HeldEntry = { readonly entry: Entry; readonly release: () => void };

/** Makes an entry, or finds that none is needed; undefined: nothing is known of such a file. */
export type MakeEntry = () => Promise<Entry | 'stored' | undefined>;

/**
 * The files that are being received, by their keys. An entry is made once for all who want it, closed when nobody uses
 * it any more, and made anew only when it is closed.
 */
export type Entries = {
  get(key: string): Entry | undefined;
  all(): Entry[];
  /** Keeps an entry that was just made. */
  register(key: string, entry: Entry): Entry;
  /** The entry of a key, held for the asker; it is made when there is none. Throws what making throws, `cancelled`. */
  hold(
    key: string,
    make: MakeEntry,
    signal: AbortSignal | undefined,
  ): Promise<HeldEntry | 'stored' | undefined>;
  /** Closes an entry that nobody uses. */
  retire(entry: Entry): Promise<void>;
  /** Resolves when the entry that this key had is closed. */
  closed(key: string): Promise<void>;
  /** Resolves when no file whose name fits is being stored any more. */
  allStored(names: RegExp): Promise<void>;
  isInUse(name: string): boolean;
  /** Stops and closes all of them; to be called when the signal was aborted. */
  close(): Promise<void>;
};

/** A pack may be received as a whole while others read parts of it. */
export const wholeKey = (name: string): string => `${name} as a whole`;

/** What a register of entries works with. */
export type EntriesOptions = {
  /** Aborted when nothing more is to be begun. */
  readonly signal: AbortSignal;
  log(event: string, fields: Readonly<Record<string, unknown>>): void;
};

/** None at first. */
export function createEntries({ signal: stopping, log }: EntriesOptions): Entries {
  const entries = new Map<string, Entry>();
  const opening = new Map<string, ReturnType<MakeEntry>>();
  const closing = new Map<string, Promise<void>>();

  const keyOf = (entry: Entry) => (entries.get(entry.name) === entry ? entry.name : wholeKey(entry.name));
  const retire = async (entry: Entry): Promise<void> => {
    const key = keyOf(entry);
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    const closed = closePart(entry, log);
    closing.set(key, closed);
    await closed;
    if (closing.get(key) === closed) closing.delete(key);
  };
  const once = (key: string, make: MakeEntry): ReturnType<MakeEntry> => {
    const begun = opening.get(key) ?? make().finally(() => opening.delete(key));
    opening.set(key, begun);
    return begun;
  };
  const throwIfClosed = () => {
    if (stopping.aborted) throw new SatchelError('site-pull-closed');
  };
  return {
    get: (key) => entries.get(key),
    all: () => [...entries.values()],
    register(key, entry) {
      entries.set(key, entry);
      // Those who wait for it take hold of it before this is called.
      setImmediate(entry.hold());
      return entry;
    },
    async hold(key, make, signal) {
      for (;;) {
        const isOwn = !opening.has(key);
        const entry = await untilAborted(once(key, make), signal).catch((error: unknown) => {
          throwIfClosed();
          // What somebody else asked was refused as a loop; he may have made that up.
          if (isOwn || !isSatchelError(error, 'site-loop')) throw error;
          return 'again' as const;
        });
        throwIfClosed();
        if (entry === 'again') continue;
        if (entry === 'stored' || entry === undefined) return entry;
        if (entries.get(key) === entry) return { entry, release: entry.hold() };
      }
    },
    retire,
    closed: async (key) => await closing.get(key),
    async allStored(names) {
      const leading = [...entries.values()].filter((entry) => names.test(entry.name));
      await Promise.all(leading.map((entry) => entry.stored()));
    },
    isInUse: (name) =>
      [name, wholeKey(name)].some((key) => entries.has(key) || opening.has(key) || closing.has(key)),
    async close() {
      // All at once, before anybody who waits can begin anew.
      const stopped = [...entries.values()].map((entry) => entry.stop());
      await Promise.allSettled([...stopped, ...opening.values()]);
      for (const entry of [...entries.values()]) {
        await entry.stop();
        await retire(entry);
      }
      await Promise.allSettled(closing.values());
    },
  };
}

/** A part file without a byte is of no use to anybody. */
async function closePart({ name, part }: Entry, log: EntriesOptions['log']): Promise<void> {
  try {
    await part.close();
    if (part.received.total() === 0) part.remove();
  } catch (error) {
    log('part-not-closed', { name, reason: messageOf(error) });
  }
}
