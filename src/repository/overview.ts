import type { Store } from '../store/store.ts';
import { openCatalog } from './catalog.ts';

/** A repository at a glance: for the command line's list and the server's page. */
export type Overview = {
  readonly builds: readonly {
    readonly name: string;
    readonly entries: number;
    readonly files: number;
    /** Bytes of the tree's files. */
    readonly treeBytes: number;
    /** Bytes that a device reads which has nothing. */
    readonly storedBytes: number;
    readonly published: string;
    readonly contentsHash: string;
    /** Streams whose head it is. */
    readonly streams: readonly string[];
  }[];
  /** What updates by objects read. */
  readonly costs: readonly { readonly from: string; readonly to: string; readonly bytes: number }[];
  /** The deltas that are there. */
  readonly deltas: readonly {
    readonly from: string;
    readonly to: string;
    readonly bytes: number;
    /** Bytes of memory that applying it needs at most. */
    readonly memory: number;
  }[];
  readonly streams: readonly { readonly name: string; readonly head: string }[];
};

/** Reads it from the signed records; builds are in the order of their publication. */
export async function readOverview(store: Store, signal?: AbortSignal): Promise<Overview> {
  const catalog = await openCatalog(store, signal);
  const streams = await Promise.all(
    catalog.streamNames().map(async (name) => ({ name, head: (await catalog.stream(name)).build.name })),
  );
  const costs: { from: string; to: string; bytes: number }[] = [];
  const small: { from: string; to: string; bytes: number; memory: number }[] = [];
  const builds = await Promise.all(
    catalog.buildNames().map(async (name) => {
      const { tree, published, contents } = await catalog.build(name);
      const deltas = await catalog.deltas(name);
      for (const { from, bytes } of deltas.costs) costs.push({ from, to: name, bytes });
      for (const { from, length, memory } of deltas.deltas)
        small.push({ from, to: name, bytes: length, memory });
      return {
        name,
        entries: tree.entries,
        files: tree.files,
        treeBytes: tree.bytes,
        storedBytes: deltas.everything,
        published,
        contentsHash: contents.hash,
        streams: streams.filter(({ head }) => head === name).map((stream) => stream.name),
      };
    }),
  );
  builds.sort((a, b) => (a.published < b.published ? -1 : a.published > b.published ? 1 : 0));
  return { builds, costs, deltas: small, streams };
}
