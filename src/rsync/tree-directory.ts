import { chmodSync, lstatSync, mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { byteStringFromText } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { removeTemporaries } from '../os/atomic-file.ts';
import { type Lock, tryLock } from '../os/file-lock.ts';
import { setXattr } from '../os/system-calls.ts';
import { errnoOf, withSystemErrors } from '../os/system-error.ts';
import type { RsyncLayout } from './layout.ts';
import { clearModule } from './tree-make.ts';
import { dropHiddenMark, hideMark, isReady, namesIn, removeStrangeMarks } from './tree-mark.ts';
import { isWhole } from './tree-moved.ts';
import { discard } from './tree-trash.ts';

/**
 * Makes the folders that trees need and takes the lock of them. Throws `trees-in-use` and `tree-attributes-refused`.
 */
export function openTreeDirectory(layout: RsyncLayout): Lock {
  const { directory, builds, run, readyMarks, uses, asks, sticky, trash, temporary } = layout;
  for (const folder of [directory, run, readyMarks, uses, asks, sticky]) makeFolder(folder, 0o755);
  // The daemon's user has to get to what it serves, whatever the umask was.
  for (const folder of [dirname(builds), builds]) {
    makeFolder(folder, 0o755);
    withSystemErrors('chmod', folder, () => chmodSync(folder, 0o755));
  }
  // Trees in the trash are still read by those who began before.
  makeFolder(trash, 0o755);
  makeFolder(temporary, 0o700);
  const lock = lockTrees(layout);
  if (lock === undefined) throw new SatchelError('trees-in-use', { path: directory });
  try {
    requireAttributes(layout);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Takes the lock of whoever makes and removes trees; undefined when another process has it. */
export function lockTrees({ run }: RsyncLayout): Lock | undefined {
  return tryLock(join(run, 'trees.lock'));
}

/**
 * Takes away what a killed run left half done: no tree is without its mark, and no mark without its tree. `onStrange`
 * is told of what lay among the marks and was none.
 */
export function clearLeftovers(layout: RsyncLayout, onStrange: (path: string) => void): void {
  for (const path of removeStrangeMarks(layout)) onStrange(path);
  for (const name of withSystemErrors('readdir', layout.temporary, () => readdirSync(layout.temporary)))
    discard(layout, join(layout.temporary, name));
  removeTemporaries(layout.readyMarks);
  for (const name of namesIn(layout.readyMarks)) {
    const isThere = exists(layout.moduleContents(name)) && isWhole(layout, name);
    if (!isThere && hideMark(layout, name)) dropHiddenMark(layout, name);
  }
  for (const name of namesIn(layout.builds)) {
    dropHiddenMark(layout, name);
    if (!isReady(layout, name)) clearModule(layout, name);
  }
}

function exists(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}

function makeFolder(path: string, mode: number): void {
  withSystemErrors('mkdir', path, () => {
    if (mkdirSync(path, { recursive: true, mode }) !== undefined) chmodSync(path, mode);
  });
}

function requireAttributes({ temporary, directory }: RsyncLayout): void {
  const probe = join(temporary, 'probe');
  withSystemErrors('mkdir', probe, () => mkdirSync(probe, { recursive: true }));
  try {
    setXattr(probe, byteStringFromText('user.satchel'), byteStringFromText('1'));
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ENOTSUP' && errno !== 'EOPNOTSUPP' && errno !== 'EPERM') throw error;
    throw new SatchelError('tree-attributes-refused', { path: directory }, { cause: error });
  } finally {
    rmdirSync(probe);
  }
}
