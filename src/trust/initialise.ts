import { hash } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import { readAll } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import {
  addSignatures,
  delegationsTo,
  documentBytes,
  metaOf,
  publicKeys,
  type RoleDocument,
  type RoleSigners,
  signaturesMissing,
  stamped,
} from './documents.ts';
import { type JsonObject, type RootMetadata, readEnvelope, readSigned } from './metadata.ts';
import { metadataFile, versionedMetadata } from './names.ts';
import { keyMissing, lifetimeOf, type PublishingContext } from './publication.ts';
import { readIfThere } from './read-if-there.ts';
import { allRoles, defaultLimits, delegatedRoles, type Role, topLevelRoles } from './roles.ts';
import { delegatorOf } from './workflow.ts';

/** What an operator may decide when a repository is made. */
export type InitialiseOptions = {
  /** How many keys of a role must sign; 1 where absent. */
  readonly thresholds?: Partial<Record<Role, number>>;
};

/** The first root: its SHA-256 is what devices are given to trust, and its bytes may be given instead. */
export type Initialised = { readonly root: Uint8Array; readonly sha256: string };

/**
 * Writes the first metadata of a repository, with no targets yet. Keys that are missing are made: as many as
 * the role's threshold. It may be called again after a crash. Throws `repository-exists`, `key-missing`.
 */
export async function initialiseTrust(
  context: PublishingContext,
  options: InitialiseOptions = {},
): Promise<Initialised> {
  const { store } = context;
  const timestampName = metadataFile('timestamp');
  if (await readIfThere(store, timestampName, { limit: defaultLimits.timestamp }))
    throw new SatchelError('repository-exists', { location: store.location });

  const signers = signersFor(context, options);
  const used = await usedVersions(store);
  const root = await firstRoot(context, signers);
  const meta: JsonObject = {};
  const write = async (role: Role, content: JsonObject): Promise<JsonObject> => {
    const version = (used.get(role) ?? 0) + 1;
    const bytes = sign(context, root.signed, signers, role, version, content);
    await store.put(metadataFile(role, version), bytes);
    return metaOf(version, bytes, hash('sha256', bytes));
  };
  for (const role of delegatedRoles) meta[`${role}.json`] = await write(role, { targets: {} });
  const delegations = delegationsTo(signers);
  meta['targets.json'] = await write('targets', { targets: {}, delegations });
  const snapshot = await write('snapshot', { meta });
  const timestamp = sign(context, root.signed, signers, 'timestamp', 1, {
    meta: { 'snapshot.json': snapshot },
  });
  if (!(await store.compareAndSwap(timestampName, null, timestamp)))
    throw new SatchelError('repository-exists', { location: store.location });
  return { root: root.bytes, sha256: hash('sha256', root.bytes) };
}

/** Every key of every role, made where there are fewer than the threshold. */
function signersFor(context: PublishingContext, options: InitialiseOptions): Record<Role, RoleSigners> {
  const signers: Partial<Record<Role, RoleSigners>> = {};
  for (const role of allRoles) {
    const threshold = options.thresholds?.[role] ?? 1;
    if (!Number.isSafeInteger(threshold) || threshold < 1)
      throw new SatchelError('threshold-impossible', { role, threshold, keys: 0 });
    const keys = [...context.keys.load(role)];
    while (keys.length < threshold) keys.push(context.keys.create(role));
    signers[role] = { keys, threshold };
  }
  return signers as Record<Role, RoleSigners>;
}

/** Writes 1.root.json, or takes up the one that an interrupted attempt with the same keys has left. */
async function firstRoot(
  context: PublishingContext,
  signers: Readonly<Record<Role, RoleSigners>>,
): Promise<{ bytes: Uint8Array; signed: RootMetadata }> {
  const where = { file: metadataFile('root', 1), source: context.store.location };
  const signed: JsonObject = {
    ...stamped('root', { version: 1, now: context.clock(), days: lifetimeOf(context, 'root') }),
    consistent_snapshot: true,
    keys: publicKeys(topLevelRoles.flatMap((role) => signers[role].keys)),
    roles: Object.fromEntries(
      topLevelRoles.map((role) => [
        role,
        { keyids: signers[role].keys.map(({ keyId }) => keyId), threshold: signers[role].threshold },
      ]),
    ),
  };
  const draft = readSigned('root', signed, where);
  const bytes = documentBytes(signDocument(context, signers, 'root', signed, draft));
  if ((await context.store.put(where.file, bytes)) === 'stored') return { bytes, signed: draft };

  const present = await readAll(context.store, where.file, { limit: defaultLimits.root });
  const left = readSigned('root', readEnvelope(present, where).signed, where);
  const named = (root: RootMetadata) => JSON.stringify([root.raw.roles, root.raw.keys]);
  if (named(left) !== named(draft))
    throw new SatchelError('repository-exists', { location: context.store.location });
  return { bytes: present, signed: left };
}

function sign(
  context: PublishingContext,
  root: RootMetadata,
  signers: Readonly<Record<Role, RoleSigners>>,
  role: Role,
  version: number,
  content: JsonObject,
): Uint8Array {
  const type = role === 'timestamp' || role === 'snapshot' ? role : 'targets';
  const stamp = { version, now: context.clock(), days: lifetimeOf(context, role) };
  return documentBytes(signDocument(context, signers, role, { ...stamped(type, stamp), ...content }, root));
}

function signDocument(
  context: PublishingContext,
  signers: Readonly<Record<Role, RoleSigners>>,
  role: Role,
  signed: JsonObject,
  root: RootMetadata,
): RoleDocument {
  const { keys, threshold } = signers[role];
  const delegator = root.roles.has(role)
    ? delegatorOf(root, role)
    : { keys: new Map(), role: { keyids: keys.map(({ keyId }) => keyId), threshold } };
  const document = addSignatures(
    {
      role,
      replaces: 0,
      signed,
      requirements: [delegator.role],
      keys: {
        ...Object.fromEntries(delegator.keys),
        ...Object.fromEntries(keys.map((key) => [key.keyId, key.publicKey])),
      },
      signatures: [],
    },
    keys,
  );
  if (signaturesMissing(document) > 0) throw keyMissing(context, role);
  return document;
}

async function usedVersions(store: Store): Promise<Map<string, number>> {
  const used = new Map<string, number>();
  for await (const { name } of store.list('metadata/')) {
    const found = versionedMetadata(name);
    if (found) used.set(found.role, Math.max(used.get(found.role) ?? 0, found.version));
  }
  return used;
}
