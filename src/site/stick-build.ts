import { SatchelError } from '../base/errors.ts';
import { type BuildName, buildName, isSha256, type Sha256, streamName } from '../base/identifiers.ts';
import { unpackStored } from '../repository/catalog.ts';
import {
  buildTarget,
  contentsFile,
  deltaFile,
  deltasTarget,
  indexFile,
  mapFile,
  nameOfTarget,
  packFile,
} from '../repository/layout.ts';
import {
  type BuildRecord,
  type DeltasRecord,
  parseBuildRecord,
  parseDeltasRecord,
  parseStreamRecord,
  type StreamRecord,
} from '../repository/records.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import type { TrustClient } from '../trust/client.ts';
import { targetFileName } from '../trust/names.ts';

/** A file of a repository that signed metadata leads to. */
export type SignedFile = { readonly name: string; readonly length: number; readonly sha256: Sha256 };

/** A delta with the build that it begins at. */
export type DeltaFile = SignedFile & { readonly from: BuildName };

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
  return client.targetPaths('builds').map(nameOfTarget).map(buildName);
}

/** The streams and what their files are called. What cannot be read from the source is left out. */
export async function signedStreams(
  source: SignedSource,
): Promise<{ readonly record: StreamRecord; readonly file: SignedFile }[]> {
  const found: { record: StreamRecord; file: SignedFile }[] = [];
  for (const path of source.client.targetPaths('streams')) {
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
  const { index, contents } = record;
  const { map } = deltasRecord;
  return {
    name,
    record,
    deltasRecord,
    records: paths.map((path) => targetFile(source, path)),
    lists: [
      { name: indexFile(index.stored), length: index.length, sha256: index.stored },
      { name: mapFile(map.stored), length: map.length, sha256: map.stored },
      { name: contentsFile(contents.sha256), length: contents.length, sha256: contents.sha256 },
    ],
    deltas: deltasRecord.deltas.map(({ from, stored, length }) => ({
      name: deltaFile(stored),
      length,
      sha256: stored,
      from,
    })),
  };
}

/** The packs that a build needs, from its map, which is verified. Throws what reading it throws. */
export async function packsOf(
  { store, signal }: SignedSource,
  { deltasRecord: { map } }: SignedBuild,
): Promise<SignedFile[]> {
  const file = mapFile(map.stored);
  const bytes = await readAll(store, file, { limit: map.length, signal });
  const raw = unpackStored(file, map, bytes, store.location);
  return packLines(raw).map((line) => {
    const [, sha256, length] = JSON.parse(line) as readonly unknown[];
    if (typeof sha256 !== 'string' || !isSha256(sha256) || typeof length !== 'number')
      throw new SatchelError('stored-file-damaged', { file, location: store.location });
    return { name: packFile(sha256), length, sha256 };
  });
}

/** The lines of the packs come right after the first line; of a large map the rest need not be read. */
function packLines(raw: Buffer): string[] {
  const lines: string[] = [];
  for (let start = raw.indexOf(0x0a) + 1; start > 0 && start < raw.length; ) {
    const end = raw.indexOf(0x0a, start);
    const line = raw.toString('latin1', start, end === -1 ? raw.length : end);
    if (!line.startsWith('["pack",')) break;
    lines.push(line);
    start = end === -1 ? raw.length : end + 1;
  }
  return lines;
}

/** The file of a signed record. Throws `target-not-found`. */
export function targetFile({ client, store }: SignedSource, path: string): SignedFile {
  const info = client.targetInfo(path);
  if (info?.sha256 === undefined || !isSha256(info.sha256))
    throw new SatchelError('target-not-found', { path, source: store.location });
  return { name: targetFileName(path, info.sha256), length: info.length, sha256: info.sha256 };
}
