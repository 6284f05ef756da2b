import { isSatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { bundleDeltas, bundleLists, groupFiles, type SignedFile } from '../repository/build-files.ts';
import type { Catalog } from '../repository/catalog.ts';
import {
  type BundleRecord,
  bundleName,
  everybodysStream,
  type GroupName,
  type GroupRecord,
} from '../repository/group-record.ts';
import type { SiteLayout } from './layout.ts';
import { siteCatalogIfThere } from './mirror-catalog.ts';

/** What plans and logs call a bundle, beside the names of builds: `activities/default/org.laptop.Maze-12`. */
export type BundleSubject = `activities/${string}`;

/** What a site has, or wants to have, as a whole. */
export type TreeSubject = BuildName | BundleSubject;

/** One version of a bundle in one group. */
export type KnownBundle = {
  readonly name: BundleSubject;
  readonly group: GroupRecord;
  readonly bundle: BundleRecord;
  /** What is shown of the whole group, and the lists of the bundle. Its packs are told by its map only. */
  readonly files: readonly SignedFile[];
  /** How devices come here from earlier versions. */
  readonly deltas: readonly SignedFile[];
};

/** The name of a bundle among what a site has. */
export function bundleSubject(group: GroupName, bundle: Pick<BundleRecord, 'id' | 'version'>): BundleSubject {
  return `activities/${group}/${bundleName(bundle)}`;
}

/** The groups of a repository in byte order; one that is not here, or that only a newer Satchel reads, is left out. */
export async function readGroups(catalog: Catalog): Promise<GroupRecord[]> {
  const groups: GroupRecord[] = [];
  for (const name of catalog.groupNames()) {
    try {
      groups.push(await catalog.group(name));
    } catch (error) {
      const codes = ['store-not-found', 'store-too-long', 'stored-file-damaged', 'record-newer'] as const;
      if (!isSatchelError(error, ...codes)) throw error;
    }
  }
  return groups;
}

/** Every version in a group. */
export function bundlesIn(group: GroupRecord): KnownBundle[] {
  const details = groupFiles({ ...group, bundles: [] });
  return group.bundles.map((bundle) => ({
    name: bundleSubject(group.group, bundle),
    ...{ group, bundle },
    files: [...details, ...bundleLists(bundle)],
    deltas: bundleDeltas(bundle),
  }));
}

/** Every version in the groups whose records are at a site; none before the first metadata. */
export async function knownBundles(
  layout: Pick<SiteLayout, 'repository'>,
  signal: AbortSignal | undefined,
): Promise<KnownBundle[]> {
  const catalog = await siteCatalogIfThere(layout, signal);
  return catalog === undefined ? [] : (await readGroups(catalog)).flatMap(bundlesIn);
}

/** The streams, of these, whose devices get this version: their own where there is one, else the one for everybody. */
export function streamsServed(
  { group, bundle }: Pick<KnownBundle, 'group' | 'bundle'>,
  streams: readonly StreamName[],
): StreamName[] {
  const has = (one: BundleRecord, name: string) => (one.streams as readonly string[]).includes(name);
  const isOwn = (stream: StreamName) =>
    group.bundles.some((other) => other.id === bundle.id && has(other, stream));
  return streams.filter((stream) => has(bundle, isOwn(stream) ? stream : everybodysStream));
}
