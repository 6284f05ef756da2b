import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore, Store } from '../store/store.ts';
import type {
  RootMetadata,
  SnapshotMetadata,
  TargetsMetadata,
  TimestampMetadata,
  Where,
} from './metadata.ts';
import { metadataFile, targetFileName, versionedMetadata } from './names.ts';
import { readIfThere } from './read-if-there.ts';
import { defaultLimits, limitOf } from './roles.ts';
import type { Delegator } from './signatures.ts';
import {
  acceptPinnedRoot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  delegatedBy,
  delegatorOf,
} from './workflow.ts';

/** A metadata file with what it says. */
export type Stored<Metadata> = { readonly bytes: Uint8Array; readonly signed: Metadata };

/** What a repository says of itself at one moment: a timestamp and all that it leads to. */
export type RepositoryMetadata = {
  readonly root: Stored<RootMetadata>;
  readonly timestamp: Stored<TimestampMetadata>;
  readonly snapshot: Stored<SnapshotMetadata>;
  /** `targets` and every role that it delegates to. */
  readonly roles: ReadonlyMap<string, Stored<TargetsMetadata>>;
  /** The highest version of each role that lies in the store, referenced or left behind by a crash. */
  readonly highest: ReadonlyMap<string, number>;
};

/** Throws `repository-absent` when the store holds none. */
export async function requireRepository(store: Store, signal?: AbortSignal): Promise<void> {
  const options = { limit: defaultLimits.timestamp, signal };
  if ((await readIfThere(store, metadataFile('timestamp'), options)) === undefined)
    throw new SatchelError('repository-absent', { location: store.location });
}

/**
 * The current metadata of a repository that is published to, with every signature checked: who can write to
 * the store must not get a change of his own signed by the next publication.
 * Throws `repository-absent` when there is none, and what the checks throw.
 */
export async function readTrusted(store: Store, signal?: AbortSignal): Promise<RepositoryMetadata> {
  const highest = await highestVersions(store, signal);
  const timestampBytes = await readIfThere(store, metadataFile('timestamp'), {
    limit: defaultLimits.timestamp,
    signal,
  });
  const rootVersion = highest.get('root');
  if (timestampBytes === undefined || rootVersion === undefined)
    throw new SatchelError('repository-absent', { location: store.location });

  const readRoot = async (version: number) => {
    const bytes = await readMetadata(store, 'root', version, signal);
    return { bytes, signed: acceptPinnedRoot(bytes, whereOf(store, 'root', version)) };
  };
  const root = await readRoot(rootVersion);
  try {
    return { root, highest, ...(await readBelow(store, root.signed, timestampBytes, signal)) };
  } catch (error) {
    // A new root with new online keys was stored, and a crash came before they signed anything.
    if (!isSatchelError(error, 'metadata-unsigned') || rootVersion === 1) throw error;
    const earlier = await readRoot(rootVersion - 1);
    try {
      return { root, highest, ...(await readBelow(store, earlier.signed, timestampBytes, signal)) };
    } catch (second) {
      // Neither root explains what is there: then the newest says what is wrong.
      throw isSatchelError(second, 'metadata-unsigned') ? error : second;
    }
  }
}

/** Everything that the timestamp leads to, checked against one root. */
async function readBelow(
  store: Store,
  root: RootMetadata,
  timestampBytes: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<Omit<RepositoryMetadata, 'root' | 'highest'>> {
  const timestamp = acceptTimestamp(timestampBytes, root, undefined, whereOf(store, 'timestamp'));
  if (timestamp === 'same') throw new Error('nothing was held');
  const snapshotVersion = timestamp.snapshot.version;
  const snapshotBytes = await readMetadata(store, 'snapshot', snapshotVersion, signal);
  const snapshotWhere = whereOf(store, 'snapshot', snapshotVersion);
  const snapshot = acceptSnapshot(snapshotBytes, root, timestamp.snapshot, undefined, snapshotWhere);

  const roles = new Map<string, Stored<TargetsMetadata>>();
  const read = async (role: string, delegator: Delegator | undefined) => {
    const meta = snapshot.meta.get(`${role}.json`);
    if (meta === undefined || delegator === undefined)
      throw new SatchelError('metadata-role-removed', { ...snapshotWhere, role });
    const bytes = await readMetadata(store, role, meta.version, signal);
    const where = whereOf(store, role, meta.version);
    roles.set(role, { bytes, signed: acceptTargets(bytes, role, delegator, meta, where) });
  };
  await read('targets', delegatorOf(root, 'targets'));
  const targets = roles.get('targets')!.signed;
  await Promise.all(targets.delegations.map(({ name }) => read(name, delegatedBy(targets, name))));
  return {
    timestamp: { bytes: timestampBytes, signed: timestamp },
    snapshot: { bytes: snapshotBytes, signed: snapshot },
    roles,
  };
}

/**
 * Names of all trust files that are in use: every root, and the metadata and target files that the current
 * timestamp leads to. What else lies below `metadata/` and `targets/` was replaced or left by a crash.
 */
export function liveTrustFiles(current: RepositoryMetadata): Set<string> {
  const live = new Set([
    metadataFile('timestamp'),
    metadataFile('snapshot', current.snapshot.signed.version),
  ]);
  for (let version = 1; version <= current.root.signed.version; version += 1)
    live.add(metadataFile('root', version));
  for (const [role, { signed }] of current.roles) {
    live.add(metadataFile(role, signed.version));
    for (const [path, file] of signed.targets)
      for (const digest of file.hashes.values()) live.add(targetFileName(path, digest));
  }
  return live;
}

/** The highest version of each role among the files below `metadata/`. */
async function highestVersions(store: Store, signal: AbortSignal | undefined): Promise<Map<string, number>> {
  const highest = new Map<string, number>();
  for await (const { name } of store.list('metadata/')) {
    throwIfCancelled(signal);
    const found = versionedMetadata(name);
    if (found) highest.set(found.role, Math.max(highest.get(found.role) ?? 0, found.version));
  }
  return highest;
}

function readMetadata(store: ReadableStore, role: string, version: number, signal: AbortSignal | undefined) {
  return readAll(store, metadataFile(role, version), { limit: limitOf(role, defaultLimits), signal });
}

function whereOf(store: ReadableStore, role: string, version?: number): Where {
  return { file: metadataFile(role, version), source: store.location };
}
