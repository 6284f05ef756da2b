import { nextRoot } from './key-change.ts';
import type { RepositoryMetadata } from './metadata-store.ts';
import { outcomeOf, type PublishOutcome } from './outcome.ts';
import { carryOut, type Plan, type PublishingContext } from './publication.ts';
import { day, isRole, type Role } from './roles.ts';

/** Roles whose current metadata says that it was signed more than a day from now: a clock was wrong. */
export function rolesFromTheFuture(current: RepositoryMetadata, now: number): Role[] {
  const files = [
    ['root', current.root.signed],
    ['snapshot', current.snapshot.signed],
    ['timestamp', current.timestamp.signed],
    ...[...current.roles].map(([role, { signed }]) => [role, signed] as const),
  ] as const;
  return files.flatMap(([role, { issued }]) =>
    issued !== undefined && issued > now + day && isRole(role) ? [role] : [],
  );
}

/**
 * After an origin has signed with a clock that was ahead: signs everything that carries such a time again, and
 * a root that makes devices take back their floor of time. Does nothing when no signature lies in the future.
 */
export async function repairTimes(context: PublishingContext): Promise<PublishOutcome> {
  const published = await carryOut(context, (current): Plan => {
    const now = context.clock();
    const wrong = rolesFromTheFuture(current, now);
    return {
      fixed: wrong.length === 0 ? [] : [nextRoot(context, current, {}, now)],
      edits: new Map(),
      renew: new Set(wrong.filter((role) => role !== 'root')),
    };
  });
  return outcomeOf(context, published);
}
