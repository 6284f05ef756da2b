import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import type { Reporter } from '../base/progress.ts';
import type { TreeNames } from './tree.ts';

/** Where the images of the old builder keep the untouched tree of each version. */
export const pristineDirectory = 'versions/pristine' as ByteString;

/**
 * The old publisher's rule for what of an archive is the build: if anything lies below `versions/pristine`, the
 * first name there in byte order is the root and everything else is left out; otherwise the top-level
 * `versions` is left out. Throws `tree-root-not-directory`.
 */
export function applyPristineRule(names: TreeNames, reporter: Reporter): TreeNames {
  const root = firstPristine(names);
  if (root !== undefined) {
    if (names.get(root)!.type !== 'directory')
      throw new SatchelError('tree-root-not-directory', { path: displayOf(root) });
    reporter.notice('tree-pristine-used', { path: displayOf(root) });
    return below(names, root);
  }
  if (!names.has('versions' as ByteString)) return names;
  reporter.notice('tree-versions-dropped');
  return new Map([...names].filter(([path]) => path !== 'versions' && !path.startsWith('versions/')));
}

function firstPristine(names: TreeNames): ByteString | undefined {
  if (!names.has(pristineDirectory)) return undefined;
  const prefix = `${pristineDirectory}/`;
  let first: ByteString | undefined;
  for (const path of names.keys()) {
    if (!path.startsWith(prefix) || path.includes('/', prefix.length)) continue;
    if (first === undefined || path < first) first = path;
  }
  return first;
}

function below(names: TreeNames, root: ByteString): TreeNames {
  const selected: TreeNames = new Map([['' as ByteString, names.get(root)!]]);
  const prefix = `${root}/`;
  for (const [path, inode] of names)
    if (path.startsWith(prefix)) selected.set(path.slice(prefix.length) as ByteString, inode);
  return selected;
}
