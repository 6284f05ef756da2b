import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import type { Sha256, StreamName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import { contentsLimit } from '../build/entry-rules.ts';
import { openUntrustedArchive } from '../build/source.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { freeSpace } from '../os/disk.ts';
import { type Lock, tryLock } from '../os/file-lock.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { publish } from '../repository/publish.ts';
import type { Store } from '../store/store.ts';
import type { KeyRing } from '../trust/keys.ts';
import type { RsyncLayout } from './layout.ts';
import { isCutShort } from './manifest-end.ts';
import type { Place, RemoteFile } from './upstream-place.ts';
import { type Remembered, readImportRecord, remember } from './upstream-record.ts';
import type { RemoteSet } from './upstream-sets.ts';

/** Where fetched builds go, and with which keys they are published. */
export type UpstreamContext = {
  readonly layout: RsyncLayout;
  readonly store: Store;
  readonly keys: KeyRing;
  /** A folder on the repository's file system, for packs while they are written. */
  readonly spoolDirectory: string;
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Milliseconds that a server may be silent; 30 000 when absent. */
  readonly patience?: number | undefined;
};

/** How one set is fetched. */
export type FetchSetOptions = {
  readonly streams: readonly StreamName[];
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the archive that are here, of how many where the server tells. */
  readonly onProgress?: ((done: number, total: number | undefined) => void) | undefined;
};

/** Largest archive that is fetched. */
const archiveLimit = 16 * 1024 ** 3;
/** What stays free for others while something is fetched. */
const leastFree = 64 * 1024 ** 2;
/** Parts of builds that nobody went on with for so long are deleted, in milliseconds. */
const keptParts = 7 * 86_400_000;
/** An archive that was wrong and has not changed as far as can be seen is tried again after this. */
const triedAgain = 86_400_000;

/** Refuses before anything is fetched what could not be published afterwards. Throws `upstream-needs-keys`. */
export function requireKeys({ keys }: UpstreamContext, location: string): void {
  if (keys.load('builds').length === 0)
    throw new SatchelError('upstream-needs-keys', { location, keys: keys.location });
}

/**
 * Fetches the four files of a build (those of a local place are read where they are), checks the archive against its
 * MD5, and publishes it. What was fetched is deleted then, because the repository holds the same content; when
 * anything fails before, it stays, and the next attempt goes on from it.
 *
 * Returns the bytes of the archive. Throws `upstream-busy` while another process fetches the build,
 * `upstream-still-wrong`, `upstream-no-room`, `upstream-md5-wrong` the first time and `upstream-wrong-again` then,
 * `upstream-contents-cut-short`, `build-exists`, and what the place and publishing throw.
 */
export async function fetchSet(
  place: Place,
  set: RemoteSet,
  context: UpstreamContext,
  options: FetchSetOptions,
): Promise<{ readonly bytes: number }> {
  const { layout } = context;
  mkdirSync(layout.incoming, { recursive: true });
  // A comma is in no name of a build.
  const lockPath = join(layout.incoming, `${set.build},lock`);
  const lock: Lock | undefined = tryLock(lockPath);
  if (lock === undefined) throw new SatchelError('upstream-busy', { name: set.build });
  try {
    return await publishFetched(place, set, context, options);
  } finally {
    rmSync(lockPath, { force: true });
    lock.release();
  }
}

/** Deletes parts of builds that nobody has gone on with for a week. */
export function removeOldParts({ layout, clock }: Pick<UpstreamContext, 'layout' | 'clock'>): void {
  if (!existsSync(layout.incoming)) return;
  for (const name of readdirSync(layout.incoming)) {
    const path = join(layout.incoming, name);
    const times = [path, ...filesIn(path)].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs);
    const newest = Math.max(...times.map((time) => time ?? 0));
    if (newest < clock() - keptParts) removeTree(path);
  }
}

function filesIn(path: string): string[] {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(path).map((name) => join(path, name));
}

async function publishFetched(
  place: Place,
  set: RemoteSet,
  context: UpstreamContext,
  options: FetchSetOptions,
): Promise<{ readonly bytes: number }> {
  const folder = place.path ?? join(context.layout.incoming, set.build);
  if (place.path === undefined) {
    mkdirSync(folder, { recursive: true });
    removeOthers(folder, set);
  }
  const archive = join(folder, set.archive.name);
  const partBefore = sizeOf(archive);
  await fetchFiles(place, set, context, { folder, ...options });
  requireWholeManifest(place, set, folder);
  try {
    await publishAs(set, archive, context, options);
  } catch (error) {
    if (!isSatchelError(error, 'source-md5-wrong')) throw error;
    await retryWhole({ place, set, context, options, folder, partBefore }, error);
  }
  const bytes = sizeOf(archive);
  remember(context.layout.importRecord, entryOf(set, context, { published: true, size: bytes }));
  if (place.path === undefined) removeTree(folder);
  return { bytes };
}

/** What an earlier set of the same build left, under other names, is of no use. */
function removeOthers(folder: string, set: RemoteSet): void {
  const wanted = new Set([set.archive, set.md5, set.contents, set.name].map(({ name }) => name));
  for (const name of readdirSync(folder)) if (!wanted.has(name)) removeTree(join(folder, name));
}

type Fetching = FetchSetOptions & { readonly folder: string };

/** The archive comes last: it is judged by the others. */
async function fetchFiles(
  place: Place,
  set: RemoteSet,
  context: UpstreamContext,
  { folder, signal, onProgress }: Fetching,
): Promise<void> {
  if (place.path !== undefined) return;
  const archive = { ...set.archive, ...(await sizeThere(place, set.archive, signal)) };
  refuseKnownWrong(place, { ...set, archive }, context);
  const path = join(folder, archive.name);
  const room = requireRoom(place, archive, folder, path);
  for (const { name, bytes } of [set.md5, set.name]) writeFileAtomic(join(folder, name), bytes);
  await place.fetch(set.contents, join(folder, set.contents.name), { limit: contentsLimit, signal });
  await place.fetch(archive, path, {
    limit: Math.min(archiveLimit, room),
    signal,
    onProgress: (done) => {
      onProgress?.(done, archive.size);
      const total = archive.size === undefined ? {} : { total: archive.size };
      context.reporter.progress({ step: 'fetch', done, ...total, unit: 'bytes' });
    },
  });
}

async function sizeThere(place: Place, { name, size }: RemoteFile, signal: AbortSignal | undefined) {
  const known = size ?? (await place.sizeOf?.(name, signal).catch(unknownLength));
  return known === undefined ? {} : { size: known };
}

/** A server that makes its answers as it goes does not know how long they get. */
function unknownLength(error: unknown): undefined {
  if (!isSatchelError(error, 'store-wrong-answer')) throw error;
}

/** How large the archive may get here. Throws when it is larger by what its server says. */
function requireRoom(place: Place, archive: RemoteFile, folder: string, path: string): number {
  const here = sizeOf(path);
  const free = Math.max(0, freeSpace(folder).bytes - leastFree);
  const bytes = (archive.size ?? 0) - here;
  const { name } = archive;
  if (bytes > free)
    throw new SatchelError('upstream-no-room', { name, location: place.location, path: folder, bytes, free });
  return here + free;
}

/** A server that offers the same wrong bytes every night must not send them every night. */
function refuseKnownWrong(place: Place, set: RemoteSet, context: UpstreamContext): void {
  const known = knownWrong(set, set.archive.size, context);
  if (known === undefined || context.clock() >= known.at + triedAgain) return;
  throw new SatchelError('upstream-still-wrong', {
    name: set.archive.name,
    location: place.location,
    time: new Date(known.at).toISOString(),
  });
}

/** What is remembered of an archive of this size with this `.md5` that was wrong. */
function knownWrong(
  set: RemoteSet,
  size: number | undefined,
  { layout }: UpstreamContext,
): Remembered | undefined {
  const known = readImportRecord(layout.importRecord).get(set.build);
  const isSame = known?.published === false && known.md5File === sumOf(set) && known.size === size;
  return isSame ? known : undefined;
}

async function publishAs(
  { build }: RemoteSet,
  archive: string,
  context: UpstreamContext,
  { streams, signal }: FetchSetOptions,
): Promise<void> {
  const { signingRequest } = await publish({
    ...context,
    source: { name: build, source: openUntrustedArchive(archive), input: nothing() },
    streams,
    signal,
  });
  // The key was there before; whoever took it away meanwhile has to know.
  if (signingRequest !== undefined)
    throw new SatchelError('upstream-needs-keys', { location: build, keys: context.keys.location });
}

/** Throws `upstream-contents-cut-short`; what came of it is then of no use. */
function requireWholeManifest(place: Place, { contents: { name } }: RemoteSet, folder: string): void {
  const path = join(folder, name);
  if (!isCutShort(path, { noLinks: true })) return;
  if (place.path === undefined) withSystemErrors('unlink', path, () => rmSync(path, { force: true }));
  throw new SatchelError('upstream-contents-cut-short', { name, location: place.location });
}

type Retry = {
  readonly place: Place;
  readonly set: RemoteSet;
  readonly context: UpstreamContext;
  readonly options: FetchSetOptions;
  readonly folder: string;
  /** Bytes of the archive that were here before it was fetched. */
  readonly partBefore: number;
};

/**
 * An archive that came in parts may have been replaced there between them: it is fetched once more as a whole. One
 * that came whole is wrong there, and is remembered as such.
 */
async function retryWhole(retry: Retry, wrong: SatchelError): Promise<void> {
  const { place, set, context, options, folder, partBefore } = retry;
  const archive = join(folder, set.archive.name);
  try {
    if (place.path !== undefined || partBefore === 0) throw wrong;
    context.reporter.notice('upstream-fetching-again', { name: set.archive.name, location: place.location });
    withSystemErrors('unlink', archive, () => rmSync(archive, { force: true }));
    await fetchFiles(place, set, context, { folder, ...options });
    requireWholeManifest(place, set, folder);
    await publishAs(set, archive, context, options);
  } catch (error) {
    if (!isSatchelError(error, 'source-md5-wrong')) throw error;
    const about = { name: set.archive.name, location: place.location };
    const size = sizeOf(archive);
    const known = knownWrong(set, size, context);
    remember(context.layout.importRecord, entryOf(set, context, { published: false, size }));
    if (known === undefined) throw new SatchelError('upstream-md5-wrong', about, { cause: error });
    const time = new Date(known.at).toISOString();
    throw new SatchelError('upstream-wrong-again', { ...about, time }, { cause: error });
  }
}

function entryOf(
  set: RemoteSet,
  { clock }: UpstreamContext,
  outcome: Pick<Remembered, 'published' | 'size'>,
): Remembered {
  return { build: set.build, md5File: sumOf(set), at: clock(), ...outcome };
}

/** What stands for the content of a set in the record of imports. */
export function sumOf({ md5 }: Pick<RemoteSet, 'md5'>): Sha256 {
  return hash('sha256', md5.bytes) as Sha256;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function* nothing(): AsyncGenerator<Uint8Array> {}
