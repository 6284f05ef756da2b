import { hash } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import type { TargetEdit } from './documents.ts';
import type { TargetFile } from './metadata.ts';
import type { RepositoryMetadata } from './metadata-store.ts';
import { targetFileName } from './names.ts';
import { outcomeOf, type PublishOutcome } from './outcome.ts';
import { carryOut, type PublishingContext } from './publication.ts';
import { type DelegatedRole, day, delegatedRoles, type Role } from './roles.ts';

/** The repository's side of trust: publishing target files and keeping signatures fresh. */

/** A file to publish: its target path (`builds/py802-1.json`) and its content. */
export type NewTarget = { readonly path: string; readonly bytes: Uint8Array };

/** What changes, by role; a path that exists already is replaced. */
export type TargetChanges = {
  readonly [role in DelegatedRole]?: {
    readonly add?: readonly NewTarget[];
    readonly remove?: readonly string[];
  };
};

/**
 * Adds and removes target files in one atomic step. When a needed offline key is not in the ring, the files are
 * stored but nothing refers to them, and the outcome is a request to be signed where the keys are. Changes that
 * follow from what is there are given as a function: it is asked again when another publication came first.
 * Throws `repository-absent`, `key-missing` (online keys), `publish-contended`, and what the store throws.
 */
export async function publishTargets(
  context: PublishingContext,
  changes: TargetChanges | ((current: RepositoryMetadata) => Promise<TargetChanges>),
): Promise<PublishOutcome> {
  const published = await carryOut(context, async (current) => {
    const edits = await storeTargets(
      context,
      typeof changes === 'function' ? await changes(current) : changes,
    );
    return { fixed: [], edits, renew: new Set() };
  });
  return outcomeOf(context, published);
}

/** Stores the files that changes add; nothing refers to them yet. */
async function storeTargets(
  context: PublishingContext,
  changes: TargetChanges,
): Promise<Map<DelegatedRole, TargetEdit>> {
  const edits = new Map<DelegatedRole, TargetEdit>();
  for (const role of delegatedRoles) {
    const change = changes[role];
    if (change === undefined) continue;
    const set = new Map<string, TargetFile>();
    for (const { path, bytes } of change.add ?? []) {
      requireTargetPath(role, path);
      throwIfCancelled(context.signal);
      const sha256 = hash('sha256', bytes);
      await context.store.put(targetFileName(path, sha256), bytes);
      set.set(path, { length: bytes.length, hashes: new Map([['sha256', sha256]]) });
    }
    edits.set(role, { set, remove: new Set(change.remove) });
  }
  return edits;
}

/** Which roles to renew when: `before` is the share of their life that is left, 0.5 by default. */
export type RenewOptions = { readonly before?: number };

/**
 * Signs the online roles again whose life runs out, and those whose issue time lies in the future because the
 * clock was wrong when they were signed. For the server's timer: does nothing while nothing is due.
 */
export async function renewOnline(
  context: PublishingContext,
  options: RenewOptions = {},
): Promise<PublishOutcome> {
  const before = options.before ?? 0.5;
  const plan = await carryOut(context, (current) => {
    const now = context.clock();
    const due = (signed: { expires: number; issued: number | undefined }) => {
      const issued = signed.issued ?? 0;
      return issued > now + day || signed.expires - now < before * (signed.expires - issued);
    };
    const renew = new Set<Role>();
    for (const role of ['streams', 'deltas'] as const) {
      const held = current.roles.get(role);
      if (held && due(held.signed)) renew.add(role);
    }
    if (due(current.snapshot.signed)) renew.add('snapshot');
    if (due(current.timestamp.signed)) renew.add('timestamp');
    return { fixed: [], edits: new Map(), renew };
  });
  return outcomeOf(context, plan);
}

/**
 * Signs the timestamp again and nothing else, so that devices learn that it is later: the stages of a rollout go by
 * when it was signed. Throws `key-missing`, `publish-contended`.
 */
export async function renewTimestamp(context: PublishingContext): Promise<void> {
  const plan = { fixed: [], edits: new Map(), renew: new Set<Role>(['timestamp']) };
  await carryOut(context, () => plan);
}

function requireTargetPath(role: DelegatedRole, path: string): void {
  if (!path.startsWith(`${role}/`) || !/^[a-z]+\/_?[A-Za-z0-9][A-Za-z0-9._+-]*$/.test(path))
    throw new Error(`${path} is no target path of the role ${role}`);
}
