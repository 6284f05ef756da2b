import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { checkName } from '../store/names.ts';
import { partOf } from '../store/range.ts';
import type { FrameCatalogue } from './frames-catalogue.ts';
import type { PackContent } from './pull-content.ts';
import { type Entries, type HeldEntry, wholeKey } from './pull-entries.ts';
import type { Entry } from './pull-entry.ts';
import type { GuessLimit } from './pull-guesses.ts';
import type { EntryMaker, Named } from './pull-make.ts';
import { hashedName } from './pull-name.ts';
import type { HurriedOptions } from './pull-pass-on.ts';
import type { StoredFiles } from './pull-stored.ts';
import type { Pace, PulledFile, PullUpstream } from './pull-types.ts';
import { createUnknownPacks } from './pull-unknown-pack.ts';

/** What files are opened with. */
export type OpeningOptions = {
  /** The directory of the repository. */
  readonly repository: string;
  readonly upstream: PullUpstream;
  readonly stored: StoredFiles;
  readonly entries: Entries;
  readonly catalogue: FrameCatalogue;
  readonly maker: EntryMaker;
  readonly guesses: GuessLimit;
  /** Aborted when nothing more is to be opened. */
  readonly signal: AbortSignal;
};

/** Opens a file: from the disk when it is complete, else while it arrives. */
export type OpenPulled = (name: string, options: HurriedOptions) => Promise<PulledFile>;

type Parts = OpeningOptions & { readonly packContents: WeakMap<Entry, PackContent> };

/** A way to open files. What it throws is said at `PullThrough.open`. */
export function createOpening(options: OpeningOptions): OpenPulled {
  const { stored, entries, catalogue, signal: stopping } = options;
  const parts: Parts = { ...options, packContents: new WeakMap() };
  const hold = (named: Named, { signal, pace }: HurriedOptions) => {
    const make = () => (named.isPack ? makePack(parts, named) : makeWhole(parts, named, named.name, pace));
    const present = named.isPack ? undefined : entries.get(named.name);
    return present === undefined ? entries.hold(named.name, make, signal) : heldNow(present);
  };
  const open: OpenPulled = async (name, { signal, pace }) => {
    checkName(name);
    const hashed = hashedName(name);
    if (hashed === undefined) return openPlain(options, name);
    const named: Named = { ...hashed, name };
    if (pace === undefined) catalogue.asked(name);
    for (;;) {
      throwIfCancelled(signal);
      if (stopping.aborted) throw new SatchelError('site-pull-closed');
      const kept = await stored.open(name, hashed.sha256);
      if (kept !== undefined) return kept;
      const held = await hold(named, { signal, pace });
      if (held === 'stored') continue;
      return held === undefined ? unknownPacks.open(named, { signal, pace }) : fileOf(held, pace);
    }
  };
  const unknownPacks = createUnknownPacks({
    ...options,
    async openWhole(named, { signal, pace }) {
      const key = wholeKey(named.name);
      const held = await entries.hold(key, () => makeWhole(parts, named, key, pace), signal);
      return typeof held === 'object' ? fileOf(held, pace) : await open(named.name, { signal, pace });
    },
  });
  return open;
}

/** Held before anything else can happen: whoever uses it may be about to go. */
function heldNow(entry: Entry): HeldEntry {
  return { entry, release: entry.hold() };
}

async function makeWhole(
  { stored, entries, catalogue, maker }: Parts,
  named: Named,
  key: string,
  pace: Pace | undefined,
): Promise<Entry | 'stored'> {
  await entries.closed(key);
  // Whoever comes later than those who wait for it being opened.
  const present = entries.get(key);
  if (present !== undefined) return present;
  if (!stored.isAbsent(named.name)) return 'stored';
  const entry = await maker.whole(named, { signed: await catalogue.lengthOf(named.name), pace });
  return entry === 'stored' ? entry : entries.register(key, entry);
}

/** A pack is received by parts where a map tells of its frames; else nothing is known of it. */
async function makePack(
  { stored, entries, catalogue, maker, packContents }: Parts,
  named: Named,
): Promise<Entry | 'stored' | undefined> {
  // Whoever asks may have read a list a moment ago that leads to the pack, and it is only just being stored.
  await entries.allStored(/^(?:maps|indexes)\//);
  const tables = await catalogue.tablesOf(named.sha256);
  await entries.closed(named.name);
  if (!stored.isAbsent(named.name)) return 'stored';
  const present = entries.get(named.name);
  const known = present && packContents.get(present);
  for (const table of tables) known?.learn(table);
  if (present !== undefined || tables.length === 0) return present;
  const { entry, content } = await maker.pack(named, tables);
  packContents.set(entry, content);
  entries.register(named.name, entry);
  entry.tryToComplete();
  return entry;
}

/** A file that no hash names is what is on the disk. */
function openPlain({ repository, stored }: OpeningOptions, name: string): PulledFile {
  const file = stored.openAny(name);
  if (file === undefined) throw new SatchelError('store-not-found', { location: repository, name });
  return file;
}

function fileOf({ entry, release }: HeldEntry, pace: Pace | undefined): PulledFile {
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
