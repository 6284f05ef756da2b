import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { SatchelError } from '../base/errors.ts';
import type { Sha256 } from '../base/identifiers.ts';
import { listIfThere, readFileIfThere } from '../os/if-there.ts';
import { fileOfDelta, listFiles, type SignedFile } from '../repository/build-files.ts';
import { indexFile, mapFile } from '../repository/layout.ts';
import type { StoredFile } from '../repository/records.ts';
import { metadataFile } from '../trust/names.ts';
import { createPacksOf, knownBuilds } from './evict-holdings.ts';
import { loadFrameTables } from './frames-load.ts';
import type { FrameTable } from './frames-table.ts';
import { unnamedBytes } from './frames-table.ts';
import { knownBundles } from './known-bundles.ts';
import type { SiteLayout } from './layout.ts';
import { hashedName } from './pull-name.ts';

/** What the signed records and the maps that are here tell about files. */
export type FrameCatalogue = {
  /** Signed length of an index, map, manifest or delta in bytes; undefined when no record that is here names it. */
  lengthOf(name: string): Promise<number | undefined>;
  /** True for a file that a signed record, the metadata or a map that is here tells of. */
  isNamed(name: string): Promise<boolean>;
  /** Where the frames of a pack lie, from the builds whose maps are here; empty when no map names the pack. */
  tablesOf(pack: Sha256): Promise<readonly FrameTable[]>;
  /** Somebody reads this file: of several builds that share a pack, the one whose map was read last is looked at first. */
  asked(name: string): void;
  /** This file has just come: whoever has read the map and the index of a build is going to ask for packs soon. */
  arrived(name: string): void;
};

/** What a catalogue works with. */
export type FrameCatalogueOptions = {
  readonly layout: SiteLayout;
  /** Makes sure that a file lies in the repository, complete and right. Throws what fetching throws. */
  fetch(name: string): Promise<void>;
};

/** Builds whose tables are kept at the same time; 50 000 objects take 3 MB. */
const keptBuilds = 4;
/** Names of maps that were read lately. */
const rememberedMaps = 64;

const isList = (name: string) => name.startsWith('maps/') || name.startsWith('indexes/');

/** A build, or a bundle, as far as its files go. */
type KnownTree = {
  readonly index: StoredFile;
  readonly map: StoredFile;
  /** The higher the newer. */
  readonly sequence: number;
  /** All that its records name. */
  readonly files: readonly SignedFile[];
};

type Records = { readonly state: string; readonly trees: readonly KnownTree[] };

/** Makes a catalogue; nothing is read before it is asked. */
export function createFrameCatalogue({ layout, fetch }: FrameCatalogueOptions): FrameCatalogue {
  const packsOf = createPacksOf(layout);
  /** By the hash of the map, the least recently used first. */
  const loaded = new Map<Sha256, Promise<readonly FrameTable[]>>();
  const recent = new Map<string, number>();
  let turn = 0;
  let records: Promise<Records> | undefined;
  let signed: { readonly state: string; readonly hashes: ReadonlySet<string> } | undefined;
  let lengths: { readonly of: Records; readonly byName: ReadonlyMap<string, number> } | undefined;

  const currentRecords = async (): Promise<Records> => {
    const state = stateOfRecords(layout);
    const before = await records;
    if (before?.state === state) return before;
    const read = readRecords(layout, state, before);
    records = read;
    return read;
  };
  const load = ({ index, map }: KnownTree): Promise<readonly FrameTable[]> => {
    const key = map.stored;
    const tables = loaded.get(key) ?? loadTree(index, map);
    loaded.delete(key);
    loaded.set(key, tables);
    tables.catch(() => loaded.delete(key));
    for (const oldest of loaded.keys()) {
      if (loaded.size <= keptBuilds) break;
      loaded.delete(oldest);
    }
    return tables;
  };
  const loadTree = async (index: StoredFile, map: StoredFile): Promise<readonly FrameTable[]> => {
    const [indexName, mapName] = [indexFile(index.stored), mapFile(map.stored)];
    await Promise.all([fetch(indexName), fetch(mapName)]);
    const pathOf = (name: string) => join(layout.repository, name);
    return loadFrameTables({ index, map, indexPath: pathOf(indexName), mapPath: pathOf(mapName) });
  };
  const foresee = async (name: string): Promise<void> => {
    const { trees } = await currentRecords();
    for (const tree of trees) {
      const lists = [mapFile(tree.map.stored), indexFile(tree.index.stored)];
      const isWanted = lists.includes(name) && recent.has(lists[0] ?? '');
      if (isWanted && lists.every((list) => existsSync(join(layout.repository, list)))) await load(tree);
    }
  };
  /** The trees whose maps name the pack, those first whose maps were read last, then the newest. */
  const candidates = async (pack: Sha256): Promise<KnownTree[]> => {
    const { trees } = await currentRecords();
    const found: KnownTree[] = [];
    for (const tree of trees) if ((await packsOf(tree.map)).includes(pack)) found.push(tree);
    const readAt = ({ map }: KnownTree) => recent.get(mapFile(map.stored)) ?? 0;
    return found.sort((a, b) => readAt(b) - readAt(a) || b.sequence - a.sequence);
  };

  return {
    async lengthOf(name) {
      const current = await currentRecords();
      if (lengths?.of !== current) lengths = { of: current, byName: signedLengths(current.trees) };
      return lengths.byName.get(name);
    },
    async isNamed(name) {
      const hashed = hashedName(name);
      if (hashed === undefined) return false;
      if (hashed.isPack) return (await candidates(hashed.sha256)).length > 0;
      if (!name.startsWith('targets/')) return (await this.lengthOf(name)) !== undefined;
      const state = stateOfRecords(layout);
      if (signed?.state !== state) signed = { state, hashes: signedHashes(layout) };
      return signed.hashes.has(hashed.sha256);
    },
    async tablesOf(pack) {
      const tables: FrameTable[] = [];
      for (const tree of (await candidates(pack)).slice(0, keptBuilds)) {
        const table = await tableOrNone(load(tree), pack);
        if (table === undefined) continue;
        tables.push(table);
        if (tellsAll(table)) break;
      }
      return tables;
    },
    arrived(name) {
      if (!isList(name)) return;
      // It costs nobody anything but time if it goes wrong, and is tried again when it is needed.
      foresee(name).catch(() => undefined);
    },
    asked(name) {
      if (!name.startsWith('maps/')) return;
      turn += 1;
      recent.delete(name);
      recent.set(name, turn);
      for (const oldest of recent.keys()) {
        if (recent.size <= rememberedMaps) break;
        recent.delete(oldest);
      }
    },
  };
}

/** A build that cannot be read, or whose index cannot be had just now, tells nothing. */
async function tableOrNone(
  tables: Promise<readonly FrameTable[]>,
  pack: Sha256,
): Promise<FrameTable | undefined> {
  try {
    return (await tables).find((table) => table.pack === pack);
  } catch (error) {
    if (error instanceof SatchelError) return undefined;
    throw error;
  }
}

/** True when every byte of every frame from the first to the last byte of the pack is named: other builds add nothing. */
function tellsAll(table: FrameTable): boolean {
  let end = 0;
  for (const [number, offset] of table.offsets.entries()) {
    if (offset !== end || unnamedBytes(table, number) > 0) return false;
    end += table.lengths[number] as number;
  }
  return end === table.length;
}

function signedLengths(trees: readonly KnownTree[]): Map<string, number> {
  return new Map(trees.flatMap(({ files }) => files.map(({ name, length }) => [name, length] as const)));
}

/** Every hash that the metadata here speaks of. */
function signedHashes({ repository }: SiteLayout): Set<string> {
  const folder = join(repository, 'metadata');
  return new Set(
    listIfThere(folder)
      .filter((file) => file.endsWith('.json'))
      .flatMap(
        (file) =>
          readFileIfThere(join(folder, file))
            ?.toString('latin1')
            .match(/[0-9a-f]{64}/g) ?? [],
      ),
  );
}

/** Changes when the metadata of the repository does, or when a record arrives. */
function stateOfRecords({ repository }: SiteLayout): string {
  const folders = ['builds', 'deltas', 'streams', 'activities'].map((role) => `targets/${role}`);
  return [metadataFile('timestamp'), ...folders, 'maps']
    .map((name) => {
      const found = statSync(join(repository, name), { throwIfNoEntry: false, bigint: true });
      return found === undefined ? '' : `${found.ino}.${found.mtimeNs}`;
    })
    .join(' ');
}

/** Metadata that is just being replaced may not fit together: then what was known before holds until the next look. */
async function readRecords(layout: SiteLayout, state: string, before: Records | undefined): Promise<Records> {
  try {
    return { state, trees: await readTrees(layout) };
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    return { state: '', trees: before?.trees ?? [] };
  }
}

async function readTrees(layout: SiteLayout): Promise<KnownTree[]> {
  const builds = (await knownBuilds(layout, undefined)).map(({ record, deltas }) => ({
    ...{ index: record.index, map: deltas.map, sequence: record.sequence },
    files: [...listFiles(record, deltas), ...deltas.deltas.map(fileOfDelta)],
  }));
  const bundles = (await knownBundles(layout, undefined)).map(({ bundle, files, deltas }) => ({
    ...{ index: bundle.index, map: bundle.map, sequence: 0 },
    files: [...files, ...deltas],
  }));
  return [...builds, ...bundles];
}
