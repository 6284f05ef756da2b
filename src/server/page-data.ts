import { hash } from 'node:crypto';
import { readTimestamp } from './online-metadata.ts';

/** What the page shows of a repository. Sizes are bytes. */
export type PageData = {
  readonly builds: readonly {
    readonly name: string;
    /** Paths of the tree that are files. */
    readonly files: number;
    /** Bytes of the tree's files when unpacked. */
    readonly treeBytes: number;
    /** Bytes of all stored files that a first installation reads. */
    readonly storedBytes: number;
    /** ISO 8601, UTC. */
    readonly published: string;
    /** Names of the streams whose head it is. */
    readonly streams: readonly string[];
  }[];
  /** What a device downloads to go from one build to another. */
  readonly costs: readonly { readonly from: string; readonly to: string; readonly bytes: number }[];
  /** Updates for which there is a delta, and what it takes. */
  readonly deltas: readonly { readonly from: string; readonly to: string; readonly bytes: number }[];
  /** Streams and the build each names; null when it names none. */
  readonly streams: readonly { readonly name: string; readonly head: string | null }[];
};

/**
 * A source of page data that asks `load` again only when `metadata/timestamp.json` has changed, and once for any
 * number of readers who come meanwhile. A failure is not kept. Throws what `load` throws, and
 * `server-metadata-unreadable`.
 */
export function cachedPageData(directory: string, load: () => Promise<PageData>): () => Promise<PageData> {
  let kept: { version: string; data: Promise<PageData> } | undefined;
  return async () => {
    const version = hash('sha256', await readTimestamp(directory));
    if (kept?.version !== version) {
      const fresh = { version, data: load() };
      fresh.data.catch(() => {
        if (kept === fresh) kept = undefined;
      });
      kept = fresh;
    }
    return await kept.data;
  };
}
