import { setTimeout as sleepFor } from 'node:timers/promises';
import { type Clock, systemClock } from '../base/clock.ts';
import { listIfThere } from '../os/if-there.ts';
import { checkReadOptions, partOf } from '../store/range.ts';
import type { ReadableStore } from '../store/store.ts';
import { createFrameCatalogue } from './frames-catalogue.ts';
import type { SiteLayout } from './layout.ts';
import { removeDamaged, removeParts, setAsideDamaged } from './pull-aside.ts';
import { createBlame } from './pull-blame.ts';
import { createEntries, type Entries } from './pull-entries.ts';
import { createGuessLimit } from './pull-guesses.ts';
import { createEntryMaker } from './pull-make.ts';
import { hashedName } from './pull-name.ts';
import { createOpening, type OpenPulled } from './pull-opening.ts';
import { bootId, journalPath } from './pull-part-file.ts';
import { readJournal } from './pull-part-journal.ts';
import type { PullTiming } from './pull-run.ts';
import { createStoredFiles, type StoredFiles } from './pull-stored.ts';
import type { Pace, PulledFile, PulledPart, PullThrough, PullUpstream } from './pull-types.ts';
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
  const { layout, upstream } = options;
  const stopping = new AbortController();
  const { stored, entries, open } = createParts(options, stopping.signal);
  const storeWith = (pace: Pace | undefined) => storeOver(open, { upstream, pace });
  removeDamaged(layout);
  return {
    open: (name, openOptions = {}) => open(name, openOptions),
    store: storeWith(undefined),
    inBackground: storeWith,
    isSound: (name) => stored.isSound(name),
    receiving: () =>
      entries
        .all()
        .filter((entry) => entry.isReceiving())
        .map(({ name, size, part }) => ({ name, received: part.received.total(), size })),
    inUse: () => [...new Set([...stored.opened(), ...entries.all().map(({ name }) => name)])],
    goOn() {
      for (const name of begunFiles(layout)) {
        if (entries.isInUse(name)) continue;
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
      return !entries.isInUse(name) && removeParts(layout, name);
    },
    async close() {
      stopping.abort();
      await entries.close();
      await stored.close();
    },
  };
}

/** The files that are complete, those that arrive, and the way to open either. */
function createParts(
  { layout, upstream, clock = systemClock, ensureRoom, timing }: PullThroughOptions,
  signal: AbortSignal,
): { readonly stored: StoredFiles; readonly entries: Entries; readonly open: OpenPulled } {
  const log = (event: string, fields: Readonly<Record<string, unknown>>) =>
    appendSiteLog(layout, { at: new Date(clock()).toISOString(), event, ...fields });
  const entries = createEntries({ signal, log });
  const stored = createStoredFiles({
    repository: layout.repository,
    proved(name) {
      // It may have come in another way, on a stick, while parts of it were being received.
      if (!entries.isInUse(name)) removeParts(layout, name);
    },
    setAside(name, path) {
      log('file-damaged', { name, code: 'site-stored-file-damaged', parameters: { file: name } });
      setAsideDamaged(layout, name, path);
    },
  });
  const catalogue = createFrameCatalogue({ layout, fetch: (name) => fetchWhole(name, { open, entries }) });
  const guesses = createGuessLimit({
    location: () => upstream.location,
    async isNamed(name) {
      await entries.allStored(/^(?:targets|maps|indexes)\//);
      return await catalogue.isNamed(name);
    },
  });
  const maker = createEntryMaker({
    ...{ layout, upstream, guesses, log, signal },
    timing: { ...defaultTiming, ...timing },
    blame: createBlame(upstream.location, clock),
    ensureRoom: async (bytes) => ensureRoom?.(bytes),
    stored(name) {
      stored.trust(name);
      catalogue.arrived(name);
    },
    idle: (entry) => void entries.retire(entry),
  });
  const open = createOpening({
    ...{ repository: layout.repository, upstream, stored, entries, catalogue, maker, guesses, signal },
  });
  return { stored, entries, open };
}

async function fetchWhole(
  name: string,
  { open, entries }: { readonly open: OpenPulled; readonly entries: Entries },
): Promise<void> {
  const file = await open(name, {});
  try {
    const length = Math.min(1, file.size);
    // The last byte comes when all are right.
    for await (const _ of file.read({ offset: file.size - length, length }));
    await entries.get(name)?.settled();
  } finally {
    file.close();
  }
}

function storeOver(
  open: OpenPulled,
  { upstream, pace }: { readonly upstream: PullUpstream; readonly pace: Pace | undefined },
): ReadableStore {
  return {
    location: upstream.location,
    async read(name, options = {}) {
      checkReadOptions(options);
      const { signal } = options;
      const file = await open(name, { signal, pace });
      try {
        const { start, end } = partOf(file.size, { location: upstream.location, name, options });
        return { size: file.size, body: untilRead(file, { offset: start, length: end - start }, signal) };
      } catch (error) {
        file.close();
        throw error;
      }
    },
    async close() {},
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
