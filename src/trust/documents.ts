import { recordTime } from '../base/fields.ts';
import type { SigningKey } from './keys.ts';
import type {
  JsonObject,
  RoleKeys,
  RootMetadata,
  Signature,
  TargetFile,
  TargetsMetadata,
} from './metadata.ts';
import { type DelegatedRole, day, delegatedRoles, type Role, trustFormat } from './roles.ts';
import { canonicalBytes, envelopeBytes, signersOf } from './signatures.ts';
import { delegatorOf } from './workflow.ts';

/** Metadata that is being written: what it will say, who has to sign it, and who has. */

/** A new version of one role. */
export type DraftDocument = {
  readonly role: Role;
  /** The version that this one takes the place of; 0 for the first. */
  readonly replaces: number;
  readonly signed: JsonObject;
  readonly signatures: readonly Signature[];
};

/** Who has to sign. Each requirement must be met by itself: while keys change, the old and then the new. */
export type Requirements = {
  readonly requirements: readonly RoleKeys[];
  /** Public keys of all requirements by key id. */
  readonly keys: Readonly<Record<string, JsonObject>>;
};

/** A new version of one role and who has to sign it. */
export type RoleDocument = DraftDocument & Requirements;

/** The part of a signed record that is the same everywhere. */
export type Stamp = { readonly version: number; readonly now: number; readonly days: number };

/** Fields that every signed part begins with. */
export function stamped(type: string, { version, now, days }: Stamp): JsonObject {
  return {
    _type: type,
    spec_version: '1.0.31',
    version,
    expires: recordTime(now + days * day),
    satchel: { format: trustFormat, issued: recordTime(now) },
  };
}

/** The next version of metadata that exists: all its content, fields that we do not know included. */
export function restamped(signed: JsonObject, stamp: Stamp): JsonObject {
  return { ...signed, ...stamped(String(signed._type), stamp) };
}

/** What snapshot or timestamp says of a file. */
export function metaOf(version: number, bytes: Uint8Array, sha256: string): JsonObject {
  return { version, length: bytes.length, hashes: { sha256 } };
}

/** Which target files a role gains (or has replaced) and loses. */
export type TargetEdit = {
  readonly set: ReadonlyMap<string, TargetFile>;
  readonly remove: ReadonlySet<string>;
};

/** True when the edit would leave the role as it is. */
export function changesNothing(edit: TargetEdit, role: TargetsMetadata): boolean {
  for (const path of edit.remove) if (role.targets.has(path)) return false;
  for (const [path, file] of edit.set) {
    const held = role.targets.get(path);
    if (held?.length !== file.length || held.hashes.get('sha256') !== file.hashes.get('sha256')) return false;
  }
  return true;
}

/** The `targets` object after an edit, paths in order. */
export function editedTargets(role: TargetsMetadata, edit: TargetEdit): JsonObject {
  const files = new Map([...role.targets, ...edit.set]);
  for (const path of edit.remove) if (!edit.set.has(path)) files.delete(path);
  const paths = [...files.keys()].sort();
  return Object.fromEntries(
    paths.map((path) => {
      const { length, hashes } = files.get(path)!;
      return [path, { length, hashes: Object.fromEntries(hashes) }];
    }),
  );
}

/**
 * Who has to sign a new version of a role: the keys that root or targets name for it, and while root itself is
 * being replaced also those that the new root names (last). With `oldKeysLost` only the latter for targets.
 */
export function requirementsOf(
  role: Role,
  roots: readonly [RootMetadata] | readonly [old: RootMetadata, next: RootMetadata],
  targets: TargetsMetadata,
  oldKeysLost = false,
): Requirements {
  const delegation = targets.delegations.find(({ name }) => name === role);
  if (delegation) {
    const { keyids, threshold } = delegation;
    return { requirements: [{ keyids, threshold }], keys: Object.fromEntries(targets.keys) };
  }
  const counted = oldKeysLost && role !== 'root' ? roots.slice(-1) : roots;
  return {
    requirements: counted.map((root) => delegatorOf(root, role).role),
    keys: Object.fromEntries(counted.flatMap((root) => [...root.keys])),
  };
}

/** The delegations of a new repository. */
export function delegationsTo(signers: Readonly<Record<DelegatedRole, RoleSigners>>): JsonObject {
  return {
    keys: publicKeys(delegatedRoles.flatMap((role) => signers[role].keys)),
    roles: delegatedRoles.map((name) =>
      delegationTo(name, {
        keyids: signers[name].keys.map(({ keyId }) => keyId),
        threshold: signers[name].threshold,
      }),
    ),
  };
}

/** How targets names a role: it signs the paths below its own name and nothing else. */
export function delegationTo(
  name: DelegatedRole,
  { keyids, threshold }: RoleKeys = { keyids: [], threshold: 1 },
): JsonObject {
  return { name, keyids: [...keyids], threshold, terminating: true, paths: [`${name}/*`] };
}

/** The keys of one role and how many of them must sign. */
export type RoleSigners = { readonly keys: readonly SigningKey[]; readonly threshold: number };

/** Public keys as TUF lists them. */
export function publicKeys(keys: readonly SigningKey[]): JsonObject {
  return Object.fromEntries(keys.map(({ keyId, publicKey }) => [keyId, publicKey]));
}

/** Adds the signatures of those keys that count for the document and have not signed it yet. */
export function addSignatures(document: RoleDocument, keys: readonly SigningKey[]): RoleDocument {
  const wanted = new Set(document.requirements.flatMap(({ keyids }) => keyids));
  for (const { keyid } of document.signatures) wanted.delete(keyid);
  const bytes = keys.length === 0 ? Buffer.alloc(0) : canonicalBytes(document.signed);
  const added = keys
    .filter(({ keyId }) => wanted.has(keyId))
    .map((key) => ({ keyid: key.keyId, sig: key.sign(bytes) }));
  return { ...document, signatures: [...document.signatures, ...added] };
}

/** How many more signatures a document needs before every requirement is met; 0 when it may be published. */
export function signaturesMissing(document: RoleDocument): number {
  const keys = new Map(Object.entries(document.keys));
  const lacking = document.requirements.map(
    (role) => role.threshold - signersOf(document, { keys, role }).length,
  );
  return Math.max(0, ...lacking);
}

/** The document with only those signatures that are good and asked for. */
export function withGoodSignatures(document: RoleDocument): RoleDocument {
  const keys = new Map(Object.entries(document.keys));
  const good = new Set(document.requirements.flatMap((role) => signersOf(document, { keys, role })));
  return { ...document, signatures: document.signatures.filter(({ keyid }) => good.has(keyid)) };
}

/** The bytes of the metadata file. */
export function documentBytes(document: RoleDocument): Uint8Array {
  return envelopeBytes(document.signed, document.signatures);
}

/** The version that a document will have. */
export function versionOf(document: RoleDocument): number {
  return Number(document.signed.version);
}
