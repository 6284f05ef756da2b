import { type BigIntStats, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { type ByteString, byteStringFromText, bytesOf, displayOf, isAscii } from '../base/byte-string.ts';
import { throwIfCancelled } from '../base/cancel.ts';
import { SatchelError } from '../base/errors.ts';
import { type Reporter, silentReporter } from '../base/progress.ts';
import { unpackDevice } from '../os/device-numbers.ts';
import { listXattrs } from '../os/system-calls.ts';
import { errnoOf, systemError } from '../os/system-error.ts';
import { type Content, createContentIntake } from './content-intake.ts';
import type { ContentSink } from './content-sink.ts';
import { type CountedNotices, countedNotices } from './counted-notices.ts';
import { chunkingLimit, type IndexEntry, type InodeEntry, type ModificationTime } from './entry.ts';
import { type FileReading, readingBuffer, readLargeFile, readSmallFile } from './found-file.ts';
import type { BuildOptions } from './from-tar.ts';
import { checkedDevice, checkedMetadata, checkedPath, checkedTarget, symlinkMode } from './member-inode.ts';
import { type OwnerNames, ownerNamesIn } from './owner-names.ts';
import { pristineDirectory } from './pristine-rule.ts';
import { readProgress } from './read-progress.ts';
import { entriesOf, modificationTimeOf, type TreeNames } from './tree.ts';
import { createSizeGuard } from './tree-size.ts';

/** How a directory is read. */
export type DirectoryOptions = BuildOptions & {
  /** True: everything below it is the tree, also a `versions` at its top, which belongs to no published build. */
  readonly asItIs?: boolean;
  /** Names of users and groups by their numbers, instead of those in the tree itself. */
  readonly owners?: Partial<OwnerNames>;
  /** Contents that are known without reading them, by what `lstat` tells of a regular file. */
  readonly knownContent?: ((found: BigIntStats) => Content | undefined) | undefined;
};

/** How long to read before others on the event loop get their turn, in milliseconds. */
const turn = 50;

type Walk = FileReading & {
  /** The directory that becomes the root, without a trailing slash. */
  readonly base: ByteString;
  readonly device: bigint;
  readonly owners: OwnerNames;
  readonly clamped: ModificationTime | undefined;
  readonly knownContent: DirectoryOptions['knownContent'];
  readonly names: TreeNames;
  readonly watchSize: (inode: InodeEntry) => void;
  /** Inodes with several names, by inode number. */
  readonly linked: Map<bigint, InodeEntry>;
  readonly sockets: CountedNotices;
  readonly mounts: CountedNotices;
  turnBegan: number;
};

/**
 * Reads a directory into the entries of a build and gives every distinct object to the sink. The result is what
 * a tar of the directory gives: the same rule for `versions/pristine`, link groups found by inode, times to the
 * nanosecond, extended attributes, numeric owners with the names of the tree's own `etc/passwd`. Stays on one
 * file system (a mount point is an empty directory); sockets are left out; both are said.
 * Throws `tree-changed-while-read`, `tree-too-large`, `permission-denied`, `system-call-failed`, `cancelled`.
 */
export async function buildFromDirectory(
  directory: string,
  sink: ContentSink,
  options: DirectoryOptions = {},
): Promise<IndexEntry[]> {
  const { reporter = silentReporter, signal } = options;
  const top = topOf(directory);
  const { base, without } = whichRoot(top, options.asItIs === true, reporter);
  const found = look(base, '' as ByteString);
  const walk: Walk = {
    base,
    device: found.dev,
    owners: {
      ...calling('read', base, '' as ByteString, () => ownerNamesIn(locationOf(base, '' as ByteString))),
      ...options.owners,
    },
    clamped: options.clampMtime === undefined ? undefined : modificationTimeOf(options.clampMtime),
    knownContent: options.knownContent,
    names: new Map(),
    watchSize: createSizeGuard(),
    linked: new Map(),
    sockets: countedNotices(reporter, 'tree-socket-skipped', 'tree-sockets-skipped'),
    mounts: countedNotices(reporter, 'tree-mount-skipped', 'tree-mounts-skipped'),
    intake: createContentIntake(sink),
    progress: readProgress(reporter),
    buffer: readingBuffer(),
    signal,
    turnBegan: performance.now(),
  };
  await addDirectory(walk, '' as ByteString, found, without);
  walk.sockets.finish();
  walk.mounts.finish();
  walk.progress.finish();
  return entriesOf(walk.names);
}

function topOf(directory: string): ByteString {
  const top = calling('realpath', byteStringFromText(directory), '' as ByteString, () =>
    realpathSync(directory),
  );
  return byteStringFromText(top === '/' ? '' : top);
}

/** The pristine rule (see pristine-rule.ts) before anything is read; `without` is a name at the top to leave out. */
function whichRoot(
  top: ByteString,
  asItIs: boolean,
  reporter: Reporter,
): { base: ByteString; without?: string } {
  if (!look(top, '' as ByteString).isDirectory())
    throw new SatchelError('tree-root-not-directory', { path: displayOf(top) });
  if (asItIs || !isDirectory(top, 'versions')) return { base: top };
  const first = isDirectory(top, pristineDirectory) ? namesBelow(top, pristineDirectory)[0] : undefined;
  if (first === undefined) {
    reporter.notice('tree-versions-dropped');
    return { base: top, without: 'versions' };
  }
  const root = `${pristineDirectory}/${first}` as ByteString;
  if (!isDirectory(top, root)) throw new SatchelError('tree-root-not-directory', { path: displayOf(root) });
  reporter.notice('tree-pristine-used', { path: displayOf(root) });
  return { base: `${top}/${root}` as ByteString };
}

async function addDirectory(
  walk: Walk,
  path: ByteString,
  found: BigIntStats,
  without?: string,
): Promise<void> {
  add(walk, path, { type: 'directory', path, ...metadataOf(walk, path, found) });
  if (found.dev !== walk.device) {
    walk.mounts.add(path);
    return;
  }
  for (const name of namesBelow(walk.base, path)) {
    if (name === without) continue;
    const child = checkedPath((path === '' ? name : `${path}/${name}`) as ByteString);
    const childFound = look(walk.base, child);
    const adding = childFound.isDirectory()
      ? addDirectory(walk, child, childFound)
      : addNonDirectory(walk, child, childFound);
    // Waiting once for each small file would take longer than reading it.
    if (adding !== undefined) await adding;
    walk.progress.entry();
    if (performance.now() - walk.turnBegan > turn) await giveTurn(walk);
  }
}

function add(walk: Walk, path: ByteString, inode: InodeEntry): void {
  walk.names.set(path, inode);
  walk.watchSize(inode);
}

async function giveTurn(walk: Walk): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  throwIfCancelled(walk.signal);
  walk.turnBegan = performance.now();
}

function addNonDirectory(walk: Walk, path: ByteString, found: BigIntStats): Promise<void> | undefined {
  if (found.dev !== walk.device) {
    walk.mounts.add(path);
    return undefined;
  }
  const known = found.nlink > 1n ? walk.linked.get(found.ino) : undefined;
  if (known !== undefined) {
    add(walk, path, known);
    return undefined;
  }
  if (found.isSocket()) {
    walk.sockets.add(path);
    return undefined;
  }
  const keep = (inode: InodeEntry) => {
    add(walk, path, inode);
    if (found.nlink > 1n) walk.linked.set(found.ino, inode);
  };
  if (found.isFile()) return addFile(walk, path, found, keep);
  keep(specialInode(walk, path, found));
  return undefined;
}

function addFile(
  walk: Walk,
  path: ByteString,
  found: BigIntStats,
  keep: (inode: InodeEntry) => void,
): Promise<void> | undefined {
  const metadata = metadataOf(walk, path, found);
  const known = walk.knownContent?.(found);
  if (known !== undefined) {
    keep({ type: 'file', path, ...metadata, ...known });
    return undefined;
  }
  const location = locationOf(walk.base, path);
  if (found.size > chunkingLimit)
    return readLargeFile(location, path, found, walk).then(
      (content) => keep({ type: 'file', path, ...metadata, ...content }),
      (error: unknown) => {
        throw problem(error, 'read', walk.base, path);
      },
    );
  const { content, pressure } = calling('read', walk.base, path, () =>
    readSmallFile(location, path, found, walk),
  );
  keep({ type: 'file', path, ...metadata, ...content });
  return pressure;
}

function specialInode(walk: Walk, path: ByteString, found: BigIntStats): InodeEntry {
  const metadata = metadataOf(walk, path, found);
  if (found.isSymbolicLink()) {
    const location = locationOf(walk.base, path);
    const target = calling('readlink', walk.base, path, () => readlinkSync(location, 'latin1'));
    return {
      type: 'symlink',
      path,
      ...metadata,
      mode: symlinkMode,
      target: checkedTarget(path, target as ByteString),
    };
  }
  if (found.isFIFO()) return { type: 'fifo', path, ...metadata };
  const type = found.isCharacterDevice() ? 'char' : 'block';
  return { type, path, ...metadata, device: checkedDevice(path, type, unpackDevice(found.rdev)) };
}

function metadataOf(walk: Walk, path: ByteString, found: BigIntStats) {
  const uid = Number(found.uid);
  const gid = Number(found.gid);
  return checkedMetadata(
    path,
    {
      mode: Number(found.mode),
      uid,
      gid,
      user: walk.owners.users.get(uid),
      group: walk.owners.groups.get(gid),
      mtime: timeOf(found.mtimeNs),
      xattrs: listXattrs(locationOf(walk.base, path)),
    },
    walk.clamped,
  );
}

const second = 1_000_000_000n;

/** A time of `lstat` as a time of an entry. */
export function timeOf(nanoseconds: bigint): ModificationTime {
  const rest = ((nanoseconds % second) + second) % second;
  return [Number((nanoseconds - rest) / second), Number(rest)];
}

function look(base: ByteString, path: ByteString): BigIntStats {
  return calling('lstat', base, path, () => lstatSync(locationOf(base, path), { bigint: true }));
}

function isDirectory(base: ByteString, path: string): boolean {
  const found = lstatSync(locationOf(base, path as ByteString), { throwIfNoEntry: false });
  return found?.isDirectory() === true;
}

/** The names in a directory in byte order. */
function namesBelow(base: ByteString, path: ByteString): ByteString[] {
  const names = calling('readdir', base, path, () => readdirSync(locationOf(base, path), 'latin1'));
  return (names as ByteString[]).sort();
}

/** Where a path of the tree lies, for `node:fs`: text while it is ASCII, which is faster, else bytes. */
function locationOf(base: ByteString, path: ByteString): string | Buffer {
  const whole = (path === '' ? base || '/' : `${base}/${path}`) as ByteString;
  return isAscii(whole) ? whole : bytesOf(whole);
}

function calling<Result>(call: string, base: ByteString, path: ByteString, action: () => Result): Result {
  try {
    return action();
  } catch (error) {
    throw problem(error, call, base, path);
  }
}

/** What was listed a moment ago and is gone has been changed by somebody. */
function problem(error: unknown, call: string, base: ByteString, path: ByteString): Error {
  if (path !== '' && errnoOf(error) === 'ENOENT')
    return new SatchelError('tree-changed-while-read', { path: displayOf(path) }, { cause: error });
  return systemError(error, call, locationOf(base, path));
}
