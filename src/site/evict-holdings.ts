import { lstatSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName, Sha256, StreamName } from '../base/identifiers.ts';
import { bytesBelow, bytesOnDisk } from '../os/disk-use.ts';
import { listIfThere } from '../os/if-there.ts';
import { fileOfDelta, listFiles, type SignedFile } from '../repository/build-files.ts';
import { packFile } from '../repository/layout.ts';
import { readPackUses } from '../repository/pack-uses.ts';
import type { BuildRecord, DeltasRecord, StoredFile } from '../repository/records.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { type KnownBundle, knownBundles, type TreeSubject } from './known-bundles.ts';
import { type SiteLayout, usedFile } from './layout.ts';
import { ifHere, siteCatalogIfThere } from './mirror-catalog.ts';
import { listParts } from './mirror-parts.ts';

/** One file on the disk of a site, whole or in parts. */
export type HeldFile = {
  /** Its name in the repository. */
  readonly name: string;
  /** Where it lies as a whole; undefined: it does not. */
  readonly whole: string | undefined;
  /** True when there are parts of it. */
  readonly isInParts: boolean;
  /** Bytes of disk that it takes. */
  readonly bytes: number;
  /** When it last changed, milliseconds since 1970. */
  readonly modified: number;
};

/** A build as far as anything of it is here. */
export type HeldBuild = {
  readonly name: BuildName;
  /** The streams that it is the head of. */
  readonly streams: readonly StreamName[];
  readonly record: BuildRecord;
  readonly deltas: DeltasRecord;
  /** Names of all its files, here or not, as far as is known: its packs are told by its map only. */
  readonly files: readonly string[];
  /** When it was last asked for; when the newest of its files came where nobody asked. Milliseconds since 1970. */
  readonly usedAt: number;
};

/** A version of a bundle as far as anything of it is here. */
export type HeldBundle = Pick<KnownBundle, 'name' | 'group' | 'bundle'> & {
  /** Names of all its files, as for builds. */
  readonly files: readonly string[];
  readonly usedAt: number;
};

/** What lies on the disk of a site. */
export type Holdings = {
  /** By name. */
  readonly files: ReadonlyMap<string, HeldFile>;
  /** Every build of which something is here, in byte order. */
  readonly builds: readonly HeldBuild[];
  /** Every version of a bundle of which something is here. */
  readonly bundles: readonly HeldBundle[];
  /** Files that no build and no bundle of the repository needs any more. */
  readonly unneeded: readonly string[];
  /** Bytes of disk that belong to neither: metadata and records. */
  readonly otherBytes: number;
};

const contentFolders = ['indexes', 'maps', 'packs', 'deltas', 'contents'];
const otherFolders = ['metadata', 'targets', 'lite'];

/** Reads packs of maps; each map once in the life of this function. */
export type PacksOf = (map: StoredFile) => Promise<readonly Sha256[]>;

/** A reader of the packs that maps on the disk name; none where the map is not here. */
export function createPacksOf({ repository }: Pick<SiteLayout, 'repository'>): PacksOf {
  const store = openDirectoryStore(repository);
  const known = new Map<Sha256, readonly Sha256[]>();
  return async (map) => {
    const found = known.get(map.stored);
    if (found !== undefined) return found;
    try {
      const packs = (await readPackUses(store, map)).map(({ sha256 }) => sha256);
      known.set(map.stored, packs);
      return packs;
    } catch (error) {
      // A damaged map is fetched again when somebody asks for it.
      if (isSatchelError(error, 'store-not-found', 'store-too-long', 'stored-file-damaged', 'map-damaged'))
        return [];
      throw error;
    }
  };
}

/** Looks at everything that a site holds, without asking anybody. */
export async function readHoldings(
  layout: SiteLayout,
  options: { readonly packsOf?: PacksOf | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<Holdings> {
  const { packsOf = createPacksOf(layout), signal } = options;
  const files = listContent(layout);
  const builds: HeldBuild[] = [];
  const needed = new Set<string>();
  for (const known of await knownBuilds(layout, signal)) {
    throwIfCancelled(signal);
    const { record, deltas, streams } = known;
    const names = await filesOf(record, deltas, packsOf);
    for (const name of names) needed.add(name);
    const held = names.flatMap((name) => files.get(name) ?? []);
    if (held.length === 0) continue;
    const { name } = record;
    builds.push({ name, streams, record, deltas, files: names, usedAt: lastUse(layout, name, held) });
  }
  const bundles: HeldBundle[] = [];
  for (const { name, group, bundle, files: lists, deltas } of await knownBundles(layout, signal)) {
    throwIfCancelled(signal);
    const packs = (await packsOf(bundle.map)).map(packFile);
    const names = inOrder(deltas, packs, lists);
    for (const each of names) needed.add(each);
    const held = names.flatMap((each) => files.get(each) ?? []);
    if (held.length > 0)
      bundles.push({ name, group, bundle, files: names, usedAt: lastUse(layout, name, held) });
  }
  return {
    files,
    ...{ builds, bundles },
    unneeded: [...files.keys()].filter((name) => !needed.has(name)),
    otherBytes:
      bytesBelow(otherFolders.map((name) => join(layout.repository, name))) + bytesBelow([layout.partial]),
  };
}

/** When a build, or a bundle, was last asked for, as `createBuildUses` wrote it down; else when its newest file came. */
function lastUse(layout: SiteLayout, name: TreeSubject, held: readonly HeldFile[]): number {
  const noted = statOf(usedFile(layout, name))?.mtimeMs;
  return noted ?? Math.max(...held.map(({ modified }) => modified));
}

/** A build whose records are here, and the streams that it is the head of. */
export type KnownBuild = {
  readonly record: BuildRecord;
  readonly deltas: DeltasRecord;
  readonly streams: readonly StreamName[];
};

/** The builds whose records are here, in byte order; none before the first metadata. */
export async function knownBuilds(
  layout: SiteLayout,
  signal: AbortSignal | undefined,
): Promise<KnownBuild[]> {
  const catalog = await siteCatalogIfThere(layout, signal);
  if (catalog === undefined) return [];
  const known = new Map<BuildName, KnownBuild>();
  for (const stream of catalog.streamNames()) {
    const head = await ifHere(() => catalog.stream(stream));
    if (head === undefined) continue;
    const { name } = head.build;
    const streams = [...(known.get(name)?.streams ?? []), stream];
    known.set(name, { record: head.build, deltas: head.deltas, streams });
  }
  for (const name of catalog.buildNames()) {
    if (known.has(name)) continue;
    const record = await ifHere(() => catalog.build(name));
    const deltas = await ifHere(() => catalog.deltas(name));
    if (record !== undefined && deltas !== undefined) known.set(name, { record, deltas, streams: [] });
  }
  return [...known.values()].sort((one, other) => (one.record.name < other.record.name ? -1 : 1));
}

async function filesOf(record: BuildRecord, deltas: DeltasRecord, packsOf: PacksOf): Promise<string[]> {
  const packs = (await packsOf(deltas.map)).map(packFile);
  return inOrder(deltas.deltas.map(fileOfDelta), packs, listFiles(record, deltas));
}

/** They are removed in this order, and the packs of a tree are known for as long as its map is there. */
function inOrder(
  deltas: readonly SignedFile[],
  packs: readonly string[],
  lists: readonly SignedFile[],
): string[] {
  const namesOf = (files: readonly SignedFile[]) => files.map(({ name }) => name);
  return [...namesOf(deltas), ...packs, ...namesOf(lists)];
}

function listContent(layout: SiteLayout): Map<string, HeldFile> {
  const files = new Map<string, HeldFile>();
  const add = (name: string, path: string, isPart: boolean) => {
    const stat = statOf(path);
    if (stat === undefined || !stat.isFile()) return;
    const before = files.get(name);
    files.set(name, {
      name,
      ...(isPart
        ? { whole: before?.whole, isInParts: true }
        : { whole: path, isInParts: before?.isInParts ?? false }),
      bytes: (before?.bytes ?? 0) + bytesOnDisk(stat),
      modified: Math.max(before?.modified ?? 0, stat.mtimeMs),
    });
  };
  for (const folder of contentFolders)
    for (const file of listIfThere(join(layout.repository, folder)))
      if (!file.startsWith('.')) add(`${folder}/${file}`, join(layout.repository, folder, file), false);
  for (const { name, folder, file } of listParts(layout)) add(name, join(folder, file), true);
  return files;
}

function statOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}
