import { lstatSync } from 'node:fs';
import { type ByteString, pathBelow } from '../base/byte-string.ts';
import type { InodeEntry } from '../build/entry.ts';
import type { EntryList } from '../build/index-table.ts';
import type { Base } from '../device/stage-plan.ts';
import { keptIndex } from './bundle-lists.ts';
import { combineTrees } from './combined-tree.ts';
import { type HomeLayout, kindFolders, type Owner } from './home.ts';
import type { InstalledBundle } from './home-state.ts';
import { placeBelowHome } from './put-in-place.ts';

/** Several bundles in one tree, which is the home; undefined when nothing is known of any. */
export function baseOfBundles(
  layout: HomeLayout,
  owner: Owner,
  installed: readonly InstalledBundle[],
): Base | undefined {
  const trees = installed.flatMap((bundle) => {
    const entries = keptIndex(layout, bundle.index);
    return entries === undefined ? [] : [{ entries, at: placeBelowHome(bundle) }];
  });
  if (trees.length === 0) return undefined;
  const content = `${kindFolders.content}/`;
  return baseIn(layout.home, combineTrees(trees, owner), (path) => path.startsWith(content));
}

/** One bundle by itself, in its folder `tree`; its entries say that they belong to the owner of the home. */
export function baseOfBundle({ kind }: InstalledBundle, tree: string, entries: EntryList): Base {
  return baseIn(tree, entries, () => kind === 'content');
}

/** `mayShare` says which files may be the same inode in two versions: those that no program writes in place. */
function baseIn(tree: string, entries: EntryList, mayShare: (path: ByteString) => boolean): Base {
  return {
    entries,
    check(number) {
      const entry = entries.at(number) as InodeEntry;
      if (!looksRight(tree, entry)) return 'damaged';
      // A file that a program may write in place is copied, so that the version before stays what it was.
      return mayShare(entry.path) && isUntouched(tree, entry) ? 'clean' : 'content-right';
    },
  };
}

/** Content is compared by its hash when it is copied; here only what cannot be right is left out. */
function looksRight(tree: string, entry: InodeEntry): boolean {
  const found = lstatSync(pathBelow(tree, entry.path), { throwIfNoEntry: false });
  if (found === undefined) return false;
  if (entry.type === 'file') return found.isFile() && found.size === entry.size;
  return entry.type === 'symlink' ? found.isSymbolicLink() : true;
}

function isUntouched(tree: string, entry: InodeEntry): boolean {
  const found = lstatSync(pathBelow(tree, entry.path), { bigint: true, throwIfNoEntry: false });
  const [seconds, nanoseconds] = entry.mtime;
  return (
    found !== undefined &&
    found.mtimeNs === BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds) &&
    Number(found.mode & 0o7777n) === (entry.type === 'symlink' ? 0o777 : entry.mode) &&
    Number(found.uid) === entry.uid &&
    Number(found.gid) === entry.gid
  );
}
