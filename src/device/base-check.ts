import type { ByteString } from '../base/byte-string.ts';
import type { BuildName, Sha256 } from '../base/identifiers.ts';
import { type EntryList, hardLinksOf } from '../build/index-table.ts';
import { contentMayBeRight } from './damage.ts';
import { type DeviceLayout, ledgerFile, pristineTree } from './layout.ts';
import { type Ledger, readLedger } from './ledger.ts';
import { type OwedByPath, readOwed } from './owed.ts';
import { checkByReading, readItem } from './read-check.ts';
import type { Base, BaseState } from './stage-plan.ts';
import { createTreeCheck } from './tree-check.ts';

export type BaseOptions = {
  readonly layout: DeviceLayout;
  readonly name: BuildName;
  readonly entries: EntryList;
  /** SHA-256 of the uncompressed index that `entries` are. */
  readonly index: Sha256;
};

/** A tree on this device, and what is known of its inodes. */
export type BaseTree = {
  /** Absolute path. */
  readonly tree: string;
  readonly entries: EntryList;
  readonly ledger: Ledger | undefined;
  readonly owed: OwedByPath;
};

/** An installed version as the base of the next: see {@link baseOfTree}. */
export function openBase({ layout, name, entries, index }: BaseOptions): Base & BaseTree {
  const tree = pristineTree(layout, name);
  const ledger = readLedger(ledgerFile(layout, name), index, entries.length);
  return baseOfTree({ tree, entries, ledger, owed: readOwed(layout, name) });
}

/**
 * A tree as the base of the next: each entry is compared with the disk when it is asked for,
 * and read only when its inode does not look as the ledger says. `clean` needs every name of a hard-linked
 * inode to be in its place. What is owed to a path that is linked is owed to the new version too: see
 * `carriedOwed`.
 */
export function baseOfTree(base: BaseTree): Base & BaseTree {
  const { tree, entries, ledger, owed } = base;
  const check = createTreeCheck({ tree, entries, ledger, owed });
  const furtherNames = namesByFirst(entries);
  const isRoot = process.geteuid?.() === 0;

  const allNamesShare = (path: ByteString) =>
    (furtherNames.get(path) ?? []).every((number) => check.inspect(number).state === 'as-recorded');

  const stateOf = (number: number): BaseState => {
    const entry = entries.at(number)!;
    if (entry.type === 'hardlink') throw new Error('a base is asked for inodes only');
    const inspection = check.inspect(number);
    // What is owed is made anew: by root as it should be, by anybody else to be owed again.
    if (inspection.state === 'owed' || (isRoot && owed.has(entry.path))) return 'content-right';
    if (inspection.state === 'damaged' && !contentMayBeRight(inspection.reason)) return 'damaged';
    if (inspection.state !== 'as-recorded') {
      const outcome = checkByReading(tree, readItem(number, entry, owed.get(entry.path)));
      if (outcome === 'attributes') return 'content-right';
      if (outcome !== 'right') return 'damaged';
      if (inspection.state === 'damaged') return 'content-right';
    }
    return allNamesShare(entry.path) ? 'clean' : 'content-right';
  };

  return { ...base, check: stateOf };
}

/** Numbers of the further names of each hard-linked inode, by its first path. */
function namesByFirst(entries: EntryList): Map<ByteString, number[]> {
  const names = new Map<ByteString, number[]>();
  for (const [number, { link }] of hardLinksOf(entries)) {
    const known = names.get(link);
    if (known) known.push(number);
    else names.set(link, [number]);
  }
  return names;
}
