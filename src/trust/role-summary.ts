import type { KeyRing } from './keys.ts';
import type { RepositoryMetadata } from './metadata-store.ts';
import { allRoles, custodyOf, type Role } from './roles.ts';
import { delegatedBy, delegatorOf } from './workflow.ts';

/** Who may sign for a role, until when its metadata is good, and which of the private keys are at hand. */
export type RoleSummary = {
  readonly role: Role;
  readonly custody: 'offline' | 'online';
  readonly version: number;
  /** Milliseconds since 1970. */
  readonly expires: number;
  readonly threshold: number;
  readonly keys: readonly { readonly keyId: string; readonly isHere: boolean }[];
  /** Private keys that are here and may not (or no longer) sign. */
  readonly unused: readonly string[];
};

/** Summarises every role of a repository. */
export function describeRoles(current: RepositoryMetadata, ring: KeyRing): RoleSummary[] {
  const root = current.root.signed;
  const targets = current.roles.get('targets')?.signed;
  return allRoles.map((role) => {
    const signed =
      role === 'root' || role === 'timestamp' || role === 'snapshot'
        ? current[role].signed
        : current.roles.get(role)?.signed;
    const delegator = root.roles.has(role) ? delegatorOf(root, role) : targets && delegatedBy(targets, role);
    if (signed === undefined || delegator === undefined) throw new Error(`a checked repository has ${role}`);
    const own = ring.load(role).map(({ keyId }) => keyId);
    const { keyids, threshold } = delegator.role;
    return {
      role,
      custody: custodyOf[role],
      version: signed.version,
      expires: signed.expires,
      threshold,
      keys: keyids.map((keyId) => ({ keyId, isHere: own.includes(keyId) })),
      unused: own.filter((keyId) => !keyids.includes(keyId)),
    };
  });
}
