import type { BuildName } from '../base/identifiers.ts';
import { liveTrustFiles } from '../trust/metadata-store.ts';
import { fileOfDelta, groupFiles, listFiles } from './build-files.ts';
import type { Catalog } from './catalog.ts';
import type { KnownObjects } from './known-objects.ts';
import { liteListFile, liteStreamFile, packFile } from './layout.ts';
import type { DeltaReference } from './records.ts';

/** The folders of a repository whose files are either referred to by signed metadata or waste. */
export const repositoryFolders = [
  'metadata',
  'targets',
  'indexes',
  'maps',
  'packs',
  'deltas',
  'contents',
  'lite',
];

/** Where pruning notes since when a file has been without use; not served. */
export const unreferencedFile = 'unreferenced.json';

/**
 * Every file that the current signed metadata leads to, with the build that needs it first; but not the files of
 * deltas that are about to go.
 */
export async function liveFiles(
  catalog: Catalog,
  known: KnownObjects,
  isDropped: (delta: DeltaReference, to: BuildName) => boolean,
): Promise<Map<string, BuildName | undefined>> {
  const live = new Map<string, BuildName | undefined>();
  for (const file of liveTrustFiles(catalog.metadata)) live.set(file, undefined);
  for (const [name, { record, map }] of known.builds) {
    const deltas = await catalog.deltas(name);
    const kept = deltas.deltas.filter((delta) => !isDropped(delta, name));
    const packs = map.packs.map(({ sha256 }) => ({ name: packFile(sha256) }));
    for (const file of [...listFiles(record, deltas), ...packs, ...kept.map(fileOfDelta)])
      if (!live.has(file.name)) live.set(file.name, name);
  }
  for (const name of catalog.groupNames())
    for (const file of groupFiles(await catalog.group(name))) live.set(file.name, undefined);
  for (const { map } of known.bundles.values())
    for (const { sha256 } of map.packs) live.set(packFile(sha256), undefined);
  for (const stream of catalog.streamNames()) {
    const { build, waypoints = [] } = await catalog.stream(stream);
    live.set(liteStreamFile(stream), build.name).set(liteListFile(build.name), build.name);
    for (const waypoint of waypoints) live.set(liteListFile(waypoint.build), waypoint.build);
  }
  return live;
}
