import { hash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import type { Reporter } from '../base/progress.ts';
import type { SignedFile } from '../repository/build-files.ts';
import { isNote, liteListFile, liteStreamFile } from '../repository/layout.ts';
import { liteListLimit, liteStreamLimit } from '../repository/lite-refresh.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { openTrustClient, type TrustClient } from '../trust/client.ts';
import { describeRoot, fetchRoot } from '../trust/fetch-root.ts';
import { metadataFile } from '../trust/names.ts';
import { placePolicy } from '../trust/policy.ts';
import { readIfThere } from '../trust/read-if-there.ts';
import { defaultLimits } from '../trust/roles.ts';
import { type SignedSource, signedStreams, targetFile } from './stick-build.ts';
import type { ChosenBuild, StickHead } from './stick-choice.ts';

/** A small file whose bytes are at hand. */
export type LooseFile = { readonly name: string; readonly bytes: Uint8Array };

/** A repository whose signatures were checked, ready to be copied to a stick. */
export type PreparedSource = SignedSource & {
  readonly client: TrustClient;
  /** SHA-256 of version 1 of the root. */
  readonly organisation: Sha256;
  /** The newest root. */
  readonly root: Uint8Array;
  readonly heads: readonly StickHead[];
  /** The signed records of the streams and the groups, and those of all builds where they are not too many. */
  readonly records: readonly SignedFile[];
  /** All signed metadata in the order in which it may be written: `timestamp.json` comes last. */
  readonly metadata: readonly LooseFile[];
  /** The time by the clock and by what was signed, milliseconds since 1970. */
  readonly now: number;
};

/** Beyond so many only the records of the chosen builds go. */
const mostRecords = 400;

export type SourceOptions = {
  readonly source: ReadableStore;
  readonly trust?: Sha256 | undefined;
  /** An empty folder for the trusted metadata. */
  readonly scratch: string;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal?: AbortSignal | undefined;
};

/**
 * Reads the signed metadata of a repository and checks it from the first root on. Throws `repository-absent`,
 * `root-not-found`, and what the checks and the store throw.
 */
export async function readPreparedSource(options: SourceOptions): Promise<PreparedSource> {
  const { source: store, trust, scratch: directory, clock, reporter, signal } = options;
  const first = await readIfThere(store, metadataFile('root', 1), { limit: defaultLimits.root, signal });
  if (first === undefined) throw new SatchelError('repository-absent', { location: store.location });
  // The root that was named must be one of those that follow from the first.
  if (trust !== undefined) await fetchRoot(store, { sha256: trust, ...(signal && { signal }) });
  const client = openTrustClient({ directory, store, clock, reporter, policy: placePolicy });
  await client.pin(describeRoot(first, store.location).bytes);
  const { versions, now } = await client.refresh({ signal });
  const source = { client, store, signal };
  const streams = await signedStreams(source);
  const root = client.root();
  const organisation = hash('sha256', first);
  if (root === undefined || !isSha256(organisation)) throw new Error('the root was pinned');
  return {
    ...source,
    organisation,
    root: root.bytes,
    now,
    heads: streams.map(({ record: { stream, build, waypoints = [] } }) => ({
      ...{ stream, head: build.name, waypoints: waypoints.map((waypoint) => waypoint.build) },
    })),
    records: [
      ...streams.map(({ file }) => file),
      ...client.targetPaths('activities').map((path) => targetFile(source, path)),
      ...notesOf(source),
      ...recordsOfBuilds(source),
    ],
    metadata: [
      ...(await olderRoots(source, root.version)),
      ...[...client.files()]
        .map(([role, bytes]) => ({
          name: metadataFile(role, role === 'timestamp' ? undefined : versions[role]),
          bytes,
        }))
        .sort((one, other) => Number(isTimestamp(one)) - Number(isTimestamp(other))),
    ],
  };
}

/**
 * Records of builds that do not go themselves: with them a site that is never online can list what there is. Each takes a
 * block of the stick.
 */
function recordsOfBuilds(source: SignedSource): SignedFile[] {
  const paths = (['builds', 'deltas'] as const).flatMap((role) => source.client.targetPaths(role));
  const ofBuilds = paths.filter((path) => !isNote(path));
  return ofBuilds.length > mostRecords ? [] : ofBuilds.map((path) => targetFile(source, path));
}

/** What is signed beside streams and builds and is neither, such as the list of stolen laptops. */
function notesOf(source: SignedSource): SignedFile[] {
  const paths = (['streams', 'builds'] as const).flatMap((role) => source.client.targetPaths(role));
  return paths.filter(isNote).map((path) => targetFile(source, path));
}

function isTimestamp({ name }: LooseFile): boolean {
  return name === metadataFile('timestamp');
}

/** Every root before the newest: whoever has an older one has to follow the chain. */
async function olderRoots({ store, signal }: SignedSource, newest: number): Promise<LooseFile[]> {
  const roots: LooseFile[] = [];
  for (let version = 1; version < newest; version += 1) {
    const name = metadataFile('root', version);
    roots.push({ name, bytes: await readAll(store, name, { limit: defaultLimits.root, signal }) });
  }
  return roots;
}

/** The signed lists for machines with a shell only, of those streams whose head goes with its packs. */
export async function readLooseFiles(
  { store, heads, signal }: PreparedSource,
  builds: readonly ChosenBuild[],
): Promise<LooseFile[]> {
  const found: LooseFile[] = [];
  const seen = new Set<string>();
  const add = async (name: string, limit: number) => {
    // FAT tells no capitals from small letters, and cannot end a name in a full stop.
    if (seen.has(name.toLowerCase()) || name.endsWith('.')) return;
    const bytes = await readIfThere(store, name, { limit, signal });
    if (bytes === undefined) return;
    seen.add(name.toLowerCase());
    found.push({ name, bytes });
  };
  for (const { stream, head, waypoints } of heads) {
    const chosen = builds.find(({ build }) => build.name === head);
    if (!chosen?.files.some(({ name }) => name.startsWith('packs/'))) continue;
    await add(liteListFile(head), liteListLimit);
    for (const waypoint of waypoints) await add(liteListFile(waypoint), liteListLimit);
    await add(liteStreamFile(stream), liteStreamLimit);
  }
  return found;
}
