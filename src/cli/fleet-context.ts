import { statSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import { SatchelError } from '../base/errors.ts';
import { type Fleet, openFleet } from '../fleet/fleet.ts';

/** What the commands about the fleet are called with. */
export type FleetCall = { readonly options: { readonly repo: string }; readonly clock: Clock };

/**
 * Opens the fleet database of a repository, runs `action`, and closes it whatever happens. Throws `repository-absent`,
 * and what opening throws.
 */
export async function withFleet<Result>(
  { options: { repo }, clock }: FleetCall,
  action: (fleet: Fleet) => Promise<Result>,
): Promise<Result> {
  if (!statSync(repo, { throwIfNoEntry: false })?.isDirectory())
    throw new SatchelError('repository-absent', { location: repo });
  const fleet = await openFleet(repo, { clock });
  try {
    return await action(fleet);
  } finally {
    await fleet.close();
  }
}
