import { isSatchelError } from '../base/errors.ts';
import { type Laptop, laptopTime, never, timeOf } from './laptop.ts';
import { makePermission } from './make.ts';
import { endOf } from './office-lines.ts';
import type { OfficeTools } from './office-signer.ts';
import { type Delegation, verifyDelegation } from './records.ts';
import { isDue } from './schedule.ts';
import type { LeaseStore } from './store.ts';

/**
 * False for the time of a clock that was never set, or that ran over: laptops take none before 2007, and leases that were
 * made in 2106 would never end. Nothing is made then; what is held is handed out.
 */
export function isSaneTime(time: number): boolean {
  return time >= earliest && time < latest;
}

const [earliest, latest] = [Date.parse('2007-01-01T00:00:00Z'), Date.parse('2100-01-01T00:00:00Z')];

/** Whose lease could be made now, and until when. */
export type LeaseOrder = {
  readonly laptop: Laptop;
  readonly delegation?: Delegation | undefined;
  /** Milliseconds since 1970. */
  readonly until: number;
};

/**
 * The delegation of a laptop to our key that lasts longest; undefined when there is none that is good now. Where nobody
 * has said which keys the laptops trust it is not known to whom a delegation is, and the newest counts as ours.
 */
export function delegationFor(
  laptop: Laptop,
  delegations: readonly Delegation[],
  { signer, trust }: Pick<OfficeTools, 'signer' | 'trust'>,
  now: number,
): Delegation | undefined {
  const isOurs = (delegation: Delegation): boolean => {
    if (endOf(delegation) < now) return false;
    if (trust.length === 0) return true;
    try {
      verifyDelegation(delegation, signer.publicKey, { laptop, keys: trust, now });
      return true;
    } catch (error) {
      if (isSatchelError(error)) return false;
      throw error;
    }
  };
  const ours = delegations.filter((delegation) => delegation.uuid === laptop.uuid && isOurs(delegation));
  if (trust.length === 0) return ours[0];
  return ours.reduce<Delegation | undefined>(
    (best, one) => (best === undefined || endOf(one) > endOf(best) ? one : best),
    undefined,
  );
}

/**
 * What to make for a laptop whose lease ends at `held` (undefined: it has none): undefined when it is too early, when its
 * UUID is not known, or when nobody lets the key sign for it.
 */
export function orderFor(
  laptop: Laptop | undefined,
  held: number | undefined,
  { tools, store, now }: { readonly tools: OfficeTools; readonly store: LeaseStore; readonly now: number },
): LeaseOrder | undefined {
  if (laptop === undefined) return undefined;
  const end = timeOf(tools.schedule.endOf(now));
  // An hour that is over, or too early; no delegation makes it due, and those are dear to check.
  if (end <= now || !isDue(held, end, now)) return undefined;
  if (!tools.settings.delegated) return { laptop, until: end };
  const delegation = delegationFor(laptop, store.delegations(laptop.serial), tools, now);
  if (delegation === undefined) return undefined;
  const until = Math.min(end, endOf(delegation));
  return isDue(held, until, now) ? { laptop, delegation, until } : undefined;
}

/** Makes a lease: an `act01` line with its line feed. Throws what the signer throws. */
export function makeLease(
  { laptop, delegation, until }: LeaseOrder,
  { settings, signer }: OfficeTools,
  options?: { readonly signal?: AbortSignal | undefined },
): Promise<string> {
  return makePermission(
    laptop,
    {
      type: 'act01',
      disposition: 'K',
      expiry: Number.isFinite(until) ? laptopTime(until) : never,
      signer,
      isBound: settings.bound,
      ...(delegation && { delegations: new Map([[laptop.serial, delegation]]) }),
    },
    options,
  );
}
