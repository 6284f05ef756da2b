import { type ByteString, displayOf } from '../base/byte-string.ts';
import { SatchelError } from '../base/errors.ts';
import { isWhiteout } from '../build/entry-rules.ts';
import type { MetadataField } from '../build/inode-differences.ts';
import { differingFields, isSameContent } from './local-compare.ts';
import { childOf, type LocalInode, markOf, type TreeView, unlessGone } from './local-inode.ts';

/**
 * One thing that the user did to the tree of a version. A folder that is gone stands for all that was in it; a folder
 * that replaces something else, or is new, is followed by what is in it.
 */
export type LocalChange =
  | { readonly kind: 'added'; readonly path: ByteString; readonly mine: LocalInode }
  | {
      /** `changed`: other content or type; `metadata`: only `fields`. */
      readonly kind: 'changed' | 'metadata';
      readonly path: ByteString;
      readonly old: LocalInode;
      readonly mine: LocalInode;
      readonly fields: readonly MetadataField[];
    }
  | { readonly kind: 'deleted'; readonly path: ByteString; readonly old: LocalInode };

/** Where a layer is looked at: what overlayfs has written, and the tree that it was written over. */
export type LayerViews = { readonly upper: TreeView; readonly lower: TreeView };

/** Marks of features that we never switch on: with them the names in a layer are not all that it means. */
const foreignMarks = ['redirect', 'metacopy'];

/**
 * What the user changed, from the writable layer alone: its cost is that of the changes, not of the tree. A folder
 * comes before what is in it. Throws `layer-not-ours`.
 */
export function* changesOfLayer(layers: LayerViews): Generator<LocalChange, void> {
  const top = '' as ByteString;
  const mine = layers.upper.look(top);
  if (mine === undefined) return;
  yield* changedFolder(layers, top, mine);
  yield* changesBelow(layers, top, isOpaque(mine));
}

/** `isHidden`: of the lower tree nothing shows here, whatever is in it. */
function* changesBelow(
  layers: LayerViews,
  folder: ByteString,
  isHidden: boolean,
): Generator<LocalChange, void> {
  const { upper, lower } = layers;
  const here = upper.names(folder);
  if (isHidden) yield* deletedExcept(lower, folder, new Set(here));
  for (const name of here) {
    const path = childOf(folder, name);
    const mine = upper.look(path);
    if (mine === undefined || mine.type === 'socket') continue;
    requireOurs(path, mine);
    if (isWhiteout(mine.type, mine.device)) {
      const old = lower.look(path);
      if (old !== undefined) yield { kind: 'deleted', path, old };
    } else if (mine.type === 'directory') {
      yield* changedFolder(layers, path, mine);
      yield* changesBelow(layers, path, isHidden || isOpaque(mine));
    } else yield* changedFile(layers, path, mine);
  }
}

function* deletedExcept(
  lower: TreeView,
  folder: ByteString,
  here: ReadonlySet<string>,
): Generator<LocalChange, void> {
  for (const name of lower.names(folder)) {
    const path = childOf(folder, name);
    const old = here.has(name) ? undefined : lower.look(path);
    if (old !== undefined) yield { kind: 'deleted', path, old };
  }
}

function* changedFolder(
  { lower }: LayerViews,
  path: ByteString,
  mine: LocalInode,
): Generator<LocalChange, void> {
  const old = lower.look(path);
  if (old === undefined) yield { kind: 'added', path, mine };
  else {
    const fields = differingFields(mine, old);
    if (old.type !== 'directory') yield { kind: 'changed', path, old, mine, fields };
    else if (fields.length > 0) yield { kind: 'metadata', path, old, mine, fields };
  }
}

/** Opening a file for writing is enough to bring it into the layer, so not everything there is a change. */
function* changedFile(
  { upper, lower }: LayerViews,
  path: ByteString,
  mine: LocalInode,
): Generator<LocalChange, void> {
  const old = lower.look(path);
  if (old === undefined) {
    yield { kind: 'added', path, mine };
    return;
  }
  const fields = differingFields(mine, old);
  const isSame = unlessGone(() =>
    isSameContent({ tree: upper, path, inode: mine }, { tree: lower, path, inode: old }),
  );
  if (isSame === undefined) return;
  if (!isSame) yield { kind: 'changed', path, old, mine, fields };
  else if (fields.length > 0) yield { kind: 'metadata', path, old, mine, fields };
}

/** Of what the lower tree has in the place of such a folder nothing shows. */
function isOpaque(folder: LocalInode): boolean {
  return markOf(folder, 'opaque') === 'y';
}

function requireOurs(path: ByteString, inode: LocalInode): void {
  for (const name of foreignMarks)
    if (markOf(inode, name) !== undefined)
      throw new SatchelError('layer-not-ours', { path: displayOf(path), mark: name });
}
