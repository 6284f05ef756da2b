import type { Clock } from '../base/clock.ts';
import { recordTime } from '../base/fields.ts';
import type { Sha256 } from '../base/identifiers.ts';
import type { IndexEntry } from '../build/entry.ts';
import type { BuildObject } from '../build/objects.ts';
import type { ObjectMap } from '../pack/map-format.ts';
import { costFrom, costOfEverything } from './costs.ts';
import type { KnownObjects } from './known-objects.ts';
import type { BuildSource, ReadBuild } from './read-source.ts';
import { type BuildRecord, type DeltasRecord, recordFormat, type StoredFile } from './records.ts';

/** Updates from so many of the latest builds are priced in the signed record. */
const pricedBuilds = 3;

/** What the operator says of a build beside its content. */
export type BuildDescription = {
  readonly source: BuildSource;
  readonly clock: Clock;
  /** See `BuildRecord.sequence`. */
  readonly sequence: number;
  readonly contentsHash?: Sha256 | undefined;
  readonly minimumClient?: string | undefined;
  readonly waypoint?: boolean | undefined;
  readonly notes?: string | undefined;
};

/** The record that the `builds` role signs. */
export function describeBuild(
  description: BuildDescription,
  read: ReadBuild,
  index: StoredFile,
): BuildRecord {
  return {
    satchel: 'build',
    format: recordFormat,
    name: description.source.name,
    index,
    contents: {
      sha256: read.contents.sha256,
      length: read.contents.bytes.length,
      type: read.contents.type,
      hash: description.contentsHash ?? read.contents.sha256,
    },
    tree: measureTree(read.entries),
    published: recordTime(description.clock()),
    sequence: description.sequence,
    waypoint: description.waypoint ?? false,
    minimumClient: description.minimumClient ?? '',
    notes: description.notes ?? '',
  };
}

function measureTree(entries: readonly IndexEntry[]): BuildRecord['tree'] {
  let files = 0;
  let bytes = 0;
  for (const entry of entries) {
    if (entry.type !== 'file') continue;
    files += 1;
    bytes += entry.size;
  }
  return { entries: entries.length, files, bytes };
}

/** The record that the `deltas` role signs: the map, and the price from each of the latest builds. */
export function describeDeltas(
  build: BuildRecord,
  objects: readonly BuildObject[],
  { stored, map }: { readonly stored: StoredFile; readonly map: ObjectMap },
  known: KnownObjects,
): DeltasRecord {
  const lists = build.index.length + stored.length;
  const latest = [...known.builds.values()]
    .sort((a, b) => (a.record.published < b.record.published ? 1 : -1))
    .slice(0, pricedBuilds);
  return {
    satchel: 'deltas',
    format: recordFormat,
    build: build.name,
    map: stored,
    everything: costOfEverything(map).bytes,
    costs: latest.map(({ record, objects: old }) => {
      const { bytes, requests } = costFrom(old, objects, map);
      return { from: record.name, bytes: bytes + lists, requests: requests + 2 };
    }),
    deltas: [],
  };
}
