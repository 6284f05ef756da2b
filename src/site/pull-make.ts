import { createHash, hash } from 'node:crypto';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { openDirectoryStore } from '../store/directory.ts';
import type { Reading, Store } from '../store/store.ts';
import type { FrameTable } from './frames-table.ts';
import type { SiteLayout } from './layout.ts';
import type { Blame } from './pull-blame.ts';
import { type Content, type PackContent, packContent, type Unit, wholeContent } from './pull-content.ts';
import { createEntry, type Entry } from './pull-entry.ts';
import type { GuessLimit } from './pull-guesses.ts';
import type { HashedName } from './pull-name.ts';
import { bootId, journalPath, openPartFile, type PartFile } from './pull-part-file.ts';
import { readJournal } from './pull-part-journal.ts';
import type { Judgement } from './pull-proofs.ts';
import { dismiss, type PullTiming } from './pull-run.ts';
import type { Pace, PullUpstream } from './pull-types.ts';

/** What entries are made from. */
export type EntryMaker = {
  /**
   * Begins to receive a whole file, or goes on with it. Throws what
   * the upstream throws when it is first asked, `site-upstream-sends-wrong-bytes`, `site-disk-full`.
   */
  whole(named: Named, options: WholeOptions): Promise<Entry | 'stored'>;
  /** Opens a pack of which frames are known; nothing is asked for yet. */
  pack(named: Named, tables: readonly FrameTable[]): Promise<PackEntry>;
};

/** A file by its name, and what that says. */
export type Named = HashedName & { readonly name: string };

/** How a whole file is received. */
export type WholeOptions = {
  /** Its length, where a signed record tells. */
  readonly signed: number | undefined;
  /** For whoever is in no hurry. */
  readonly pace: Pace | undefined;
};

/** A pack that is read by parts, and what is known of its frames. */
export type PackEntry = { readonly entry: Entry; readonly content: PackContent };

/** What a maker works with. */
export type MakerOptions = {
  readonly layout: SiteLayout;
  readonly upstream: PullUpstream;
  readonly timing: PullTiming;
  readonly blame: Blame;
  readonly guesses: GuessLimit;
  readonly signal: AbortSignal;
  ensureRoom(bytes: number): Promise<void>;
  /** Something happened that the operator may ask about later. */
  log(event: string, fields: Readonly<Record<string, unknown>>): void;
  /** A file is complete, right, and in the repository. */
  stored(name: string): void;
  /** Nobody uses an entry any more: its part file is to be closed. */
  idle(entry: Entry): void;
};

/** Records are small; one that is longer than this is refused before anything of it is taken in. */
const longestTarget = 64 * 1024 * 1024;
/** Wrong lengths are forgiven once, like wrong bytes. */
const firstAttempts = 2;
const hashedLength = 1024 * 1024;

/** What all that makes entries shares. */
type Making = MakerOptions & {
  readonly repository: Store;
  /** Told once: everybody who asks while the disk is full meets it. */
  readonly disk: { isFull: boolean };
};

/** Makes entries. */
export function createEntryMaker(options: MakerOptions): EntryMaker {
  const repository = openDirectoryStore(options.layout.repository);
  const making: Making = { ...options, repository, disk: { isFull: false } };
  return {
    whole: (named, how) => makeWhole(making, named, how),
    pack: (named, tables) => makePack(making, named, tables),
  };
}

async function makeWhole(
  making: Making,
  { name, key, sha256 }: Named,
  { signed, pace }: WholeOptions,
): Promise<Entry | 'stored'> {
  const { layout, blame } = making;
  const refusal = blame.refusal(name, 0);
  if (refusal !== undefined) throw refusal;
  const before = readJournal(journalPath(layout.partial, key), bootId());
  const isBegun =
    before !== undefined &&
    before.name === name &&
    before.received.total() > 0 &&
    (signed === undefined || before.size === signed);
  const first = isBegun ? undefined : await firstReading(making, name, signed);
  const size = isBegun ? before.size : (first as Reading).size;
  try {
    if (size === 0) return await storeEmpty(making, { name, sha256 }, first);
    const part = await openPartFile(layout.partial, { key, name, size });
    const content = wholeContent(sha256, size);
    const complete = async () => content.isProven(content.unitAt(0));
    const entry = enter(making, { name, part, content, complete });
    entry.goOn(first, pace);
    return entry;
  } catch (error) {
    if (first !== undefined) await dismiss(first);
    throw failed(making, name, error);
  }
}

async function makePack(
  making: Making,
  { name, key, sha256 }: Named,
  tables: readonly FrameTable[],
): Promise<PackEntry> {
  const size = (tables[0] as FrameTable).length;
  const content = packContent(size);
  for (const table of tables) content.learn(table);
  let part: PartFile;
  try {
    part = await openPartFile(making.layout.frames, { key, name, size });
  } catch (error) {
    throw failed(making, name, error);
  }
  const complete = async (opened: Entry) => {
    if ((await hashOf(part, making.signal)) === sha256) return true;
    await sortOut(opened, content);
    return false;
  };
  return { entry: enter(making, { name, part, content, complete }), content };
}

/** What an entry is made of. */
type Entering = {
  readonly name: string;
  readonly part: PartFile;
  readonly content: Content;
  /** Whether everything that is here is right. */
  readonly complete: (entry: Entry) => Promise<boolean>;
};

function enter(making: Making, { name, part, content, complete }: Entering): Entry {
  const { upstream, timing, blame, repository, ensureRoom } = making;
  const entry: Entry = createEntry({
    ...{ name, part, content, upstream, timing, ensureRoom },
    judged: (unit, judgement) => judge(making, name, unit, judgement),
    refusal: ({ start }) => blame.refusal(name, start),
    failed: (error) => {
      // Another length than what is being received has: nothing of it may be used.
      if (isSatchelError(error, 'store-changed')) {
        blame.wrong(name, 0);
        if (content.unitAt(0).end === part.size) entry.distrust(content.unitAt(0));
      }
      return failed(making, name, error);
    },
    async complete() {
      const isRight = await complete(entry);
      if (!isRight) return false;
      await repository.put(name, { path: part.path });
      part.remove();
      making.stored(name);
      return true;
    },
    idle: () => making.idle(entry),
  });
  return entry;
}

function judge(
  { upstream, blame, disk, log }: Making,
  name: string,
  { start }: Unit,
  { isRight, isFromUpstream }: Judgement,
): void {
  if (isRight) {
    disk.isFull = false;
    blame.right(name, start);
  } else if (isFromUpstream) {
    blame.wrong(name, start);
    log('wrong-bytes', { name, offset: start, source: upstream.location });
  } else log('file-damaged', { name, offset: start });
}

/** What those who wait are told of a failure. */
function failed({ disk, log }: Making, name: string, error: unknown): unknown {
  if (!isSatchelError(error, 'disk-full')) return error;
  const { code, parameters } = new SatchelError('site-disk-full', { file: name });
  if (!disk.isFull) log('disk-full', { name, code, parameters });
  disk.isFull = true;
  return new SatchelError(code, parameters, { cause: error });
}

/** The first answer, which tells how long the file is. */
async function firstReading(making: Making, name: string, signed: number | undefined): Promise<Reading> {
  const { upstream, blame, guesses, signal, log } = making;
  for (let attempt = 1; ; attempt += 1) {
    const limit = signed ?? (name.startsWith('targets/') ? longestTarget : undefined);
    try {
      const reading = await guesses.ask(name, () => upstream.read(name, { limit, signal }));
      if (signed === undefined || reading.size === signed) return reading;
      await dismiss(reading);
    } catch (error) {
      if (!isSatchelError(error, 'store-too-long')) throw error;
    }
    blame.wrong(name, 0);
    log('wrong-length', { name, source: upstream.location });
    const refusal = blame.refusal(name, 0);
    if (refusal !== undefined || attempt >= firstAttempts)
      throw refusal ?? wrongBytes(upstream.location, name);
  }
}

async function storeEmpty(
  { upstream, blame, repository, stored }: Making,
  { name, sha256 }: Pick<Named, 'name' | 'sha256'>,
  first: Reading | undefined,
): Promise<'stored'> {
  if (first !== undefined) await dismiss(first);
  if (hash('sha256', '') !== sha256) {
    blame.wrong(name, 0);
    throw wrongBytes(upstream.location, name);
  }
  await repository.put(name, Buffer.alloc(0));
  stored(name);
  return 'stored';
}

/** Finds what is wrong in a pack that was received as a whole and is not what its name says. */
async function sortOut(entry: Entry, content: PackContent): Promise<void> {
  const { part } = entry;
  const wrong = [];
  for (const frame of content.frames())
    if (!content.isProven(frame) && !(await content.prove(frame, part))) wrong.push(frame);
  // All that can be proven is right: then it is the rest.
  for (let at = 0; wrong.length === 0 && at < part.size; at = content.unitAt(at).end)
    if (!content.unitAt(at).canBeProven) wrong.push(content.unitAt(at));
  for (const unit of wrong) entry.distrust(unit);
  if (wrong.length > 0) entry.goOn();
}

async function hashOf(part: PartFile, signal: AbortSignal): Promise<string> {
  const running = createHash('sha256');
  const buffer = Buffer.allocUnsafeSlow(hashedLength);
  for (let position = 0; position < part.size && !signal.aborted; ) {
    const piece = buffer.subarray(0, Math.min(buffer.length, part.size - position));
    await part.read(piece, position);
    running.update(piece);
    position += piece.length;
  }
  return running.digest('hex');
}

function wrongBytes(source: string, file: string): SatchelError {
  return new SatchelError('site-upstream-sends-wrong-bytes', { source, file });
}
