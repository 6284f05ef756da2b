import { isSatchelError, SatchelError } from '../base/errors.ts';
import { isSha256, type Sha256 } from '../base/identifiers.ts';
import { type Fields, readStateFile, writeStateFile } from '../device/state-file.ts';
import {
  type BundleId,
  type BundleKind,
  bundleKinds,
  isBundleFolder,
  isBundleId,
} from '../repository/bundle-record.ts';
import { type BundleVersion, isBundleVersion } from '../repository/bundle-version.ts';
import { type GroupName, isGroupName } from '../repository/group-record.ts';
import type { HomeLayout } from './home.ts';
import { parseWaiting, type WaitingBundle } from './waiting-bundles.ts';

/** One version as it was installed. */
export type InstalledVersion = {
  readonly version: BundleVersion;
  readonly folder: string;
  /** SHA-256 of the uncompressed index, as it was published. */
  readonly index: Sha256;
};

/** What is remembered of a bundle that was installed once. */
export type InstalledBundle = InstalledVersion & {
  readonly id: BundleId;
  readonly kind: BundleKind;
  /** ISO 8601. */
  readonly installedAt: string;
  /** The version that this user wants to stay on. */
  readonly pinned?: BundleVersion;
  /** True: its folder was taken away by the user, so it does not come back by itself. */
  readonly removed?: true;
  /** The version before, kept for going back. */
  readonly previous?: InstalledVersion;
};

/** A version that is about to be in its place: after a power cut its inode tells whether it is. */
export type PendingVersion = InstalledVersion & {
  readonly id: BundleId;
  readonly kind: BundleKind;
  /** Number of the inode of its folder, in decimal. */
  readonly inode: string;
  readonly pinned?: true;
};

/** What is remembered of a home. */
export type HomeState = {
  /** The groups that it follows; absent: the default one. */
  readonly groups?: readonly GroupName[];
  /** Versions that are about to be in their places, together; absent: none. */
  readonly pending?: readonly PendingVersion[];
  /** What the last update of all could not put in place; absent: nothing. */
  readonly waiting?: readonly WaitingBundle[];
  readonly bundles: ReadonlyMap<BundleId, InstalledBundle>;
};

const format = 1;

/** The state; empty before anything was installed. Throws `device-file-newer`, `home-state-damaged`, `file-not-regular`. */
export function readHomeState({ home, state }: HomeLayout): HomeState {
  try {
    return readStateFile(state, format, parseState) ?? { bundles: new Map() };
  } catch (error) {
    if (!isSatchelError(error, 'device-file-damaged')) throw error;
    throw new SatchelError('home-state-damaged', { path: state, home }, { cause: error });
  }
}

/** Replaces the state atomically. */
export function writeHomeState({ state }: HomeLayout, home: HomeState): void {
  const { groups, pending, waiting, bundles } = home;
  writeStateFile(state, format, {
    ...(groups === undefined ? {} : { groups }),
    ...(pending === undefined ? {} : { pending }),
    ...(waiting === undefined ? {} : { waiting }),
    bundles: [...bundles.values()].toSorted((one, other) => (one.id < other.id ? -1 : 1)),
  });
}

/** The state with something else remembered of one bundle; undefined: nothing. */
export function withBundle(state: HomeState, id: BundleId, bundle: InstalledBundle | undefined): HomeState {
  const bundles = new Map(state.bundles);
  if (bundle === undefined) bundles.delete(id);
  else bundles.set(id, bundle);
  return { ...state, bundles };
}

function parseState({ groups, pending, waiting, bundles }: Fields): HomeState | undefined {
  if (!Array.isArray(bundles)) return undefined;
  const parsed = bundles.map(parseBundle);
  if (parsed.includes(undefined)) return undefined;
  const known = new Map(parsed.map((bundle) => [bundle!.id, bundle!]));
  if (known.size !== parsed.length) return undefined;
  const begun = pending === undefined ? undefined : parseAllPending(pending);
  if (pending !== undefined && begun === undefined) return undefined;
  const waits = waiting === undefined ? undefined : parseWaiting(waiting);
  if (waiting !== undefined && waits === undefined) return undefined;
  const rest = {
    ...(begun === undefined ? {} : { pending: begun }),
    ...(waits === undefined ? {} : { waiting: waits }),
    bundles: known,
  };
  if (groups === undefined) return rest;
  if (!Array.isArray(groups) || !groups.every((name) => typeof name === 'string' && isGroupName(name)))
    return undefined;
  return { groups: groups as GroupName[], ...rest };
}

/** A single one that is no list is what was written when each bundle was put in its place by itself. */
function parseAllPending(value: unknown): readonly PendingVersion[] | undefined {
  const parsed = (Array.isArray(value) ? value : [value]).map(parsePending);
  const ids = new Set(parsed.map((each) => each?.id));
  return ids.has(undefined) || ids.size !== parsed.length ? undefined : (parsed as PendingVersion[]);
}

function parsePending(value: unknown): PendingVersion | undefined {
  const version = parseVersion(value);
  if (version === undefined) return undefined;
  const { id, kind, inode, pinned } = value as Fields;
  const known = bundleKinds.find((each) => each === kind);
  if (typeof id !== 'string' || !isBundleId(id) || known === undefined) return undefined;
  if (typeof inode !== 'string' || !/^\d{1,20}$/.test(inode)) return undefined;
  if (pinned !== undefined && pinned !== true) return undefined;
  return { ...version, id, kind: known, inode, ...(pinned === undefined ? {} : { pinned }) };
}

function parseBundle(value: unknown): InstalledBundle | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, kind, installedAt, pinned, removed, previous } = value as Fields;
  const version = parseVersion(value);
  const known = bundleKinds.find((each) => each === kind);
  if (typeof id !== 'string' || !isBundleId(id) || known === undefined || version === undefined)
    return undefined;
  if (typeof installedAt !== 'string' || (removed !== undefined && removed !== true)) return undefined;
  if (pinned !== undefined && (typeof pinned !== 'string' || !isBundleVersion(pinned))) return undefined;
  const before = previous === undefined ? undefined : parseVersion(previous);
  if (previous !== undefined && before === undefined) return undefined;
  return {
    ...{ id, kind: known, ...version, installedAt },
    ...(pinned === undefined ? {} : { pinned }),
    ...(removed === undefined ? {} : { removed }),
    ...(before === undefined ? {} : { previous: before }),
  };
}

function parseVersion(value: unknown): InstalledVersion | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { version, folder, index } = value as Fields;
  if (typeof version !== 'string' || !isBundleVersion(version)) return undefined;
  if (typeof folder !== 'string' || !isBundleFolder(folder)) return undefined;
  if (typeof index !== 'string' || !isSha256(index)) return undefined;
  return { version, folder, index };
}
