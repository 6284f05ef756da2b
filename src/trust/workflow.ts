import { SatchelError } from '../base/errors.ts';
import {
  kindOf,
  type MetadataKinds,
  type MetaFile,
  type RootMetadata,
  readEnvelope,
  readSigned,
  requireKnownFormat,
  type SnapshotMetadata,
  type TargetsMetadata,
  type TimestampMetadata,
  type Where,
} from './metadata.ts';
import { type Delegator, requireSigned, signersOf } from './signatures.ts';
import { hasContent } from './verify-content.ts';

/**
 * The checks of the client workflow (TUF specification, section 5), one function a file, in its order:
 * signatures, version, what the file may not take back. Nothing here reads the clock or the disk.
 */

/** Section 5.3: the root after `held`, signed by the keys of both. */
export function acceptNextRoot(bytes: Uint8Array, held: RootMetadata, where: Where): RootMetadata {
  const envelope = readEnvelope(bytes, where);
  requireSigned(envelope, 'root', delegatorOf(held, 'root'), where);
  const root = acceptPinnedRoot(bytes, where);
  if (root.version !== held.version + 1) throw wrongVersion(where, held.version + 1, root.version);
  for (const role of held.roles.keys()) if (!root.roles.has(role)) throw roleRemoved(where, role);
  return root;
}

/** A root that is trusted for another reason (its hash was given); it must at least have signed itself. */
export function acceptPinnedRoot(bytes: Uint8Array, where: Where): RootMetadata {
  const envelope = readEnvelope(bytes, where);
  requireKnownFormat(envelope.signed, where);
  const root = readSigned('root', envelope.signed, where);
  requireSigned(envelope, 'root', delegatorOf(root, 'root'), where);
  return root;
}

/** Section 5.4: the newest timestamp; `same` when it has the version that is held already. */
export function acceptTimestamp(
  bytes: Uint8Array,
  root: RootMetadata,
  held: TimestampMetadata | undefined,
  where: Where,
): TimestampMetadata | 'same' {
  const timestamp = accept('timestamp', bytes, 'timestamp', delegatorOf(root, 'timestamp'), where);
  if (held === undefined) return timestamp;
  if (timestamp.version < held.version) throw rolledBack(where, held.version, timestamp.version);
  if (timestamp.version === held.version) return 'same';
  if (timestamp.snapshot.version < held.snapshot.version)
    throw rolledBack(where, held.snapshot.version, timestamp.snapshot.version);
  return timestamp;
}

/** Section 5.5: the snapshot that the timestamp names. */
export function acceptSnapshot(
  bytes: Uint8Array,
  root: RootMetadata,
  meta: MetaFile,
  held: SnapshotMetadata | undefined,
  where: Where,
): SnapshotMetadata {
  requireContent(bytes, meta, where);
  const snapshot = accept('snapshot', bytes, 'snapshot', delegatorOf(root, 'snapshot'), where);
  if (snapshot.version !== meta.version) throw wrongVersion(where, meta.version, snapshot.version);
  for (const [file, { version }] of held?.meta ?? []) {
    const now = snapshot.meta.get(file);
    if (now === undefined) throw roleRemoved(where, file.replace(/\.json$/, ''));
    if (now.version < version) throw rolledBack({ ...where, file }, version, now.version);
  }
  return snapshot;
}

/** Section 5.6: targets, or a role that it delegates to, as the snapshot names it. */
export function acceptTargets(
  bytes: Uint8Array,
  role: string,
  delegator: Delegator,
  meta: MetaFile,
  where: Where,
): TargetsMetadata {
  requireContent(bytes, meta, where);
  const targets = accept('targets', bytes, role, delegator, where);
  if (targets.version !== meta.version) throw wrongVersion(where, meta.version, targets.version);
  return targets;
}

/** Throws `metadata-role-removed` when `next` no longer delegates to a role that `held` delegated to. */
export function requireNoRoleLost(
  next: TargetsMetadata,
  held: TargetsMetadata | undefined,
  where: Where,
): void {
  const names = new Set(next.delegations.map(({ name }) => name));
  for (const { name } of held?.delegations ?? []) if (!names.has(name)) throw roleRemoved(where, name);
}

/** True while enough keys of today's root have signed a file that was accepted under an earlier root. */
export function stillSigned(bytes: Uint8Array, role: string, root: RootMetadata, where: Where): boolean {
  const delegator = delegatorOf(root, role);
  return signersOf(readEnvelope(bytes, where), delegator).length >= delegator.role.threshold;
}

/** The keys that root names for a top-level role. */
export function delegatorOf(root: RootMetadata, role: string): Delegator {
  const keys = root.roles.get(role);
  if (keys === undefined) throw new Error(`root has no role ${role}`);
  return { keys: root.keys, role: keys };
}

/** The keys that targets names for a role that it delegates to, or undefined when it does not. */
export function delegatedBy(targets: TargetsMetadata, role: string): Delegator | undefined {
  const delegation = targets.delegations.find(({ name }) => name === role);
  return delegation && { keys: targets.keys, role: delegation };
}

function accept<Kind extends keyof MetadataKinds>(
  kind: Kind,
  bytes: Uint8Array,
  role: string,
  delegator: Delegator,
  where: Where,
): MetadataKinds[Kind] {
  if (kindOf(role) !== kind) throw new Error(`the role ${role} is not of kind ${kind}`);
  const envelope = readEnvelope(bytes, where);
  requireSigned(envelope, role, delegator, where);
  requireKnownFormat(envelope.signed, where);
  return readSigned(kind, envelope.signed, where);
}

function requireContent(bytes: Uint8Array, meta: MetaFile, where: Where): void {
  if (!hasContent(bytes, meta)) throw new SatchelError('metadata-hash-mismatch', { ...where });
}

function wrongVersion(where: Where, expected: number, found: number): SatchelError {
  return new SatchelError('metadata-wrong-version', { ...where, expected, found });
}

function rolledBack(where: Where, held: number, offered: number): SatchelError {
  return new SatchelError('metadata-rolled-back', { ...where, held, offered });
}

function roleRemoved(where: Where, role: string): SatchelError {
  return new SatchelError('metadata-role-removed', { ...where, role });
}
