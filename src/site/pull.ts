import { setTimeout as sleepFor } from 'node:timers/promises';
import { throwIfCancelled, untilAborted } from '../base/cancel.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { isSatchelError, messageOf, SatchelError } from '../base/errors.ts';
import { listIfThere } from '../os/if-there.ts';
import { checkName } from '../store/names.ts';
import { checkReadOptions, partOf } from '../store/range.ts';
import type { ReadableStore } from '../store/store.ts';
import { createFrameCatalogue } from './frames-catalogue.ts';
import type { SiteLayout } from './layout.ts';
import { removeDamaged, removeParts, setAsideDamaged } from './pull-aside.ts';
import { createBlame } from './pull-blame.ts';
import type { PackContent } from './pull-content.ts';
import type { Entry } from './pull-entry.ts';
import { createGuessLimit } from './pull-guesses.ts';
import { createEntryMaker, type Named } from './pull-make.ts';
import { hashedName } from './pull-name.ts';
import { bootId, journalPath } from './pull-part-file.ts';
import { readJournal } from './pull-part-journal.ts';
import type { HurriedOptions } from './pull-pass-on.ts';
import type { PullTiming } from './pull-run.ts';
import { createStoredFiles } from './pull-stored.ts';
import type { Pace, PulledFile, PulledPart, PullThrough, PullUpstream } from './pull-types.ts';
import { createUnknownPacks } from './pull-unknown-pack.ts';
import { appendSiteLog } from './site-log.ts';

export type { Pace, PulledFile, PulledPart, PullThrough, PullUpstream } from './pull-types.ts';

/** What a pull-through works with. */
export type PullThroughOptions = {
  readonly layout: SiteLayout;
  readonly upstream: PullUpstream;
  readonly clock?: Clock;
  /** Makes room on the disk for so many more bytes. Throws `site-disk-full` when it cannot. */
  readonly ensureRoom?: ((bytes: number) => Promise<void>) | undefined;
  readonly timing?: Partial<PullTiming>;
};

const defaultTiming: PullTiming = {
  patience: 10_000,
  sleep: (milliseconds, signal) => sleepFor(milliseconds, undefined, { signal }),
  random: Math.random,
};

/**
 * Fetches the immutable files of a repository for everybody who asks, once, and stores what is complete and right.
 * Only one process at a time may do so for a site. Metadata and lite files are read from the disk as they are.
 */
export function createPullThrough(options: PullThroughOptions): PullThrough {
  const { layout, upstream, clock = systemClock } = options;
  const stopping = new AbortController();
  const entries = new Map<string, Entry>();
  const packContents = new WeakMap<Entry, PackContent>();
  const opening = new Map<string, Promise<Entry | 'stored' | undefined>>();
  const closing = new Map<string, Promise<void>>();

  const log = (event: string, fields: Readonly<Record<string, unknown>>) =>
    appendSiteLog(layout, { at: new Date(clock()).toISOString(), event, ...fields });
  const stored = createStoredFiles({
    repository: layout.repository,
    proved(name) {
      // It may have come in another way, on a stick, while parts of it were being received.
      if (!isInUse(name)) removeParts(layout, name);
    },
    setAside(name, path) {
      log('file-damaged', { name, code: 'site-stored-file-damaged', parameters: { file: name } });
      setAsideDamaged(layout, name, path);
    },
  });
  const catalogue = createFrameCatalogue({ layout, fetch: (name) => fetchWhole(name) });
  const guesses = createGuessLimit({
    location: () => upstream.location,
    async isNamed(name) {
      await allStored(/^(?:targets|maps|indexes)\//);
      return await catalogue.isNamed(name);
    },
  });
  const maker = createEntryMaker({
    ...{ layout, upstream, guesses, log, signal: stopping.signal },
    timing: { ...defaultTiming, ...options.timing },
    blame: createBlame(upstream.location, clock),
    ensureRoom: async (bytes) => options.ensureRoom?.(bytes),
    stored(name) {
      stored.trust(name);
      catalogue.arrived(name);
    },
    idle: (entry) => void retire(entry),
  });

  const keyOf = (entry: Entry) => (entries.get(entry.name) === entry ? entry.name : wholeKey(entry.name));
  const retire = async (entry: Entry): Promise<void> => {
    const key = keyOf(entry);
    if (entries.get(key) !== entry) return;
    entries.delete(key);
    const closed = entry.part
      .close()
      .then(() => {
        if (entry.part.received.total() === 0) entry.part.remove();
      })
      .catch((error: unknown) => log('part-not-closed', { name: entry.name, reason: messageOf(error) }));
    closing.set(key, closed);
    await closed;
    if (closing.get(key) === closed) closing.delete(key);
  };
  /** Whoever asks may have read a file a moment ago that leads to this one, and it is only just being stored. */
  const allStored = async (names: RegExp): Promise<void> => {
    const leading = [...entries.values()].filter((entry) => names.test(entry.name));
    await Promise.all(leading.map((entry) => entry.stored()));
  };
  const register = (key: string, entry: Entry): Entry => {
    entries.set(key, entry);
    // Those who wait for it take hold of it before this is called.
    setImmediate(entry.hold());
    return entry;
  };

  const makeWhole = async (named: Named, key: string, pace: Pace | undefined): Promise<Entry | 'stored'> => {
    await closing.get(key);
    // Whoever comes later than those who wait for it being opened.
    const present = entries.get(key);
    if (present !== undefined) return present;
    if (!stored.isAbsent(named.name)) return 'stored';
    const entry = await maker.whole(named, { signed: await catalogue.lengthOf(named.name), pace });
    return entry === 'stored' ? entry : register(key, entry);
  };
  const makePack = async (named: Named): Promise<Entry | 'stored' | undefined> => {
    await allStored(/^(?:maps|indexes)\//);
    const tables = await catalogue.tablesOf(named.sha256);
    await closing.get(named.name);
    if (!stored.isAbsent(named.name)) return 'stored';
    const present = entries.get(named.name);
    const known = present && packContents.get(present);
    for (const table of tables) known?.learn(table);
    if (present !== undefined || tables.length === 0) return present;
    const { entry, content } = await maker.pack(named, tables);
    packContents.set(entry, content);
    register(named.name, entry);
    entry.tryToComplete();
    return entry;
  };
  const once = (
    key: string,
    make: () => Promise<Entry | 'stored' | undefined>,
  ): Promise<Entry | 'stored' | undefined> => {
    const begun = opening.get(key) ?? make().finally(() => opening.delete(key));
    opening.set(key, begun);
    return begun;
  };
  /** The entry for a file, held for the asker. */
  const hold = async (
    key: string,
    make: () => Promise<Entry | 'stored' | undefined>,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly entry: Entry; readonly release: () => void } | 'stored' | undefined> => {
    for (;;) {
      const isOwn = !opening.has(key);
      const entry = await untilAborted(once(key, make), signal).catch((error: unknown) => {
        if (stopping.signal.aborted) throw new SatchelError('site-pull-closed');
        // What somebody else asked was refused as a loop; he may have made that up.
        if (isOwn || !isSatchelError(error, 'site-loop')) throw error;
        return 'again' as const;
      });
      if (stopping.signal.aborted) throw new SatchelError('site-pull-closed');
      if (entry === 'again') continue;
      if (entry === 'stored' || entry === undefined) return entry;
      if (entries.get(key) === entry) return { entry, release: entry.hold() };
    }
  };

  const open = async (name: string, { signal, pace }: HurriedOptions): Promise<PulledFile> => {
    checkName(name);
    const hashed = hashedName(name);
    if (hashed === undefined) return openPlain(name);
    const named: Named = { ...hashed, name };
    if (pace === undefined) catalogue.asked(name);
    for (;;) {
      throwIfCancelled(signal);
      if (stopping.signal.aborted) throw new SatchelError('site-pull-closed');
      const kept = await stored.open(name, hashed.sha256);
      if (kept !== undefined) return kept;
      const present = named.isPack ? undefined : entries.get(name);
      const make = () => (named.isPack ? makePack(named) : makeWhole(named, name, pace));
      const held =
        present === undefined ? await hold(name, make, signal) : { entry: present, release: present.hold() };
      if (held === 'stored') continue;
      return held === undefined ? unknownPacks.open(named, { signal, pace }) : fileOf(held, pace);
    }
  };
  const openPlain = (name: string): PulledFile => {
    const file = stored.openAny(name);
    if (file === undefined) throw new SatchelError('store-not-found', { location: layout.repository, name });
    return file;
  };
  const unknownPacks = createUnknownPacks({
    ...{ upstream, guesses },
    signal: stopping.signal,
    async openWhole(named, { signal, pace }) {
      const key = wholeKey(named.name);
      const held = await hold(key, () => makeWhole(named, key, pace), signal);
      return typeof held === 'object' ? fileOf(held, pace) : await open(named.name, { signal, pace });
    },
  });

  const fetchWhole = async (name: string): Promise<void> => {
    const file = await open(name, {});
    try {
      const length = Math.min(1, file.size);
      // The last byte comes when all are right.
      for await (const _ of file.read({ offset: file.size - length, length }));
      await entries.get(name)?.settled();
    } finally {
      file.close();
    }
  };
  const storeWith = (pace: Pace | undefined): ReadableStore => ({
    location: upstream.location,
    async read(name, readOptions = {}) {
      checkReadOptions(readOptions);
      const { signal } = readOptions;
      const file = await open(name, { signal, pace });
      try {
        const wanted = { location: upstream.location, name, options: readOptions };
        const { start, end } = partOf(file.size, wanted);
        const part = { offset: start, length: end - start };
        return { size: file.size, body: untilRead(file, part, signal) };
      } catch (error) {
        file.close();
        throw error;
      }
    },
    async close() {},
  });

  const isInUse = (name: string) =>
    [name, wholeKey(name)].some((key) => entries.has(key) || opening.has(key) || closing.has(key));
  removeDamaged(layout);
  return {
    open: (name, openOptions = {}) => open(name, openOptions),
    store: storeWith(undefined),
    inBackground: storeWith,
    isSound: (name) => stored.isSound(name),
    receiving: () =>
      [...entries.values()]
        .filter((entry) => entry.isReceiving())
        .map(({ name, size, part }) => ({ name, received: part.received.total(), size })),
    inUse: () => [...new Set([...stored.opened(), ...[...entries.values()].map(({ name }) => name)])],
    goOn() {
      for (const name of begunFiles(layout)) {
        if (isInUse(name)) continue;
        if (!stored.isAbsent(name)) removeParts(layout, name);
        // Whoever asks for it meets the same trouble, and is told.
        else
          open(name, {}).then(
            (file) => file.close(),
            () => undefined,
          );
      }
    },
    async discard(name) {
      return !isInUse(name) && removeParts(layout, name);
    },
    async close() {
      stopping.abort();
      // All at once, before anybody who waits can begin anew.
      const stopped = [...entries.values()].map((entry) => entry.stop());
      await Promise.allSettled([...stopped, ...opening.values()]);
      for (const entry of [...entries.values()]) {
        await entry.stop();
        await retire(entry);
      }
      await Promise.allSettled(closing.values());
      await stored.close();
    },
  };
}

/** A pack may be received as a whole while others read parts of it. */
const wholeKey = (name: string): string => `${name} as a whole`;

function fileOf(
  { entry, release }: { readonly entry: Entry; readonly release: () => void },
  pace: Pace | undefined,
): PulledFile {
  const { name, size } = entry;
  return {
    size,
    read(part, { signal } = {}) {
      const options = { offset: part.offset, length: part.length };
      partOf(size, { location: name, name, options });
      return entry.read(part, { signal, pace });
    },
    close: release,
  };
}

async function* untilRead(
  file: PulledFile,
  part: PulledPart,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* file.read(part, { signal });
  } finally {
    file.close();
  }
}

/** The names of whole files that were being received when the last process ended. */
function begunFiles({ partial }: SiteLayout): string[] {
  return listIfThere(partial).flatMap((file) => {
    const [, key] = /^(.+)\.journal$/.exec(file) ?? [];
    const journal = key === undefined ? undefined : readJournal(journalPath(partial, key), bootId());
    return journal === undefined || hashedName(journal.name)?.key !== key ? [] : [journal.name];
  });
}
