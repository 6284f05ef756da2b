import { hash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { readAll } from '../store/read-all.ts';
import type { ReadableStore } from '../store/store.ts';
import { requireUsable } from './expiry.ts';
import { type FirstAnswers, readRoot, readTimestamp } from './first-answers.ts';
import type { TimeFloor } from './floor.ts';
import {
  type MetadataKinds,
  type MetaFile,
  readEnvelope,
  type Signed,
  type SnapshotMetadata,
  type TargetsMetadata,
  type TimestampMetadata,
  type Where,
} from './metadata.ts';
import { metadataFile } from './names.ts';
import type { TrustPolicy } from './policy.ts';
import { limitOf } from './roles.ts';
import { type HeldFile, parseHeld } from './trust-state.ts';
import { hasContent } from './verify-content.ts';
import {
  acceptNextRoot,
  acceptSnapshot,
  acceptTargets,
  acceptTimestamp,
  delegatedBy,
  delegatorOf,
  requireNoRoleLost,
  stillSigned,
} from './workflow.ts';

/** What a refresh works with. `draft` is changed as files are accepted, so that it can be kept after a failure. */
export type RefreshContext = {
  readonly store: ReadableStore;
  readonly policy: TrustPolicy;
  readonly floor: TimeFloor;
  readonly draft: Map<string, HeldFile>;
  readonly signal: AbortSignal | undefined;
};

/** The client workflow from the first new file on, in the order of the specification. */
export async function followUpdates(context: RefreshContext, first: FirstAnswers): Promise<void> {
  const moved = await followRoots(context, first.nextRoot);
  requireUsable(context.draft.get('root')!, context.floor.now(), context.policy, context.store.location);
  await takeTimestamp(context, moved ? undefined : first.timestamp);
  await takeSnapshot(context);
  await takeTargets(context);
}

/** Section 5.3: every root after the one that is held. True when there was one. */
async function followRoots(context: RefreshContext, next: Uint8Array | undefined): Promise<boolean> {
  const { draft, policy, floor } = context;
  if (next === undefined) return false;
  let root = parsed(context, 'root');
  let bytes: Uint8Array | undefined = next;
  for (let steps = 0; bytes !== undefined; steps += 1) {
    throwIfCancelled(context.signal);
    if (steps === policy.mostRoots)
      throw new SatchelError('too-many-roots', { source: context.store.location, limit: policy.mostRoots });
    root = acceptNextRoot(bytes, root, whereOf(context, 'root', root.version + 1));
    hold(context, 'root', root, bytes);
    if (root.lowerFloor !== undefined) floor.lower(root.version, root.lowerFloor);
    bytes = await readRoot(context, root.version + 1);
  }
  // Section 5.3.11: an attacker who had the online keys may have counted their versions up out of reach.
  for (const role of ['timestamp', 'snapshot']) {
    const held = draft.get(role);
    if (held === undefined || stillSigned(held.bytes, role, root, whereOf(context, role))) continue;
    draft.delete('timestamp');
    draft.delete('snapshot');
  }
  return true;
}

/** Section 5.4. */
async function takeTimestamp(
  context: RefreshContext,
  early: (() => Promise<Uint8Array>) | undefined,
): Promise<void> {
  const bytes = await (early?.() ?? readTimestamp(context));
  const held = context.draft.has('timestamp') ? parsed(context, 'timestamp') : undefined;
  const where = whereOf(context, 'timestamp');
  let accepted: TimestampMetadata | 'same';
  try {
    accepted = acceptTimestamp(bytes, parsed(context, 'root'), held, where);
  } catch (error) {
    // A stick from before the last change of keys: its files are good, its metadata only too old.
    if (held === undefined || !isSatchelError(error, 'metadata-unsigned')) throw error;
    const offered = claimedVersion(bytes, where);
    if (offered >= held.version) throw error;
    throw new SatchelError(
      'metadata-rolled-back',
      { ...where, held: held.version, offered },
      { cause: error },
    );
  }
  if (accepted === 'same') return requireStillGood(context, 'timestamp', context.draft.get('timestamp')!);
  requireStillGood(context, 'timestamp', accepted);
  hold(context, 'timestamp', accepted, bytes);
}

/** The version that a file gives itself, which proves nothing. */
function claimedVersion(bytes: Uint8Array, where: Where): number {
  const { version } = readEnvelope(bytes, where).signed;
  return typeof version === 'number' ? version : Number.POSITIVE_INFINITY;
}

/** Section 5.5. */
async function takeSnapshot(context: RefreshContext): Promise<void> {
  const meta = parsed(context, 'timestamp').snapshot;
  const held = context.draft.get('snapshot');
  if (held !== undefined && held.version === meta.version && hasContent(held.bytes, meta))
    return requireStillGood(context, 'snapshot', held);
  const bytes = await readNamed(context, 'snapshot', meta);
  const before = held && parsed(context, 'snapshot');
  const where = whereOf(context, 'snapshot', meta.version);
  const snapshot = acceptSnapshot(bytes, parsed(context, 'root'), meta, before, where);
  requireStillGood(context, 'snapshot', snapshot);
  hold(context, 'snapshot', snapshot, bytes);
}

/** Section 5.6, for targets and the roles under it that are always wanted; all that is new at the same time. */
async function takeTargets(context: RefreshContext): Promise<void> {
  const snapshot = parsed(context, 'snapshot');
  const { delegatedRoles, optionalRoles } = context.policy;
  const present = optionalRoles.filter((role) => snapshot.meta.has(`${role}.json`));
  const roles = ['targets', ...delegatedRoles, ...present];
  const reading = roles.map((role) => readIfNew(context, role, metaFor(context, snapshot, role)));
  // Whichever fails first is reported when its turn comes; until then it must not count as unhandled.
  for (const one of reading) one.catch(() => {});
  for (const [number, role] of roles.entries())
    takeRole(context, role, metaFor(context, snapshot, role), await reading[number]!);
}

function takeRole(context: RefreshContext, role: string, meta: MetaFile, bytes: Uint8Array): void {
  const held = context.draft.get(role);
  const under = hash('sha256', context.draft.get(role === 'targets' ? 'root' : 'targets')!.bytes);
  // The same file under the same keys: what was verified once is not read again.
  if (held !== undefined && held.bytes === bytes && held.under === under) {
    requireStillGood(context, role, held);
    return;
  }
  const where = whereOf(context, role, meta.version);
  const delegator =
    role === 'targets'
      ? delegatorOf(parsed(context, 'root'), role)
      : delegatedBy(parsed(context, 'targets'), role);
  if (delegator === undefined) throw new SatchelError('metadata-role-removed', { ...where, role });
  const targets = acceptTargets(bytes, role, delegator, meta, where);
  if (role === 'targets' && context.policy.keepRoles)
    requireNoRoleLost(targets, held && parsed(context, 'targets'), where);
  requireStillGood(context, role, targets);
  hold(context, role, targets, bytes, under);
}

/** The held file of a role when it is the one that the snapshot names, else the one from the source. */
async function readIfNew(context: RefreshContext, role: string, meta: MetaFile): Promise<Uint8Array> {
  const held = context.draft.get(role);
  if (held !== undefined && held.version === meta.version && hasContent(held.bytes, meta)) return held.bytes;
  return readNamed(context, role, meta);
}

/** A role that a refresh does not bring by itself, as `delegator` names its keys and the snapshot its version. */
export async function takeDelegated(
  context: RefreshContext,
  role: string,
  delegator: TargetsMetadata,
): Promise<TargetsMetadata> {
  const meta = metaFor(context, parsed(context, 'snapshot'), role);
  const keys = delegatedBy(delegator, role);
  if (keys === undefined) throw new Error(`nobody delegates to ${role}`);
  const bytes = await readIfNew(context, role, meta);
  const targets = acceptTargets(bytes, role, keys, meta, whereOf(context, role, meta.version));
  requireStillGood(context, role, targets);
  hold(context, role, targets, bytes);
  return targets;
}

function readNamed(context: RefreshContext, role: string, meta: MetaFile): Promise<Uint8Array> {
  const { store, policy, signal } = context;
  const limit = Math.min(meta.length ?? Number.POSITIVE_INFINITY, limitOf(role, policy.limits));
  const versioned = parsed(context, 'root').consistentSnapshot ? meta.version : undefined;
  return readAll(store, metadataFile(role, versioned), { limit, signal });
}

function metaFor(context: RefreshContext, snapshot: SnapshotMetadata, role: string): MetaFile {
  const meta = snapshot.meta.get(`${role}.json`);
  if (meta) return meta;
  throw new SatchelError('metadata-role-removed', {
    ...whereOf(context, 'snapshot', snapshot.version),
    role,
  });
}

function requireStillGood(
  context: RefreshContext,
  role: string,
  { expires }: { readonly expires: number },
): void {
  requireUsable({ role, expires }, context.floor.now(), context.policy, context.store.location);
}

function hold(
  { draft }: RefreshContext,
  role: string,
  { version, expires, issued }: Signed,
  bytes: Uint8Array,
  under?: string,
): void {
  draft.set(role, { role, version, expires, issued, under, bytes });
}

/** A file of the draft, which was verified when it was accepted. */
function parsed<Kind extends keyof MetadataKinds>(context: RefreshContext, role: Kind): MetadataKinds[Kind] {
  return parseHeld(context.draft, role, context.store.location);
}

function whereOf({ store }: RefreshContext, role: string, version?: number): Where {
  return { file: metadataFile(role, version), source: store.location };
}
