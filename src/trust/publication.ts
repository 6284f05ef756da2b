import { hash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { readAll } from '../store/read-all.ts';
import type { Store } from '../store/store.ts';
import {
  addSignatures,
  changesNothing,
  type DraftDocument,
  documentBytes,
  editedTargets,
  metaOf,
  type RoleDocument,
  requirementsOf,
  restamped,
  signaturesMissing,
  stamped,
  type TargetEdit,
  versionOf,
  withGoodSignatures,
} from './documents.ts';
import type { KeyRing } from './keys.ts';
import { type JsonObject, type RootMetadata, readSigned, type TargetsMetadata } from './metadata.ts';
import { type RepositoryMetadata, readTrusted } from './metadata-store.ts';
import { metadataFile } from './names.ts';
import {
  custodyOf,
  type DelegatedRole,
  defaultLifetimes,
  defaultLimits,
  delegatedRoles,
  type Lifetimes,
  limitOf,
  type Role,
} from './roles.ts';

/** What every publication needs. */
export type PublishingContext = {
  readonly store: Store;
  readonly keys: KeyRing;
  readonly clock: Clock;
  /** Days to expiry where the operator wants others than the defaults. */
  readonly lifetimes?: Partial<Lifetimes>;
  readonly signal?: AbortSignal;
};

/** New metadata, worked out from the current. It is worked out again when another publication came first. */
export type Plan = {
  /** Documents that are ready but for signatures. */
  readonly fixed: readonly DraftDocument[];
  /** Target files that roles gain and lose. */
  readonly edits: ReadonlyMap<DelegatedRole, TargetEdit>;
  /** Roles that are signed again as they are. */
  readonly renew: ReadonlySet<Role>;
  /** True when new keys must do without the signatures of those that they replace. */
  readonly oldKeysLost?: boolean;
};

/** Documents that wait for keys that are elsewhere, and what is to be published together with them. */
export type Unsigned = {
  readonly current: RepositoryMetadata;
  readonly documents: readonly RoleDocument[];
  readonly edits: ReadonlyMap<DelegatedRole, TargetEdit>;
  readonly oldKeysLost: boolean;
};

/** How a publication ended; `versions` has the new version of every role that was written. */
export type Published =
  | { readonly outcome: 'published'; readonly versions: Readonly<Record<string, number>> }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'unsigned'; readonly unsigned: Unsigned };

const attempts = 20;

/**
 * Carries out a plan: immutable metadata files first, `timestamp.json` last by compare-and-swap. Whoever loses
 * the race reads again and tries again. A crash at any moment leaves the old or the new state, and files that
 * nothing refers to. Nothing at all is written when a signature of an offline key is missing.
 * Throws `key-missing` when the keys of an online role are not in the ring, `publish-contended`.
 */
export async function carryOut(
  context: PublishingContext,
  planFor: (current: RepositoryMetadata) => Plan | Promise<Plan>,
): Promise<Published> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    throwIfCancelled(context.signal);
    const current = await readTrusted(context.store, context.signal);
    const plan = await planFor(current);
    const documents = composeDocuments(context, current, plan);
    if (documents.size === 0 && !plan.renew.has('snapshot') && !plan.renew.has('timestamp'))
      return { outcome: 'unchanged' };
    const lacking = [...documents.values()].filter((document) => signaturesMissing(document) > 0);
    for (const document of lacking)
      if (custodyOf[document.role] === 'online') throw keyMissing(context, document.role);
    if (lacking.length > 0) {
      const offline = [...documents.values()].filter(({ role }) => custodyOf[role] === 'offline');
      const edits = new Map(
        [...plan.edits].filter(([role]) => !offline.some((other) => other.role === role)),
      );
      const oldKeysLost = plan.oldKeysLost === true;
      return { outcome: 'unsigned', unsigned: { current, documents: offline, edits, oldKeysLost } };
    }
    const versions = await commit(context, current, documents, plan);
    if (versions) return { outcome: 'published', versions };
  }
  throw new SatchelError('publish-contended', { location: context.store.location });
}

/** The version after every one that exists, so that what a crash left is never in the way. */
export function nextVersion(current: RepositoryMetadata, role: Role): number {
  return (current.highest.get(role) ?? 0) + 1;
}

/** Days to expiry of a role. */
export function lifetimeOf(context: Pick<PublishingContext, 'lifetimes'>, role: Role): number {
  return context.lifetimes?.[role] ?? defaultLifetimes[role];
}

/** Throws `key-missing`: the keys of a role are needed here and are not. */
export function keyMissing(context: Pick<PublishingContext, 'keys'>, role: Role): SatchelError {
  return new SatchelError('key-missing', { role, directory: context.keys.location });
}

/** All documents of a plan with the signatures that can be made here. */
function composeDocuments(
  context: PublishingContext,
  current: RepositoryMetadata,
  plan: Plan,
): Map<Role, RoleDocument> {
  const drafts = new Map(plan.fixed.map((draft) => [draft.role, draft]));
  const held = (role: Role) => {
    const found = current.roles.get(role);
    if (found === undefined) throw new SatchelError('role-unknown', { role });
    return found.signed;
  };
  for (const role of ['targets', ...delegatedRoles] as const) {
    if (drafts.has(role)) continue;
    const edit = role === 'targets' ? undefined : plan.edits.get(role);
    const edited = edit !== undefined && !changesNothing(edit, held(role));
    if (!edited && !plan.renew.has(role)) continue;
    drafts.set(
      role,
      nextDocument(context, current, role, edited ? editedTargets(held(role), edit) : undefined),
    );
  }

  const newRoot = newRootOf(drafts);
  const changedTargets = drafts.get('targets')?.signed;
  const targets = changedTargets
    ? readSigned('targets', changedTargets, { file: 'targets', source: 'here' })
    : held('targets');
  // A role with other keys is signed by them in the same step, also when targets came back from being signed.
  for (const role of delegatedRoles)
    if (!drafts.has(role) && signersChange(held('targets'), targets, role))
      drafts.set(role, nextDocument(context, current, role));
  const documents = new Map<Role, RoleDocument>();
  for (const [role, draft] of drafts) {
    const roots = newRoot ? ([current.root.signed, newRoot] as const) : ([current.root.signed] as const);
    const required = requirementsOf(role, roots, targets, plan.oldKeysLost);
    const document = withGoodSignatures({ ...draft, ...required });
    documents.set(role, addSignatures(document, context.keys.load(role)));
  }
  return documents;
}

/** True when two versions of targets do not ask for the same signatures of a role. */
function signersChange(before: TargetsMetadata, after: TargetsMetadata, role: DelegatedRole): boolean {
  const signers = ({ delegations }: TargetsMetadata) => {
    const found = delegations.find(({ name }) => name === role);
    return JSON.stringify([found?.threshold, [...(found?.keyids ?? [])].sort()]);
  };
  return signers(before) !== signers(after);
}

/** The next version of targets or a role below it, with other target files if some are given. */
export function nextDocument(
  context: PublishingContext,
  current: RepositoryMetadata,
  role: 'targets' | DelegatedRole,
  targets?: JsonObject,
): DraftDocument {
  const held = current.roles.get(role);
  if (held === undefined) throw new SatchelError('role-unknown', { role });
  const { raw, version } = held.signed;
  const stamp = {
    version: nextVersion(current, role),
    now: context.clock(),
    days: lifetimeOf(context, role),
  };
  return {
    role,
    replaces: version,
    signed: restamped(targets ? { ...raw, targets } : raw, stamp),
    signatures: [],
  };
}

/** The first version of a role that targets is about to name. */
export function firstDocument(
  context: PublishingContext,
  current: RepositoryMetadata,
  role: DelegatedRole,
): DraftDocument {
  const stamp = {
    version: nextVersion(current, role),
    now: context.clock(),
    days: lifetimeOf(context, role),
  };
  return { role, replaces: 0, signed: { ...stamped('targets', stamp), targets: {} }, signatures: [] };
}

/** Writes everything; undefined when another publication came first. */
async function commit(
  context: PublishingContext,
  current: RepositoryMetadata,
  documents: ReadonlyMap<Role, RoleDocument>,
  { renew, oldKeysLost }: Plan,
): Promise<Record<string, number> | undefined> {
  const { store } = context;
  const newRoot = newRootOf(documents);
  const versions: Record<string, number> = {};
  const put = async (role: Role, version: number, bytes: Uint8Array) => {
    throwIfCancelled(context.signal);
    versions[role] = version;
    return putVersion(store, role, version, bytes);
  };

  const meta = { ...(current.snapshot.signed.raw.meta as JsonObject) };
  for (const [role, document] of documents) {
    if (role === 'root') continue;
    const bytes = documentBytes(document);
    if (!(await put(role, versionOf(document), bytes))) return undefined;
    meta[`${role}.json`] = metaOf(versionOf(document), bytes, hash('sha256', bytes));
  }

  let snapshot = (current.timestamp.signed.raw.meta as JsonObject)['snapshot.json'] as JsonObject;
  let bothSigned = !oldKeysLost;
  if (documents.size > 0 || renew.has('snapshot')) {
    const version = nextVersion(current, 'snapshot');
    const signed = { ...stampedOnline(context, 'snapshot', version), meta };
    const online = signOnline(context, current, newRoot, 'snapshot', signed);
    if (!(await put('snapshot', version, online.bytes))) return undefined;
    snapshot = metaOf(version, online.bytes, hash('sha256', online.bytes));
    bothSigned &&= online.bothSigned;
  }

  const timestampVersion = current.timestamp.signed.version + 1;
  const timestamp = signOnline(context, current, newRoot, 'timestamp', {
    ...stampedOnline(context, 'timestamp', timestampVersion),
    meta: { 'snapshot.json': snapshot },
  });
  bothSigned &&= timestamp.bothSigned;

  // Metadata signed by old and new keys is good before and after the new root; other metadata only after it.
  const root = documents.get('root');
  if (root && !bothSigned && !(await put('root', versionOf(root), documentBytes(root)))) return undefined;
  throwIfCancelled(context.signal);
  const swapped = await store.compareAndSwap(
    metadataFile('timestamp'),
    current.timestamp.bytes,
    timestamp.bytes,
  );
  if (!swapped) return undefined;
  versions.timestamp = timestampVersion;
  if (root && bothSigned && !(await put('root', versionOf(root), documentBytes(root)))) return undefined;
  return versions;
}

function stampedOnline(
  context: PublishingContext,
  role: 'snapshot' | 'timestamp',
  version: number,
): JsonObject {
  return stamped(role, { version, now: context.clock(), days: lifetimeOf(context, role) });
}

/**
 * Signs snapshot or timestamp for the root that devices know, and for the one that is about to replace it.
 * `bothSigned` is false when the old keys are gone. Throws `key-missing`.
 */
function signOnline(
  context: PublishingContext,
  current: RepositoryMetadata,
  newRoot: RootMetadata | undefined,
  role: 'snapshot' | 'timestamp',
  signed: JsonObject,
): { bytes: Uint8Array; bothSigned: boolean } {
  const roots = newRoot ? ([current.root.signed, newRoot] as const) : ([current.root.signed] as const);
  const required = requirementsOf(role, roots, current.roles.get('targets')!.signed);
  const unsigned = { role, replaces: 0, signed, signatures: [], ...required };
  const document = addSignatures(unsigned, context.keys.load(role));
  const newest = { ...document, requirements: required.requirements.slice(-1) };
  if (signaturesMissing(newest) > 0) throw keyMissing(context, role);
  return { bytes: documentBytes(document), bothSigned: signaturesMissing(document) === 0 };
}

/** Puts one version; false when a different file has that name already. */
async function putVersion(store: Store, role: Role, version: number, bytes: Uint8Array): Promise<boolean> {
  const name = metadataFile(role, version);
  if ((await store.put(name, bytes)) === 'stored') return true;
  const present = await readAll(store, name, { limit: limitOf(role, defaultLimits) });
  return Buffer.compare(present, bytes) === 0;
}

function newRootOf(documents: ReadonlyMap<Role, DraftDocument>): RootMetadata | undefined {
  const root = documents.get('root');
  return root && readSigned('root', root.signed, { file: 'root', source: 'here' });
}
