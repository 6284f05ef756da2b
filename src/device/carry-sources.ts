import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ByteString, byteString, displayOf } from '../base/byte-string.ts';
import { isSatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import type { CarryTrees } from './carry-layer.ts';
import {
  type CarryPolicy,
  defaultPolicy,
  type PolicyLine,
  parsePolicy,
  persistLines,
  policyOf,
  policyPath,
} from './carry-policy.ts';
import { childOf, type TreeView, unlessGone } from './local-inode.ts';
import { withPlace } from './local-open.ts';

const persistFolder = 'etc/satchel/persist.d' as ByteString;

/**
 * The policy that counts: the one that the user sees in `/etc/satchel/carry.conf`, else the next version's, else ours.
 * Persistent paths, which the next version's lists name, are left to the initramfs.
 * Throws `carry-policy-wrong`.
 */
export function readPolicy(trees: CarryTrees): CarryPolicy {
  return policyOf([...persistentPaths(trees.theirs), ...readLines(trees)]);
}

/** As {@link readPolicy}; one that is wrong is said and ours counts, so that no slip of the pen stops updates. */
export function readPolicyOrOurs(trees: CarryTrees, reporter: Reporter): CarryPolicy {
  try {
    return readPolicy(trees);
  } catch (error) {
    if (!isSatchelError(error, 'carry-policy-wrong')) throw error;
    reporter.notice('carry-policy-replaced', error.parameters);
    return policyOf([...persistentPaths(trees.theirs), ...ourLines()]);
  }
}

function readLines({ mine, theirs, old }: CarryTrees): PolicyLine[] {
  for (const tree of [mine, theirs, old]) {
    const text = textAt(tree, policyPath);
    if (text !== undefined) return parsePolicy(text, join(tree.root, displayOf(policyPath)));
  }
  return ourLines();
}

function ourLines(): PolicyLine[] {
  return parsePolicy(defaultPolicy as ByteString, 'satchel');
}

function persistentPaths(theirs: TreeView): PolicyLine[] {
  return theirs
    .names(persistFolder)
    .filter((name) => name.endsWith('.list'))
    .flatMap((name) => persistLines(textAt(theirs, childOf(persistFolder, name)) ?? ('' as ByteString)));
}

function textAt(tree: TreeView, path: ByteString): ByteString | undefined {
  const inode = tree.look(path);
  if (inode?.type !== 'file') return undefined;
  return unlessGone(() => withPlace({ tree, path, inode }, (fd) => byteString(readFileSync(fd))));
}
