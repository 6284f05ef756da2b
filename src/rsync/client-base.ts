import { lstatSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { Content } from '../build/content-intake.ts';
import type { ContentSink } from '../build/content-sink.ts';
import { buildFromDirectory } from '../build/from-directory.ts';
import type { EntryList } from '../build/index-table.ts';
import { openBase } from '../device/base-check.ts';
import { readInstalled, readInstalledIndex } from '../device/installed.ts';
import { type DeviceLayout, pristineTree } from '../device/layout.ts';
import { withSystemErrors } from '../os/system-error.ts';
import { walkTree } from '../os/tree-walk.ts';

/** The version that unchanged files are taken from, and what is known of it. */
export type ClientBase = {
  readonly name: BuildName;
  /** Absolute path. */
  readonly tree: string;
  /** Its entries, as they were when it was right; of a tree that nothing is known about, as it was found. */
  readonly entries: EntryList;
  /** The hash of its manifest, as far as it is known. */
  readonly contentsHash: string | undefined;
  /** Paths whose inodes must not be shared: damaged ones, and those with several names in the tree. */
  readonly unshared: ReadonlySet<ByteString>;
  /** Paths that are not as they should be. */
  readonly damaged: readonly ByteString[];
  /** Contents of files that are right, by inode number: they need not be read again. */
  readonly contents: ReadonlyMap<bigint, Content>;
};

/** Takes contents that only their hashes are wanted of. */
export const contentsDropped: ContentSink = { add: () => undefined };

export type ClientBaseOptions = {
  readonly layout: DeviceLayout;
  readonly name: BuildName;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Opens a version on disk as a base. One that was installed with an index is only looked at, and read where it does
 * not look as it was recorded; any other is read once from end to end, which is said. Throws `cancelled`, and what
 * reading a tree throws.
 */
export async function openClientBase(options: ClientBaseOptions): Promise<ClientBase> {
  const { layout, name, reporter, signal } = options;
  const tree = pristineTree(layout, name);
  const inodes = inodesOf(tree);
  const recorded = recordedEntries(layout, name);
  if (recorded === undefined) {
    reporter.notice('rsync-base-unknown', { build: name });
    const read = { reporter, signal, asItIs: true };
    const entries = await buildFromDirectory(tree, contentsDropped, read);
    const clean = () => 'clean' as const;
    return { name, tree, entries, contentsHash: undefined, ...judge(entries, inodes, clean), damaged: [] };
  }
  const { entries, index } = recorded;
  const base = openBase({ layout, name, entries, index });
  const judged = judge(entries, inodes, (number) => base.check(number));
  if (judged.damaged.length > 0)
    reporter.notice('rsync-base-dirty', { build: name, count: judged.damaged.length });
  return { name, tree, entries, contentsHash: recorded.contentsHash, ...judged };
}

/** The index that a version was installed with; undefined when there is none that can be trusted. */
function recordedEntries(layout: DeviceLayout, name: BuildName) {
  try {
    const record = readInstalled(layout, name);
    if (record === undefined) return undefined;
    const { index, contentsHash } = record;
    return { entries: readInstalledIndex(layout, name), index, contentsHash };
  } catch (error) {
    if (isSatchelError(error, 'installed-index-damaged', 'device-file-damaged')) return undefined;
    throw error;
  }
}

type TreeInodes = {
  readonly byPath: ReadonlyMap<ByteString, bigint>;
  readonly names: ReadonlyMap<bigint, readonly ByteString[]>;
};

/** Which names of a tree share an inode: asked of the disk, since somebody may have linked what was apart. */
function inodesOf(tree: string): TreeInodes {
  const byPath = new Map<ByteString, bigint>();
  const names = new Map<bigint, ByteString[]>();
  for (const { path, isDirectory } of walkTree(tree)) {
    if (isDirectory) continue;
    const full = pathBelow(tree, path);
    const { ino } = withSystemErrors('lstat', full, () => lstatSync(full, { bigint: true }));
    byPath.set(path, ino);
    const known = names.get(ino);
    if (known === undefined) names.set(ino, [path]);
    else known.push(path);
  }
  return { byPath, names };
}

function judge(
  entries: EntryList,
  { byPath, names }: TreeInodes,
  check: (number: number) => 'clean' | 'content-right' | 'damaged',
): Pick<ClientBase, 'unshared' | 'damaged' | 'contents'> {
  const unshared = new Set<ByteString>();
  const damaged: ByteString[] = [];
  const contents = new Map<bigint, Content>();
  for (const group of names.values()) if (group.length > 1) for (const path of group) unshared.add(path);
  for (const [number, entry] of entries.entries()) {
    if (entry.type === 'directory') continue;
    if (entry.type === 'hardlink') {
      if (byPath.get(entry.path) === byPath.get(entry.link)) continue;
      unshared.add(entry.path);
      damaged.push(entry.path);
      continue;
    }
    const state = check(number);
    if (state === 'clean') {
      const inode = byPath.get(entry.path);
      if (entry.type !== 'file' || inode === undefined) continue;
      const { size, sha256, chunks } = entry;
      contents.set(inode, chunks === undefined ? { size, sha256 } : { size, sha256, chunks });
      continue;
    }
    unshared.add(entry.path);
    damaged.push(entry.path);
  }
  return { unshared, damaged, contents };
}
