import type { ByteString } from '../base/byte-string.ts';
import type { FileEntry, InodeEntry } from '../build/entry.ts';
import { parentOf } from '../build/entry-rules.ts';
import { type EntryList, entryAt } from '../build/index-table.ts';
import { type MetadataField, metadataDifferences } from '../build/inode-differences.ts';
import { inodeOf, type LinkGroups, linkGroupsOf } from '../build/link-groups.ts';
import type { LocalChange } from './local-changes.ts';
import { withoutNoise } from './local-compare.ts';
import { childOf, type LocalInode, type TreeView, viewTree } from './local-inode.ts';
import { checkContent } from './read-check.ts';

/** The tree that runs without a layer, and what its version is. */
export type RunningTree = {
  /** Absolute path of the tree that runs. */
  readonly run: string;
  /** Absolute path of the untouched tree, which hard links may have damaged together with the other. */
  readonly pristine: string;
  readonly entries: EntryList;
  /** True to read every file; false to believe a file that has its size and its time. */
  readonly full: boolean;
};

type Comparing = {
  readonly run: TreeView;
  readonly pristine: TreeView;
  readonly entries: EntryList;
  readonly groups: LinkGroups;
  readonly full: boolean;
  /** What is mounted in the tree is no part of it. */
  readonly device: bigint;
};

/**
 * What the user changed in a tree of its own (run mode reflink, copy or hardlink), by comparing all of it with the
 * index. A folder comes before what is in it.
 */
export function* changesOfTree({
  run,
  pristine,
  entries,
  full,
}: RunningTree): Generator<LocalChange | undefined, void> {
  const views = { run: viewTree(run), pristine: viewTree(pristine) };
  const device = views.run.look('' as ByteString)?.dev ?? 0n;
  const comparing = { ...views, entries, groups: linkGroupsOf(entries), full, device };
  const gone = new Set<ByteString>();
  for (const entry of entries) {
    // Long stretches without a change are told too, so that others get their turn.
    yield undefined;
    const parent = parentOf(entry.path);
    if (entry.path !== '' && gone.has(parent)) {
      if (entry.type === 'directory') gone.add(entry.path);
      continue;
    }
    const mine = views.run.look(entry.path);
    if (entry.type === 'directory' && mine?.type !== 'directory') gone.add(entry.path);
    if (mine !== undefined && mine.dev !== device) continue;
    yield* changeOf(comparing, entry.path, inodeOf(entry, comparing.groups), mine);
    if (mine?.type === 'directory') yield* extrasIn(comparing, entry.path);
  }
}

function* changeOf(
  comparing: Comparing,
  path: ByteString,
  entry: InodeEntry,
  mine: LocalInode | undefined,
): Generator<LocalChange, void> {
  const old = comparing.pristine.look(path);
  if (old === undefined || mine === undefined) {
    if (old !== undefined) yield { kind: 'deleted', path, old };
    else if (mine !== undefined && mine.type !== 'socket') yield { kind: 'added', path, mine };
    return;
  }
  const fields: readonly MetadataField[] = withoutNoise(entry.type, metadataDifferences(entry, mine)).filter(
    (field) => field !== 'names',
  );
  if (!isContentOf(comparing, path, entry, mine)) yield { kind: 'changed', path, old, mine, fields };
  else if (fields.length > 0) yield { kind: 'metadata', path, old, mine, fields };
}

function isContentOf(comparing: Comparing, path: ByteString, entry: InodeEntry, mine: LocalInode): boolean {
  if (entry.type !== mine.type) return false;
  if (entry.type === 'file') return isFileOf(comparing, path, entry, mine);
  if (entry.type === 'symlink') return entry.target === mine.target;
  if (entry.type !== 'char' && entry.type !== 'block') return true;
  return entry.device[0] === mine.device?.[0] && entry.device[1] === mine.device[1];
}

function isFileOf({ run, full }: Comparing, path: ByteString, entry: FileEntry, mine: LocalInode): boolean {
  if (entry.size !== mine.size) return false;
  const isSameTime = entry.mtime[0] === mine.mtime[0] && entry.mtime[1] === mine.mtime[1];
  if (isSameTime && !full) return true;
  return checkContent(run.place(path), entry) === 'right';
}

/** What is in a folder of the index and is not in the index, with all that is below it. */
function* extrasIn({ run, entries, device }: Comparing, folder: ByteString): Generator<LocalChange, void> {
  for (const name of run.names(folder)) {
    const path = childOf(folder, name);
    if (entryAt(entries, path) === undefined) yield* addedBelow(run, path, device);
  }
}

function* addedBelow(run: TreeView, path: ByteString, device: bigint): Generator<LocalChange, void> {
  const mine = run.look(path);
  if (mine === undefined || mine.type === 'socket' || mine.dev !== device) return;
  yield { kind: 'added', path, mine };
  for (const name of mine.type === 'directory' ? run.names(path) : [])
    yield* addedBelow(run, childOf(path, name), device);
}
