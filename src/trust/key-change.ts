import { SatchelError } from '../base/errors.ts';
import { recordTime } from '../base/fields.ts';
import { type DraftDocument, delegationTo, requirementsOf, restamped } from './documents.ts';
import type { SigningKey } from './keys.ts';
import type { JsonObject, RoleKeys } from './metadata.ts';
import { type RepositoryMetadata, readTrusted } from './metadata-store.ts';
import { outcomeOf, type PublishOutcome } from './outcome.ts';
import {
  carryOut,
  firstDocument,
  lifetimeOf,
  nextDocument,
  type Plan,
  type PublishingContext,
} from './publication.ts';
import { isDelegatedRole, type Role, trustFormat } from './roles.ts';

/** Changing who may sign. Keys of top-level roles are named by root, those of delegated roles by targets. */

/** A public key as metadata carries it. */
export type PublicKey = Pick<SigningKey, 'keyId' | 'publicKey'>;

export type KeyChange = {
  readonly role: Role;
  readonly add?: readonly PublicKey[];
  /** Key ids. */
  readonly remove?: readonly string[];
  /** How many keys must sign from now on; as it was when absent. */
  readonly threshold?: number;
  /**
   * True when the old keys of the role cannot sign any more. Devices that ask in the moment between the new
   * root and what the new keys sign then fail once and try again.
   */
  readonly oldKeysLost?: boolean;
};

/**
 * Changes the keys of a role. Devices that refresh at any moment see the old or the new keys, because what
 * both sign is published before the new root. Offline keys that are not in the ring lead to a signing request.
 * Throws `threshold-impossible`, `key-missing` (online keys), `publish-contended`.
 */
export async function changeKeys(context: PublishingContext, change: KeyChange): Promise<PublishOutcome> {
  const published = await carryOut(context, (current) => ({
    fixed: isDelegatedRole(change.role)
      ? delegatedChange(context, current, change)
      : topLevelChange(context, current, change),
    edits: new Map(),
    renew: new Set(),
    oldKeysLost: change.oldKeysLost === true,
  }));
  return outcomeOf(context, published);
}

/**
 * Makes new keys for a role in the ring, in place of those given by `remove` or of all that the role has.
 * As many are made as are removed, or as many as must sign when all are replaced.
 */
export async function rotateKey(
  context: PublishingContext,
  change: Pick<KeyChange, 'role' | 'remove' | 'oldKeysLost'>,
): Promise<PublishOutcome & { readonly made: readonly PublicKey[] }> {
  const current = await readTrusted(context.store, context.signal);
  const { keyids, threshold } = heldKeys(current, change.role);
  const made = Array.from({ length: change.remove?.length ?? threshold }, () =>
    context.keys.create(change.role),
  );
  const outcome = await changeKeys(context, { ...change, add: made, remove: change.remove ?? keyids });
  return { ...outcome, made: made.map(({ keyId, publicKey }) => ({ keyId, publicKey })) };
}

/** The keys that a role has; one is to be made for a role that the repository does not have yet. */
function heldKeys(current: RepositoryMetadata, role: Role): RoleKeys {
  if (isDelegatedRole(role) && !current.roles.has(role)) return { keyids: [], threshold: 1 };
  const targets = current.roles.get('targets')!.signed;
  return requirementsOf(role, [current.root.signed], targets).requirements[0]!;
}

/**
 * Signs an offline role again as it is, for another term. For root, `lowerFloor` (milliseconds since 1970)
 * tells devices to take back their floor of time to this, after an origin has signed with a wrong clock.
 */
export async function renewOffline(
  context: PublishingContext,
  role: 'root' | 'targets' | 'builds' | 'activities',
  options: { readonly lowerFloor?: number } = {},
): Promise<PublishOutcome> {
  const published = await carryOut(context, (current): Plan => {
    const renewed = role === 'root' ? nextRoot(context, current, {}, options.lowerFloor) : undefined;
    return {
      fixed: renewed ? [renewed] : [],
      edits: new Map(),
      renew: new Set(renewed ? [] : [role]),
    };
  });
  return outcomeOf(context, published);
}

function topLevelChange(
  context: PublishingContext,
  current: RepositoryMetadata,
  change: KeyChange,
): DraftDocument[] {
  const { raw, keys, roles } = current.root.signed;
  const role = changed(roles.get(change.role)!, change);
  const newRoles = { ...(raw.roles as JsonObject), [change.role]: role };
  const newRoot = nextRoot(context, current, {
    roles: newRoles,
    keys: keysOf(Object.values(newRoles) as RoleKeys[], new Map(keys), change.add),
  });
  return change.role === 'targets' ? [newRoot, nextDocument(context, current, 'targets')] : [newRoot];
}

function delegatedChange(
  context: PublishingContext,
  current: RepositoryMetadata,
  change: KeyChange,
): DraftDocument[] {
  if (!isDelegatedRole(change.role)) throw new Error(`${change.role} is not delegated`);
  const draft = nextDocument(context, current, 'targets');
  const delegations = draft.signed.delegations as { roles: JsonObject[] };
  const isNew = !current.roles.has(change.role);
  const present = isNew ? [...delegations.roles, delegationTo(change.role)] : delegations.roles;
  const newRoles = present.map((role) =>
    role.name === change.role ? { ...role, ...changed(role as unknown as RoleKeys, change) } : role,
  );
  const held = current.roles.get('targets')!.signed.keys;
  const keys = keysOf(newRoles as unknown as RoleKeys[], new Map(held), change.add);
  const signed = { ...draft.signed, delegations: { ...delegations, roles: newRoles, keys } };
  const own = isNew
    ? firstDocument(context, current, change.role)
    : nextDocument(context, current, change.role);
  return [{ ...draft, signed }, own];
}

/** The next root with some of its content changed. */
export function nextRoot(
  context: PublishingContext,
  current: RepositoryMetadata,
  content: JsonObject,
  lowerFloor?: number,
): DraftDocument {
  const { raw, version } = current.root.signed;
  const now = context.clock();
  const signed = restamped(
    { ...raw, ...content },
    { version: version + 1, now, days: lifetimeOf(context, 'root') },
  );
  if (lowerFloor !== undefined)
    signed.satchel = { format: trustFormat, issued: recordTime(now), lowerFloor: recordTime(lowerFloor) };
  return { role: 'root', replaces: version, signed, signatures: [] };
}

function changed(role: RoleKeys, change: KeyChange): { keyids: string[]; threshold: number } {
  const added = change.add?.map(({ keyId }) => keyId) ?? [];
  const kept = role.keyids.filter((keyid) => !change.remove?.includes(keyid) && !added.includes(keyid));
  const keyids = [...kept, ...added];
  const threshold = change.threshold ?? role.threshold;
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > keyids.length)
    throw new SatchelError('threshold-impossible', { role: change.role, threshold, keys: keyids.length });
  return { keyids, threshold };
}

/** The public keys that some role still names. */
function keysOf(
  roles: readonly RoleKeys[],
  held: Map<string, JsonObject>,
  added: readonly PublicKey[] = [],
): JsonObject {
  for (const { keyId, publicKey } of added) held.set(keyId, publicKey);
  const used = new Set(roles.flatMap(({ keyids }) => keyids));
  return Object.fromEntries([...held].filter(([keyid]) => used.has(keyid)));
}
