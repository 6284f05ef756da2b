import { hash } from 'node:crypto';
import { lstatSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { type BuildName, isBuildName, type Sha256 } from '../base/identifiers.ts';
import { type Ledger, readAnyLedger, writeLedger } from '../device/ledger.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { BuildRecord } from '../repository/records.ts';
import type { Owner } from './fake-super.ts';
import type { RsyncLayout } from './layout.ts';

/**
 * The ready mark of a tree is also the ledger of its inodes: what makes the next tree needs to know them, and what
 * deletes trees counts their bytes by them. It names the build that it was made for, so a tree of another build
 * that had the same name is recognised.
 */

/** Says how trees are made: a tree of another number is made anew. */
const treeFormat = 1;

/** What a tree is made from, as one hash: it changes when any of that does. */
export function treeKey({ index, contents }: BuildRecord, { uid, gid }: Owner): Sha256 {
  return hash('sha256', `${treeFormat} ${index.sha256} ${contents.sha256} ${uid} ${gid}`) as Sha256;
}

/** Builds that have a ready mark, in byte order. */
export function readyNames(layout: RsyncLayout): BuildName[] {
  return namesIn(layout.readyMarks).filter((name) => isReady(layout, name));
}

/** Names of builds that a folder of the rsync directory has entries for, in byte order. */
export function namesIn(folder: string): BuildName[] {
  const names = withSystemErrors('readdir', folder, () => readdirSync(folder));
  return names.filter(isBuildName).sort();
}

/** True when the tree is complete; only a file is a mark. */
export function isReady(layout: RsyncLayout, name: BuildName): boolean {
  return lstatSync(layout.readyMark(name), { throwIfNoEntry: false })?.isFile() === true;
}

/** Removes what has the name of a mark and is none; gives the paths. */
export function removeStrangeMarks(layout: RsyncLayout): string[] {
  const entries = readdirSync(layout.readyMarks, { withFileTypes: true });
  const paths = entries.filter((entry) => !entry.isFile()).map(({ name }) => join(layout.readyMarks, name));
  for (const path of paths) removeTree(path);
  return paths;
}

/** When the tree was last used, in milliseconds since 1970; undefined when it is not complete. */
export function lastUse(layout: RsyncLayout, name: BuildName): number | undefined {
  return lstatSync(layout.readyMark(name), { throwIfNoEntry: false })?.mtimeMs;
}

/** Says that a tree, which is on the disk, is complete. */
export function writeMark(layout: RsyncLayout, name: BuildName, ledger: Ledger): void {
  const path = layout.readyMark(name);
  if (!isReady(layout, name)) removeTree(path);
  writeLedger(path, ledger);
}

/** The mark of a tree; undefined when it is not complete, or the mark is damaged. */
export function readMark(layout: RsyncLayout, name: BuildName): Ledger | undefined {
  return readAnyLedger(layout.readyMark(name));
}

/** Says that a tree is not complete any more; true when it was. {@link restoreMark} takes that back. */
export function hideMark(layout: RsyncLayout, name: BuildName): boolean {
  const path = layout.readyMark(name);
  if (!isReady(layout, name)) return false;
  removeTree(hidden(layout, name));
  withSystemErrors('rename', path, () => renameSync(path, hidden(layout, name)));
  return true;
}

/** Sets back what {@link hideMark} took, with the time of its last use. */
export function restoreMark(layout: RsyncLayout, name: BuildName): void {
  const path = layout.readyMark(name);
  withSystemErrors('rename', path, () => renameSync(hidden(layout, name), path));
}

/** Removes what {@link hideMark} took, also what a killed run had taken. */
export function dropHiddenMark(layout: RsyncLayout, name: BuildName): void {
  removeTree(hidden(layout, name));
}

/** No build has such a name: they do not begin with a full stop. */
function hidden({ readyMarks }: RsyncLayout, name: BuildName): string {
  return join(readyMarks, `.hidden-${name}`);
}
