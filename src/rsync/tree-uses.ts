import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from '../base/errors.ts';
import { removeTree } from '../os/remove-tree.ts';
import { withSystemErrors } from '../os/system-error.ts';
import type { RsyncLayout } from './layout.ts';

/** A transfer under way. */
export type TreeUse = {
  /** The build; empty: all of them. */
  readonly name: string;
  /** When it began, in milliseconds since 1970. */
  readonly since: number;
};

/** The transfers under way. What a killed daemon left is removed on the way. */
export function treeUses({ uses }: RsyncLayout): TreeUse[] {
  const found: TreeUse[] = [];
  for (const file of withSystemErrors('readdir', uses, () => readdirSync(uses))) {
    const [name, , pid, ...rest] = file.split(',');
    if (name === undefined || !/^[1-9][0-9]{0,9}$/.test(pid ?? '') || rest.length > 0) continue;
    const path = join(uses, file);
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) continue;
    // No script makes anything else than a file.
    if (!stat.isFile() || !isDaemon(Number(pid))) removeTree(path);
    else found.push({ name, since: stat.mtimeMs });
  }
  return found;
}

/** True when one of the uses is of this build. */
export function isUsed(uses: readonly TreeUse[], name: string): boolean {
  return uses.some((use) => use.name === name || use.name === '');
}

/** After a restart of the machine the number of a daemon's process may belong to another program. */
function isDaemon(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (systemErrorCode(error) !== 'EPERM') return false;
  }
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('rsync');
  } catch {
    // Ended meanwhile, or a system without /proc: the next look tells.
    return true;
  }
}
