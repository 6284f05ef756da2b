import type { BuildName, StreamName } from '../base/identifiers.ts';
import type { Catalog } from '../repository/catalog.ts';
import { readHoldings } from './evict-holdings.ts';
import { ifHere, siteCatalogIfThere } from './mirror-catalog.ts';
import { missingFiles } from './mirror-missing.ts';
import type { MirrorPlace } from './mirror-types.ts';

/** How much of a build is at a site. */
export type HeldBuildSize = {
  readonly name: BuildName;
  /** Streams whose head it is. */
  readonly streams: readonly StreamName[];
  /** Stored bytes that are here of what a device reads that has nothing, and all of these. */
  readonly held: number;
  readonly total: number;
};

/**
 * The builds that are heads of streams, or of which anything is here, in the order in which they were published. None
 * before the first metadata has come. Asks nobody.
 */
export async function heldBuilds(place: MirrorPlace, signal?: AbortSignal): Promise<HeldBuildSize[]> {
  const catalog = await siteCatalogIfThere(place.layout, signal);
  if (catalog === undefined) return [];
  const { builds } = await readHoldings(place.layout, { signal });
  const streams = await headsOf(catalog);
  const names = new Set([...streams.keys(), ...builds.map(({ name }) => name)]);
  const here = new Set(builds.map(({ name }) => name));
  const sizes: (HeldBuildSize & { readonly sequence: number })[] = [];
  for (const name of names) {
    const size = await ifHere(() => sizeOf(place, { catalog, name, isHere: here.has(name), signal }));
    if (size !== undefined) sizes.push({ name, streams: streams.get(name) ?? [], ...size });
  }
  sizes.sort((one, other) => one.sequence - other.sequence);
  return sizes.map(({ sequence: _, ...size }) => size);
}

type Asked = {
  readonly catalog: Catalog;
  readonly name: BuildName;
  readonly isHere: boolean;
  readonly signal: AbortSignal | undefined;
};

async function sizeOf(place: MirrorPlace, { catalog, name, isHere, signal }: Asked) {
  const build = await catalog.build(name);
  const deltas = await catalog.deltas(name);
  const total = build.index.length + deltas.map.length + deltas.everything;
  const { sequence } = build;
  if (!isHere) return { held: 0, total, sequence };
  const record = { build, deltas };
  const files = await missingFiles(place, { catalog, record, streams: [], running: undefined, signal });
  const missing = files
    // The manifest is for old clients only.
    .filter(({ kind, name }) => kind === 'packs' || (kind === 'lists' && !name?.startsWith('contents/')))
    .reduce((sum, { bytes }) => sum + bytes, 0);
  return { held: Math.max(0, total - missing), total, sequence };
}

async function headsOf(catalog: Catalog): Promise<Map<BuildName, StreamName[]>> {
  const heads = new Map<BuildName, StreamName[]>();
  for (const stream of catalog.streamNames()) {
    const head = (await ifHere(() => catalog.stream(stream)))?.build.name;
    if (head !== undefined) heads.set(head, [...(heads.get(head) ?? []), stream]);
  }
  return heads;
}
