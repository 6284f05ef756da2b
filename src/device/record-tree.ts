import { lstatSync } from 'node:fs';
import { pathBelow } from '../base/byte-string.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { InodeEntry } from '../build/entry.ts';
import type { EntryList } from '../build/index-table.ts';
import type { Owed } from './apply-metadata.ts';
import type { Damaged } from './damage.ts';
import { createLedger, type Ledger, setRow } from './ledger.ts';
import { isTimeAsStored } from './metadata-check.ts';
import { groupOwed } from './owed.ts';
import { createTreeCheck } from './tree-check.ts';

export type RecordOptions = {
  /** Absolute path of a tree whose content is known to be right. */
  readonly tree: string;
  readonly entries: EntryList;
  /** SHA-256 of the uncompressed index that `entries` are. */
  readonly index: Sha256;
  readonly owed: readonly Owed[];
};

/**
 * Looks at every inode of a tree that has just been made (5 µs each): the ledger of it, and what is not as the
 * index says in spite of all. Times that the file system keeps more coarsely are as right as they can be.
 */
export function recordTree({ tree, entries, index, owed }: RecordOptions): {
  readonly ledger: Ledger;
  readonly damaged: readonly Damaged[];
} {
  const check = createTreeCheck({ tree, entries, owed: groupOwed(owed) });
  const ledger = createLedger(index, entries.length);
  const damaged: Damaged[] = [];
  for (const [number, entry] of entries.entries()) {
    const inspection = check.inspect(number);
    if (inspection.state === 'owed') continue;
    if (inspection.state !== 'damaged') {
      setRow(ledger, number, inspection.stat);
      continue;
    }
    const stat = inspection.reason === 'time' ? statOfCoarseTime(tree, entry as InodeEntry) : undefined;
    if (stat === undefined) damaged.push({ path: entry.path, reason: inspection.reason });
    else setRow(ledger, number, stat);
  }
  return { ledger, damaged };
}

function statOfCoarseTime(tree: string, { path, mtime }: InodeEntry) {
  const stat = lstatSync(pathBelow(tree, path), { bigint: true });
  return isTimeAsStored(mtime, stat.mtimeNs) ? stat : undefined;
}
