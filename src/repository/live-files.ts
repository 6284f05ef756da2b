import type { BuildName } from '../base/identifiers.ts';
import { liveTrustFiles } from '../trust/metadata-store.ts';
import type { Catalog } from './catalog.ts';
import type { KnownObjects } from './known-objects.ts';
import {
  contentsFile,
  deltaFile,
  indexFile,
  liteListFile,
  liteStreamFile,
  mapFile,
  packFile,
} from './layout.ts';
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
    const files = [
      indexFile(record.index.stored),
      mapFile(deltas.map.stored),
      contentsFile(record.contents.sha256),
      ...map.packs.map(({ sha256 }) => packFile(sha256)),
      ...deltas.deltas.filter((delta) => !isDropped(delta, name)).map(({ stored }) => deltaFile(stored)),
    ];
    for (const file of files) if (!live.has(file)) live.set(file, name);
  }
  for (const stream of catalog.streamNames()) {
    const { build } = await catalog.stream(stream);
    live.set(liteStreamFile(stream), build.name).set(liteListFile(build.name), build.name);
  }
  return live;
}
