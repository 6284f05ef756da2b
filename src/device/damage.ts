import type { ByteString } from '../base/byte-string.ts';

/** In what a path differs from its index entry. */
export type DamageReason =
  /** Nothing has that name. */
  | 'missing'
  /** Another kind of file has that name. */
  | 'type'
  | 'content'
  | 'target'
  | 'device'
  | 'owner'
  | 'mode'
  | 'time'
  /** Extended attributes. */
  | 'attributes'
  /** It should share an inode with another path, or should not. */
  | 'links'
  /** The disk could not read it. */
  | 'unreadable'
  /** The index does not have this path. */
  | 'extra';

/** One path of a tree that is not what its index says; the first difference found is told. */
export type Damaged = { readonly path: ByteString; readonly reason: DamageReason };

/** True when only the inode's metadata differ, so that the content on disk is worth reading. */
export function contentMayBeRight(reason: DamageReason): boolean {
  return ['owner', 'mode', 'time', 'attributes', 'links'].includes(reason);
}
