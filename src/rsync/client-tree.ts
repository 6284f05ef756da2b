import { type BigIntStats, chmodSync, chownSync, lchownSync, lstatSync, rmSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import type { Reporter } from '../base/progress.ts';
import { contentsDifferences } from '../build/contents.ts';
import type { IndexEntry } from '../build/entry.ts';
import { parentOf } from '../build/entry-rules.ts';
import { buildFromDirectory } from '../build/from-directory.ts';
import type { ContentsEntry } from '../formats/olpc-contents.ts';
import { unpackDevice } from '../os/device-numbers.ts';
import { removeTree } from '../os/remove-tree.ts';
import { makeNode, setTimes } from '../os/system-calls.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { walkTree } from '../os/tree-walk.ts';
import { type ClientBase, contentsDropped } from './client-base.ts';
import type { Transfer } from './client-transfer.ts';

/** A tree that was fetched, and in which paths it is not as it should be. */
export type FetchedTree = { readonly entries: readonly IndexEntry[]; readonly wrong: readonly WrongPath[] };

/** A path that has to be fetched once more (`fetch`), or that does not belong there. */
export type WrongPath = {
  readonly path: ByteString;
  readonly isDirectory: boolean;
  readonly isExtra: boolean;
};

export type CheckOptions = {
  readonly tree: string;
  /** Our own manifest; without one the tree is compared with that of the server, which reads both. */
  readonly contents: readonly ContentsEntry[] | undefined;
  readonly base: ClientBase | undefined;
  /** Makes the device nodes that the manifest names. */
  readonly devicesByManifest: boolean;
  readonly transfer: Transfer;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Takes every name out of the tree whose inode something outside of it has too: what an earlier run linked from the
 * base is linked again in a moment, and rsync must never change an inode of an old version.
 */
export function unlinkShared(tree: string): void {
  for (const paths of sharedOutside(tree).values())
    for (const path of paths) rmSync(pathBelow(tree, path), { force: true });
}

/** The inodes that have more names than those in the tree, with these. */
function sharedOutside(tree: string): Map<bigint, readonly ByteString[]> {
  const found = new Map<bigint, { readonly links: bigint; readonly paths: ByteString[] }>();
  for (const { path, isDirectory } of walkTree(tree)) {
    const stat = isDirectory ? undefined : lookAt(tree, path);
    if (stat === undefined || stat.nlink === 1n) continue;
    const known = found.get(stat.ino);
    if (known === undefined) found.set(stat.ino, { links: stat.nlink, paths: [path] });
    else known.paths.push(path);
  }
  const shared = [...found].filter(([, { links, paths }]) => BigInt(paths.length) < links);
  return new Map(shared.map(([inode, { paths }]) => [inode, paths]));
}

/** Reads the tree (files that share an inode with the sound base are not read) and checks it. */
export async function checkFetched(options: CheckOptions): Promise<FetchedTree> {
  const { tree, contents, base, transfer, reporter, signal } = options;
  if (contents !== undefined) {
    if (options.devicesByManifest) settleDevices(tree, contents);
    settleMetadata(tree, contents);
  }
  const knownContent = ({ ino }: BigIntStats) => base?.contents.get(ino);
  const entries = await buildFromDirectory(tree, contentsDropped, {
    reporter,
    signal,
    asItIs: true,
    knownContent,
  });
  return {
    entries,
    wrong: contents === undefined ? await differencesAtServer(transfer, tree) : wrongPaths(),
  };

  function wrongPaths(): WrongPath[] {
    const directories = new Set(contents?.filter(({ type }) => type === 'd').map(({ path }) => path));
    return contentsDifferences(contents ?? [], entries).map(({ path, kind }) => ({
      path,
      isDirectory: directories.has(path),
      isExtra: kind === 'extra',
    }));
  }
}

async function differencesAtServer(transfer: Transfer, tree: string): Promise<WrongPath[]> {
  const items = await transfer.compare(tree);
  return items
    .filter(({ state }) => state !== 'same')
    .map(({ path, isDirectory, state }) => ({ path, isDirectory, isExtra: state === 'extra' }))
    .toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

/** Takes what is wrong out of the tree, so that nothing of it is used when it is fetched again. */
export function removeWrong(tree: string, wrong: readonly WrongPath[]): void {
  for (const { path, isDirectory } of wrong) {
    // A path may have gone with the one before it, so nothing that was found out before counts here.
    const found = createLook(tree)(path);
    if (found !== undefined && !(isDirectory && found.isDirectory())) removeTree(pathBelow(tree, path));
  }
}

/**
 * Old servers and ISO images carry whole seconds only and no times of symlinks, and the root of an image has metadata of
 * its own; the manifest knows better, and the contents are compared with it in any case. Inodes that are shared with an
 * old version are left alone: those are right already.
 */
function settleMetadata(tree: string, contents: readonly ContentsEntry[]): void {
  const shared = sharedOutside(tree);
  const look = createLook(tree);
  const [top] = contents;
  if (top?.path === '' && top.type === 'd')
    withSystemErrors('chmod', tree, () => {
      chownSync(tree, top.uid, top.gid);
      chmodSync(tree, top.mode);
    });
  for (const { path, mtime } of contents) {
    const stat = look(path);
    if (stat === undefined || shared.has(stat.ino)) continue;
    const wanted = BigInt(mtime[0]) * 1_000_000_000n + BigInt(mtime[1]);
    if (wanted !== stat.mtimeNs) setTimes(pathBelow(tree, path), mtime);
  }
}

/** ISO images are written and read with device numbers of several kinds, so a node may be missing or another one. */
function settleDevices(tree: string, contents: readonly ContentsEntry[]): void {
  const look = createLook(tree);
  for (const { path, type, device, mode, uid, gid } of contents) {
    if (device === undefined || look(parentOf(path))?.isDirectory() !== true) continue;
    const [major, minor] = device;
    const kind = type === 'c' ? 'char' : 'block';
    const found = look(path);
    if (found !== undefined && isNode(found, kind, device)) continue;
    const full = pathBelow(tree, path);
    removeTree(full);
    makeNode(full, kind, mode, major, minor);
    // The owner first: a change of it takes away some of the mode.
    withSystemErrors('chown', full, () => {
      lchownSync(full, uid, gid);
      chmodSync(full, mode);
    });
  }
}

function isNode(
  found: BigIntStats,
  kind: 'char' | 'block',
  [major, minor]: readonly [number, number],
): boolean {
  const [foundMajor, foundMinor] = unpackDevice(found.rdev);
  const isKind = kind === 'char' ? found.isCharacterDevice() : found.isBlockDevice();
  return isKind && foundMajor === major && foundMinor === minor;
}

/**
 * Looks at paths that somebody else has named. What is below a symlink lies outside of the tree, so it counts as not
 * there. Directories are looked at once.
 */
export function createLook(tree: string): (path: ByteString) => BigIntStats | undefined {
  const sound = new Map<ByteString, boolean>();
  const isSound = (directory: ByteString): boolean => {
    const known = sound.get(directory);
    if (known !== undefined) return known;
    const isTrue =
      (directory === '' || isSound(parentOf(directory))) && lookAt(tree, directory)?.isDirectory() === true;
    sound.set(directory, isTrue);
    return isTrue;
  };
  return (path) => (path === '' || isSound(parentOf(path)) ? lookAt(tree, path) : undefined);
}

function lookAt(tree: string, path: ByteString): BigIntStats | undefined {
  const full = pathBelow(tree, path);
  return withSystemErrors('lstat', full, () => lstatSync(full, { bigint: true, throwIfNoEntry: false }));
}
