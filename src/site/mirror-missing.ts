import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { isSatchelError } from '../base/errors.ts';
import type { BuildName, StreamName } from '../base/identifiers.ts';
import { bundleLists, fileOfDelta, listFiles, type SignedFile } from '../repository/build-files.ts';
import type { Catalog } from '../repository/catalog.ts';
import type { BundleRecord } from '../repository/group-record.ts';
import {
  buildTarget,
  deltasTarget,
  groupTarget,
  indexFile,
  packFile,
  streamTarget,
} from '../repository/layout.ts';
import { type PackUse, readPackUses } from '../repository/pack-uses.ts';
import type { DeltaReference, StoredFile, StreamRecord } from '../repository/records.ts';
import { openDirectoryStore } from '../store/directory.ts';
import { targetFileName } from '../trust/names.ts';
import type { DelegatedRole } from '../trust/roles.ts';
import type { KnownBundle } from './known-bundles.ts';
import { keptParts } from './mirror-parts.ts';
import { joinRuns, runBytes } from './mirror-runs.ts';
import type { MirrorChoice, MirrorFile, MirrorPlace } from './mirror-types.ts';
import { createIntervals } from './pull-intervals.ts';

/** What is asked about the head of streams. */
export type MissingQuestion = MirrorChoice & {
  readonly catalog: Catalog;
  readonly record: Pick<StreamRecord, 'build' | 'deltas'>;
  readonly streams: readonly StreamName[];
  /** The builds that devices run; undefined where no device has told. */
  readonly running: ReadonlySet<BuildName> | undefined;
  readonly signal?: AbortSignal | undefined;
};

/**
 * One more request costs as much as some bytes that nobody wants; a part is short enough that an hour's end or a
 * cancelled run comes soon.
 */
const joining = { gap: 64 * 1024, longest: 8 * 1024 * 1024 };

/** What a site lacks of a head, in the order in which it is of use: records, deltas, lists, then packs. */
export async function missingFiles(place: MirrorPlace, question: MissingQuestion): Promise<MirrorFile[]> {
  const { record, running, deltasOnly = false } = question;
  const { build, deltas } = record;
  const missing: MirrorFile[] = recordsOf(question).filter(({ name, bytes }) => !isWhole(place, name, bytes));
  missing.push(...lackingOf(place, 'deltas', wantedDeltas(deltas.deltas, running).map(fileOfDelta)));
  if (deltasOnly) return missing;
  missing.push(...lackingOf(place, 'lists', listFiles(build, deltas)));
  const packs = await missingPacks(place, deltas.map, question.signal);
  return [...missing, ...(packs ?? [await unknownPacks(place, question)])];
}

/** What a site lacks of a version of a bundle. Before its map has come its packs are priced as a whole. */
export async function missingOfBundle(
  place: MirrorPlace,
  question: Pick<MissingQuestion, 'catalog' | 'signal'> & { readonly known: KnownBundle },
): Promise<MirrorFile[]> {
  const { catalog, known, signal } = question;
  const { group, bundle, files, deltas } = known;
  const records = signedRecords(catalog, [['activities', groupTarget(group.group)]]);
  const missing = [
    ...records.filter(({ name, bytes }) => !isWhole(place, name, bytes)),
    ...lackingOf(place, 'deltas', deltas),
    ...lackingOf(place, 'lists', files),
  ];
  const unknown = { kind: 'packs' as const, name: undefined, bytes: bundle.everything };
  return [...missing, ...((await missingPacks(place, bundle.map, signal)) ?? [unknown])];
}

/** True when every byte is here that a device needs which installs it anew. */
export async function isBundleHere(place: MirrorPlace, bundle: BundleRecord): Promise<boolean> {
  if (!bundleLists(bundle).every(({ name, length }) => isWhole(place, name, length))) return false;
  return (await missingPacks(place, bundle.map, undefined))?.length === 0;
}

/** Those of the files that are not here as a whole, with what has not come yet of each. */
function lackingOf(place: MirrorPlace, kind: MirrorFile['kind'], files: readonly SignedFile[]): MirrorFile[] {
  return files
    .filter(({ name, length }) => !isWhole(place, name, length))
    .map(({ name, length }) => ({ kind, name, ...restOf(place, name, length) }));
}

/** Undefined while the map is not here. */
async function missingPacks(
  place: MirrorPlace,
  map: StoredFile,
  signal: AbortSignal | undefined,
): Promise<MirrorFile[] | undefined> {
  const uses = await usesOf(place, map, signal);
  return uses?.flatMap((use) => missingOfPack(place, use) ?? []);
}

/** The deltas from the builds that devices run; all that there are where no device has told. */
function wantedDeltas(
  deltas: readonly DeltaReference[],
  running: ReadonlySet<BuildName> | undefined,
): readonly DeltaReference[] {
  if (running === undefined || running.size === 0) return deltas;
  return deltas.filter(({ from }) => running.has(from));
}

type NamedFile = MirrorFile & { readonly name: string };

function recordsOf({ catalog, record, streams }: MissingQuestion): NamedFile[] {
  const build = record.build.name;
  return signedRecords(catalog, [
    ['builds', buildTarget(build)],
    ['deltas', deltasTarget(build)],
    ...streams.map((stream) => ['streams', streamTarget(stream)] as const),
  ]);
}

function signedRecords(
  catalog: Catalog,
  wanted: readonly (readonly [role: DelegatedRole, path: string])[],
): NamedFile[] {
  return wanted.flatMap(([role, path]) => {
    const target = catalog.metadata.roles.get(role)?.signed.targets.get(path);
    if (target === undefined) return [];
    const name = targetFileName(path, target.hashes.get('sha256'));
    return [{ kind: 'records' as const, name, bytes: target.length }];
  });
}

/** What the build needs of packs; undefined while its map is not here. */
async function usesOf(
  { layout }: MirrorPlace,
  map: StoredFile,
  signal: AbortSignal | undefined,
): Promise<PackUse[] | undefined> {
  const store = openDirectoryStore(layout.repository);
  try {
    return await readPackUses(store, map, signal);
  } catch (error) {
    // One that is damaged is fetched again when it is read through the site.
    if (isSatchelError(error, 'store-not-found', 'store-too-long', 'stored-file-damaged')) return undefined;
    throw error;
  }
}

function missingOfPack(place: MirrorPlace, use: PackUse): MirrorFile | undefined {
  const name = packFile(use.sha256);
  if (isWhole(place, name, use.length)) return undefined;
  const held = createIntervals(keptParts(place.layout, name));
  const runs = use.runs.flatMap(({ start, end }) => held.missing(start, end));
  if (runs.length === 0) return undefined;
  const parts = joinRuns(runs, joining);
  return { kind: 'packs', name, bytes: runBytes(parts), parts };
}

/**
 * The price of packs before their names are known: what an update from a build costs that is here as a whole, else
 * everything.
 */
async function unknownPacks(place: MirrorPlace, question: MissingQuestion): Promise<MirrorFile> {
  const { catalog, record } = question;
  const { build, deltas } = record;
  const lists = build.index.length + deltas.map.length;
  let bytes = deltas.everything;
  for (const { from, bytes: cost } of deltas.costs)
    if (cost - lists < bytes && (await isComplete(place, catalog, from))) bytes = Math.max(0, cost - lists);
  return { kind: 'packs', name: undefined, bytes };
}

/** True when every byte is here that a device needs which has nothing. */
async function isComplete(place: MirrorPlace, catalog: Catalog, name: BuildName): Promise<boolean> {
  if (!catalog.hasBuild(name)) return false;
  const [build, deltas] = [await catalog.build(name), await catalog.deltas(name)];
  const uses = await usesOf(place, deltas.map, undefined);
  if (uses === undefined || !isWhole(place, indexFile(build.index.stored), build.index.length)) return false;
  for (const use of uses) if (missingOfPack(place, use) !== undefined) return false;
  return true;
}

/** True for a file of this length in the repository of a site. */
function isWhole({ layout }: Pick<MirrorPlace, 'layout'>, name: string, length: number): boolean {
  const stat = lstatSync(join(layout.repository, name), { throwIfNoEntry: false });
  return stat?.isFile() === true && stat.size === length;
}

/** What has not come yet of a file that comes from its first byte to its last. The last byte is asked for in any case. */
function restOf({ layout }: Pick<MirrorPlace, 'layout'>, name: string, length: number) {
  const received = createIntervals(keptParts(layout, name)).endFrom(0);
  const start = Math.max(0, Math.min(received, length - 1));
  return start === 0 ? { bytes: length } : { bytes: length - start, parts: [{ start, end: length }] };
}
