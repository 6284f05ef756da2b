import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Catalog } from '../repository/catalog.ts';
import type { StreamRecord } from '../repository/records.ts';

/** A build that a site wants to have, with what is needed to fetch it. */
export type WantedBuild = {
  readonly record: Pick<StreamRecord, 'build' | 'deltas'>;
  /** The streams that it is the head of; none for a waypoint. */
  readonly streams: readonly StreamName[];
};

/**
 * What the devices of a site may not pass over on the way to these heads: the waypoints that are newer than something
 * that one of them runs. None where no device has told what it runs; what is asked for then is fetched as it is asked.
 */
export async function waypointsFor(
  catalog: Catalog,
  heads: readonly { readonly record: StreamRecord }[],
  running: ReadonlySet<BuildName> = new Set(),
): Promise<WantedBuild[]> {
  const known = [...running].filter((name) => catalog.hasBuild(name));
  const builds = await Promise.all(known.map((name) => catalog.build(name)));
  const oldest = Math.min(...builds.map(({ sequence }) => sequence));
  const names = new Set<BuildName>();
  for (const { record } of heads)
    for (const { build, sequence } of record.waypoints ?? [])
      if (sequence > oldest && sequence < record.build.sequence) names.add(build);
  for (const { record } of heads) names.delete(record.build.name);
  const there = [...names].filter((name) => catalog.hasBuild(name));
  return Promise.all(
    there.map(async (name) => ({
      record: { build: await catalog.build(name), deltas: await catalog.deltas(name) },
      streams: [],
    })),
  );
}
