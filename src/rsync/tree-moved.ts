import { lstatSync, utimesSync } from 'node:fs';
import { type ByteString, byteStringFromText, pathBelow } from '../base/byte-string.ts';
import type { BuildName } from '../base/identifiers.ts';
import { createLedger, type Ledger, rowMatches, setRow } from '../device/ledger.ts';
import { getXattr } from '../os/system-calls.ts';
import { walkTree } from '../os/tree-walk.ts';
import { statAttribute } from './fake-super.ts';
import type { RsyncLayout } from './layout.ts';
import { lastUse, readMark, writeMark } from './tree-mark.ts';

/**
 * Whether a tree that has its mark is whole. One whose inodes are not those of the mark was copied to another disk:
 * it is whole when nothing is missing and nothing lost its attributes or its links, as happens with some programs
 * that copy; then the mark gets the new inodes.
 */
export function isWhole(layout: RsyncLayout, name: BuildName): boolean {
  const mark = readMark(layout, name);
  const root = layout.moduleRoot(name);
  const found = lstatSync(root, { bigint: true, throwIfNoEntry: false });
  if (mark === undefined || found === undefined) return false;
  if (rowMatches(mark, 0, found)) return true;
  const copied = ledgerOfCopy(root, mark);
  if (copied === undefined) return false;
  const usedAt = (lastUse(layout, name) ?? 0) / 1000;
  writeMark(layout, name, copied);
  utimesSync(layout.readyMark(name), usedAt, usedAt);
  return true;
}

/** The ledger of a copy of a tree; undefined when it is not like the original. */
function ledgerOfCopy(root: string, original: Ledger): Ledger | undefined {
  const rows = original.inode.length;
  const copy = createLedger(original.index, rows);
  const inodes = new Map<bigint, bigint>();
  let row = 0;
  for (const path of pathsOf(root)) {
    if (row === rows || !isCopied(root, path)) return undefined;
    const stat = lstatSync(pathBelow(root, path), { bigint: true });
    setRow(copy, row, stat);
    const before = original.inode[row]!;
    // Names of one inode are names of one inode again.
    if ((inodes.get(before) ?? stat.ino) !== stat.ino) return undefined;
    inodes.set(before, stat.ino);
    if (!isAlike(original, copy, row)) return undefined;
    row += 1;
  }
  return row === rows ? copy : undefined;
}

/** True when two rows tell the same of everything but the number of the inode. */
function isAlike(one: Ledger, other: Ledger, row: number): boolean {
  return (['size', 'mtime', 'mode', 'uid', 'gid'] as const).every(
    (column) => one[column][row] === other[column][row],
  );
}

/** In the order of the index, which is that of the rows. */
function* pathsOf(root: string): Generator<ByteString> {
  yield '' as ByteString;
  for (const { path } of walkTree(root)) yield path;
}

function isCopied(root: string, path: ByteString): boolean {
  return getXattr(pathBelow(root, path), byteStringFromText(statAttribute)) !== undefined;
}
