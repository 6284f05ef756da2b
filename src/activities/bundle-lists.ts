import { join } from 'node:path';
import type { Sha256 } from '../base/identifiers.ts';
import { parseIndex } from '../build/index-format.ts';
import { IndexTable } from '../build/index-table.ts';
import { type BuildObject, objectsOf } from '../build/objects.ts';
import { readStoredIndex, storeIndexUnsynced } from '../device/installed.ts';
import { fetchWhole, type ListFile } from '../device/lists.ts';
import type { DeviceSession } from '../device/session.ts';
import type { Spending } from '../device/spending.ts';
import { listIfThere } from '../os/if-there.ts';
import { removeTree } from '../os/remove-tree.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { checkedMap } from '../repository/catalog.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import { indexFile, mapFile } from '../repository/layout.ts';
import type { HomeLayout } from './home.ts';
import type { HomeState } from './home-state.ts';

/** What belongs into the tree of a bundle, and where that lies in the repository. */
export type BundleLists = {
  readonly record: BundleRecord;
  readonly entries: IndexTable;
  readonly objects: readonly BuildObject[];
  readonly map: ObjectMap;
};

/** Brings the lists of all these bundles at once; an index that is kept from before is not fetched. */
export async function fetchBundleLists(
  records: readonly BundleRecord[],
  layout: HomeLayout,
  { store, spool }: Pick<DeviceSession, 'store' | 'spool'>,
  options: { readonly spending: Pick<Spending, 'require'>; readonly signal?: AbortSignal | undefined },
): Promise<BundleLists[]> {
  const files = new Map<string, ListFile>();
  const add = (file: ListFile) => files.set(file.name, file);
  for (const { index, map } of records) {
    if (readStoredIndex(layout.place, index.sha256) === undefined)
      add({ name: indexFile(index.stored), ...index });
    add({ name: mapFile(map.stored), ...map });
  }
  const names = [...files.keys()];
  const contents = await fetchWhole([...files.values()], { store, spool, ...options });
  const received = new Map(names.map((name, number) => [name, contents[number]!]));
  return records.map((record) => {
    const fresh = received.get(indexFile(record.index.stored));
    const entries = fresh === undefined ? keptIndex(layout, record.index.sha256) : parseIndex(fresh);
    if (entries === undefined) throw new Error('an index that was kept a moment ago is gone');
    if (fresh !== undefined) storeIndexUnsynced(layout.place, record.index.sha256, fresh);
    const objects = objectsOf(entries);
    const sizes = objects.map(({ size }) => size);
    const raw = received.get(mapFile(record.map.stored))!;
    return { record, entries, objects, map: checkedMap(raw, sizes, record.index.sha256) };
  });
}

/** The index of what was installed; undefined when it is lost, and then everything is fetched. */
export function keptIndex(layout: HomeLayout, sha256: Sha256): IndexTable | undefined {
  const bytes = readStoredIndex(layout.place, sha256);
  // It was checked when it came, and its hash says that it still is what came.
  return bytes === undefined ? undefined : IndexTable.ofChecked(bytes);
}

/** Removes indexes that neither an installed version nor the one before it needs. */
export function dropIndexes(layout: HomeLayout, { bundles }: HomeState): void {
  const needed = new Set<string>(
    [...bundles.values()].flatMap(({ index, previous }) => [index, previous?.index ?? '']),
  );
  for (const name of listIfThere(layout.indexes))
    if (!needed.has(name)) removeTree(join(layout.indexes, name));
}
