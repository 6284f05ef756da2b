import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { ReadableStore } from '../store/store.ts';
import { metadataFile } from './names.ts';
import { readIfThere } from './read-if-there.ts';
import { defaultLimits } from './roles.ts';
import { acceptPinnedRoot } from './workflow.ts';

/** A root as a person compares it. */
export type FetchedRoot = {
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes of the file. */
  readonly sha256: string;
  readonly version: number;
  /** Ids of the keys that may sign root, and how many have to. */
  readonly keyIds: readonly string[];
  readonly threshold: number;
  readonly expires: number;
};

/** What is known of the root that is wanted. */
export type FetchRootOptions = {
  /** Its SHA-256; absent for trust on first use, which takes the first root. */
  readonly sha256?: string;
  readonly signal?: AbortSignal;
};

/**
 * Brings the root to pin: the one with that hash, whichever version it is, or without a hash the first. Nothing
 * is trusted yet; a refresh follows the chain to the newest root. Throws `repository-absent`, `root-not-found`.
 */
export async function fetchRoot(store: ReadableStore, options: FetchRootOptions = {}): Promise<FetchedRoot> {
  const limit = defaultLimits.root;
  for (let version = 1; ; version += 1) {
    const bytes = await readIfThere(store, metadataFile('root', version), {
      limit,
      signal: options.signal,
    });
    if (bytes === undefined && version === 1)
      throw new SatchelError('repository-absent', { location: store.location });
    if (bytes === undefined)
      throw new SatchelError('root-not-found', { source: store.location, sha256: options.sha256 ?? '' });
    if (options.sha256 === undefined || hash('sha256', bytes) === options.sha256)
      return describeRoot(bytes, store.location);
  }
}

/** Reads a root file that somebody gave. Throws `metadata-malformed`, `metadata-unsigned`. */
export function describeRoot(bytes: Uint8Array, source: string): FetchedRoot {
  const root = acceptPinnedRoot(bytes, { file: metadataFile('root'), source });
  const { keyids, threshold } = root.roles.get('root')!;
  const { version, expires } = root;
  return { bytes, sha256: hash('sha256', bytes), version, keyIds: keyids, threshold, expires };
}
