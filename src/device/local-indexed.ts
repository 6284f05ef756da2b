import type { ByteString } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName } from '../base/identifiers.ts';
import type { InodeEntry } from '../build/entry.ts';
import { type EntryList, entryAt, pathOf } from '../build/index-table.ts';
import { readInstalledIndex } from './installed.ts';
import { type DeviceLayout, pristineTree } from './layout.ts';
import { childOf, type LocalInode, type TreeView, viewTree } from './local-inode.ts';

/**
 * The untouched tree of a version. What is gone of it (by damage, or because an update in place needed its room) is
 * known from its index, all but its content.
 */
export function viewPristine(layout: DeviceLayout, build: BuildName): TreeView {
  const tree = viewTree(pristineTree(layout, build));
  const entries = entriesOf(layout, build);
  if (entries === undefined) return tree;
  return {
    ...tree,
    look: (path) => tree.look(path) ?? lookUp(entries, path),
    names: (path) => [...new Set([...tree.names(path), ...namesIn(entries, path)])].sort(),
  };
}

function entriesOf(layout: DeviceLayout, build: BuildName): EntryList | undefined {
  try {
    return readInstalledIndex(layout, build);
  } catch (error) {
    if (isSatchelError(error, 'version-not-installed', 'installed-index-damaged')) return undefined;
    throw error;
  }
}

function lookUp(entries: EntryList, path: ByteString): LocalInode | undefined {
  const entry = entryAt(entries, path);
  const inode = entry?.type === 'hardlink' ? entryAt(entries, entry.link) : entry;
  return inode === undefined || inode.type === 'hardlink' ? undefined : inodeOf(inode);
}

function inodeOf(entry: InodeEntry): LocalInode {
  const { type, mode, uid, gid, mtime, xattrs } = entry;
  return {
    ...{ type, mode, uid, gid, mtime, xattrs, marks: [] },
    size: type === 'file' ? entry.size : 0,
    ...(type === 'file' ? { sha256: entry.sha256 } : {}),
    ...(type === 'symlink' ? { target: entry.target } : {}),
    ...(type === 'char' || type === 'block' ? { device: entry.device } : {}),
    ...{ dev: 0n, ino: 0n, names: 1, allocated: 0 },
  };
}

/** Names directly in a folder, from entries in byte order of their whole paths. */
function namesIn(entries: EntryList, folder: ByteString): ByteString[] {
  const prefix = folder === '' ? '' : childOf(folder, '');
  const names: ByteString[] = [];
  for (let number = firstFrom(entries, prefix); ; number += 1) {
    const path = pathOf(entries, number);
    if (path === undefined || !path.startsWith(prefix)) return names;
    const name = path.slice(prefix.length);
    if (name !== '' && !name.includes('/')) names.push(name as ByteString);
  }
}

/** Number of the first entry whose path is not before this one. */
function firstFrom(entries: EntryList, path: string): number {
  let low = 0;
  let high = entries.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (pathOf(entries, middle)! < path) low = middle + 1;
    else high = middle;
  }
  return low;
}
