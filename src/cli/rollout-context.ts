import { existsSync } from 'node:fs';
import { makeRollout, newSalt, type RolloutPlan } from '../advice/rollout-plan.ts';
import type { Clock } from '../base/clock.ts';
import type { StreamName } from '../base/identifiers.ts';
import { type Fleet, openFleet } from '../fleet/fleet.ts';
import { fleetDatabase } from '../fleet/layout.ts';
import type { Rollout, RolloutStep } from '../repository/rollout-record.ts';
import { withFleet } from './fleet-context.ts';
import { planOf, type RolloutValues } from './rollout-options.ts';

type Place = { readonly options: { readonly repo: string }; readonly clock: Clock };

/** Runs `action` with the fleet database of a repository, if there is one: nobody may have reported to it. */
export async function withFleetIfThere<Result>(
  { options: { repo }, clock }: Place,
  action: (fleet: Fleet | undefined) => Promise<Result>,
): Promise<Result> {
  const fleet = existsSync(fleetDatabase(repo)) ? await openFleet(repo, { clock }) : undefined;
  try {
    return await action(fleet);
  } finally {
    await fleet?.close();
  }
}

/** A plan, and the signed rules of a rollout by it that begins then (milliseconds since 1970). */
export type PreparedRollout = { readonly plan: RolloutPlan; rules(began: number): Rollout };

/**
 * Works out the rules for streams and keeps the plan at the origin, for they may have to be signed elsewhere before
 * anything begins. Each has a salt of its own. Throws `rollout-site-unknown`, `rollout-too-many-devices`, and what
 * opening the fleet database throws.
 */
export function prepareRollouts(
  call: Place & { readonly options: RolloutValues },
  { steps, streams }: { readonly steps: readonly RolloutStep[]; readonly streams: readonly StreamName[] },
): Promise<ReadonlyMap<StreamName, PreparedRollout>> {
  return withFleet(call, async (fleet) => {
    const now = call.clock();
    const prepared = new Map<StreamName, PreparedRollout>();
    for (const stream of streams) {
      const known = await fleet.rollouts.known(stream, now);
      const plan = planOf(steps, call.options, known.sites);
      const salt = newSalt();
      // Nobody has taken what is only about to be offered, whatever an earlier rollout of the stream counted.
      const devices = known.devices.map((device) => ({ ...device, took: false, well: false }));
      const rules = (began: number) => makeRollout(plan, { salt, began, fleet: { ...known, devices } });
      rules(now);
      await fleet.rollouts.plan({ salt, stream, plan, now });
      prepared.set(stream, { plan, rules });
    }
    return prepared;
  });
}
