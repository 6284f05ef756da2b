import { SatchelError } from '../base/errors.ts';
import { type BuildName, buildName, isSha256, streamName } from '../base/identifiers.ts';
import { type DeltaFile, fileOfDelta, listFiles, type SignedFile } from '../repository/build-files.ts';
import { buildTarget, deltasTarget, isNote, nameOfTarget, packFile } from '../repository/layout.ts';
import { readPackUses } from '../repository/pack-uses.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  type StreamRecord,
} from '../repository/records.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';
import { targetFileName } from '../trust/names.ts';

/** A build, and the files that it is made of. */
export type SignedBuild = {
  readonly name: BuildName;
  readonly record: BuildRecord;
  readonly deltasRecord: DeltasRecord;
  /** The signed records of the build itself. */
  readonly records: readonly SignedFile[];
  /** Index, map, contents. */
  readonly lists: readonly SignedFile[];
  readonly deltas: readonly DeltaFile[];
};

/** Where builds are read from: what is signed, and the store with the bytes. */
export type SignedSource = {
  readonly client: TrustClient;
  readonly store: ReadableStore;
  readonly signal?: AbortSignal | undefined;
};

/** Names of all builds that are signed, in byte order. */
export function signedBuilds({ client }: SignedSource): BuildName[] {
  return client
    .targetPaths('builds')
    .filter((path) => !isNote(path))
    .map(nameOfTarget)
    .map(buildName);
}

/** The streams and what their files are called. What cannot be read from the source is left out. */
export async function signedStreams(
  source: SignedSource,
): Promise<{ readonly record: StreamRecord; readonly file: SignedFile }[]> {
  const found: { record: StreamRecord; file: SignedFile }[] = [];
  for (const path of source.client.targetPaths('streams')) {
    if (isNote(path)) continue;
    streamName(nameOfTarget(path));
    const bytes = await source.client.target(path, { signal: source.signal });
    found.push({ record: parseStreamRecord(bytes, path).record, file: targetFile(source, path) });
  }
  return found;
}

/** Reads the records of a build. Throws `build-not-found`, `target-wrong`, and what the store throws. */
export async function signedBuild(source: SignedSource, name: BuildName): Promise<SignedBuild> {
  const { client, store, signal } = source;
  const paths = [buildTarget(name), deltasTarget(name)] as const;
  if (paths.some((path) => client.targetInfo(path) === undefined))
    throw new SatchelError('build-not-found', { name, location: store.location });
  const options = { signal };
  const record = parseBuildRecord(await client.target(paths[0], options), paths[0]);
  const deltasRecord = parseDeltasRecord(await client.target(paths[1], options), paths[1]);
  return {
    name,
    record,
    deltasRecord,
    records: paths.map((path) => targetFile(source, path)),
    lists: listFiles(record, deltasRecord),
    deltas: deltasRecord.deltas.map(fileOfDelta),
  };
}

/** The packs that a build needs, from its map, which is verified. Throws what reading it throws. */
export async function packsOf(
  { store, signal }: SignedSource,
  { deltasRecord: { map } }: SignedBuild,
): Promise<SignedFile[]> {
  const uses = await readPackUses(store, map, signal);
  return uses.map(({ sha256, length }) => ({ name: packFile(sha256), length, sha256 }));
}

/** The file of a signed record. Throws `target-not-found`. */
export function targetFile({ client, store }: SignedSource, path: string): SignedFile {
  const info = client.targetInfo(path);
  if (info?.sha256 === undefined || !isSha256(info.sha256))
    throw new SatchelError('target-not-found', { path, source: store.location });
  return { name: targetFileName(path, info.sha256), length: info.length, sha256: info.sha256 };
}
