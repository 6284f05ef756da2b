import type { BuildName, StreamName } from '../base/identifiers.ts';
import { type Catalog, loadBuild, loadMap } from '../repository/catalog.ts';
import { costFrom, type RangeCost } from '../repository/costs.ts';
import type { BuildRecord, DeltasRecord } from '../repository/records.ts';
import { recordBytes } from '../repository/records.ts';

/** What a build costs one kind of site. */
export type SitePrice = {
  /** The build that the site has as a whole; null: it has nothing. */
  readonly from: BuildName | null;
  /** The streams whose followers have that build. */
  readonly streams: readonly StreamName[];
  /** What a site fetches that mirrors everything, and one that mirrors deltas only. */
  readonly everything: RangeCost;
  readonly deltasOnly: RangeCost;
};

/** What a build costs the sites that will fetch it. */
export type BuildPrice = {
  readonly build: BuildName;
  /** Bytes of the deltas to it, by the build that they lead from. */
  readonly deltas: readonly { readonly from: BuildName; readonly bytes: number }[];
  readonly sites: readonly SitePrice[];
};

/**
 * Prices a build for the sites below: for those that have the build that its streams stood for before (or stand for
 * now, where it is not published to them yet), and for those that have nothing. Throws `build-not-found`.
 */
export async function priceForSites(
  catalog: Catalog,
  name: BuildName,
  signal?: AbortSignal,
): Promise<BuildPrice> {
  const [record, deltas] = [await catalog.build(name), await catalog.deltas(name)];
  const small = smallFiles(record, deltas);
  const lists = record.index.length + deltas.map.length;
  const nothing = plus(small, { bytes: deltas.everything + lists + record.contents.length, requests: 4 });
  const sites: SitePrice[] = [];
  for (const [from, streams] of await previousHeads(catalog, record)) {
    const objects = await costOfObjects(catalog, record, deltas, from, signal);
    const all = plus(small, {
      bytes: objects.bytes + record.contents.length,
      requests: objects.requests + 1,
    });
    sites.push({ from, streams, everything: all, deltasOnly: small });
  }
  sites.push({ from: null, streams: [], everything: nothing, deltasOnly: small });
  return {
    build: name,
    deltas: deltas.deltas.map(({ from, length }) => ({ from, bytes: length })),
    sites,
  };
}

/** What every site fetches: the records, and the deltas that devices take. */
function smallFiles(record: BuildRecord, deltas: DeltasRecord): RangeCost {
  const records = [record, deltas].map((one) => recordBytes(one).length);
  // The record of the stream has both in it.
  const bytes = 2 * records.reduce((sum, length) => sum + length, 0);
  return deltas.deltas.reduce((sum, { length }) => plus(sum, { bytes: length, requests: 1 }), {
    bytes,
    requests: 3,
  });
}

/** The builds that sites have before they fetch this one, with the streams that they follow. */
async function previousHeads(
  catalog: Catalog,
  { name, sequence }: BuildRecord,
): Promise<Map<BuildName, StreamName[]>> {
  const heads = new Map<BuildName, StreamName[]>();
  for (const stream of catalog.streamNames()) {
    const { build, previous } = await catalog.stream(stream);
    for (const candidate of build.name === name ? previous : [build.name]) {
      // A name that was freed may stand for another build by now.
      if (!catalog.hasBuild(candidate) || (await catalog.build(candidate)).sequence >= sequence) continue;
      heads.set(candidate, [...(heads.get(candidate) ?? []), stream]);
      break;
    }
  }
  return heads;
}

/** What a site reads that has all objects of an earlier build: signed, or counted from the lists of both. */
async function costOfObjects(
  catalog: Catalog,
  record: BuildRecord,
  deltas: DeltasRecord,
  from: BuildName,
  signal: AbortSignal | undefined,
): Promise<RangeCost> {
  const signed = deltas.costs.find((cost) => cost.from === from);
  if (signed !== undefined) return signed;
  const next = await loadBuild(catalog, record.name, signal);
  const map = await loadMap(catalog, next, signal);
  const { objects } = await loadBuild(catalog, from, signal);
  const lists = { bytes: record.index.length + deltas.map.length, requests: 2 };
  return plus(costFrom(objects, next.objects, map), lists);
}

function plus(one: RangeCost, other: RangeCost): RangeCost {
  return { bytes: one.bytes + other.bytes, requests: one.requests + other.requests };
}
