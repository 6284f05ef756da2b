import type { Store } from '../store/store.ts';
import { buildRecords } from './build-records.ts';
import { openCatalog } from './catalog.ts';
import type { Halt } from './records.ts';

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
  /** Builds whose records are absent where they may be: nothing more is known of them here. */
  readonly notHere: readonly string[];
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
  readonly streams: readonly { readonly name: string; readonly head: string; readonly halted?: Halt }[];
};

/** How to look at a repository. */
export type OverviewOptions = {
  /** True for a place that fetches files, records too, when they are asked for. */
  readonly mayLack?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
};

/** Reads it from the signed records; builds are in the order of their publication. */
export async function readOverview(
  store: Store,
  { mayLack = false, signal }: OverviewOptions = {},
): Promise<Overview> {
  const catalog = await openCatalog(store, signal);
  const streams = await Promise.all(
    catalog.streamNames().map(async (name) => {
      const { build, halted } = await catalog.stream(name);
      return { name, head: build.name, ...(halted === undefined ? {} : { halted }) };
    }),
  );
  const costs: { from: string; to: string; bytes: number }[] = [];
  const small: { from: string; to: string; bytes: number; memory: number }[] = [];
  const sequences = new Map<string, number>();
  const notHere: string[] = [];
  const found = await Promise.all(
    catalog.buildNames().map(async (name) => {
      const records = await buildRecords(catalog, name, mayLack);
      if (records === undefined) {
        notHere.push(name);
        return [];
      }
      const { record, deltas } = records;
      const { tree, published, contents, sequence } = record;
      sequences.set(name, sequence);
      for (const { from, bytes } of deltas.costs) costs.push({ from, to: name, bytes });
      for (const { from, length, memory } of deltas.deltas)
        small.push({ from, to: name, bytes: length, memory });
      const build = {
        name,
        entries: tree.entries,
        files: tree.files,
        treeBytes: tree.bytes,
        storedBytes: deltas.everything,
        published,
        contentsHash: contents.hash,
        streams: streams.filter(({ head }) => head === name).map((stream) => stream.name),
      };
      return [build];
    }),
  );
  const builds = found.flat();
  const order = ({ name }: { readonly name: string }) => sequences.get(name) ?? 0;
  builds.sort((a, b) => order(a) - order(b));
  const inOrder = inOrderOf(builds.map(({ name }) => name));
  return { builds, notHere: notHere.sort(), costs: inOrder(costs), deltas: inOrder(small), streams };
}

/** Updates by where they lead and where they begin; what was priced from a build that is gone is left out. */
function inOrderOf(names: readonly string[]) {
  const place = new Map(names.map((name, number) => [name, number]));
  const at = (name: string) => place.get(name) ?? Number.POSITIVE_INFINITY;
  return <Update extends { readonly from: string; readonly to: string }>(
    updates: readonly Update[],
  ): Update[] =>
    updates
      // A name that was given again belongs to a later build than the one that was priced.
      .filter(({ from, to }) => at(from) < at(to))
      .sort((a, b) => at(a.to) - at(b.to) || at(a.from) - at(b.from));
}
