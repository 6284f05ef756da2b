/** That no key of the origin stays at a site. */
import type { KeyObject } from 'node:crypto';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { rsaKeyId } from '../formats/signature-line.ts';
import { readDelegations } from '../lease/delegations.ts';
import { type Delegation, verifyDelegation } from '../lease/records.ts';
import { openLeaseStore } from '../lease/store.ts';
import { isSite } from '../site/layout.ts';
import { leaseDirectory } from '../site/lease-directory.ts';

/** Of what a site holds so many laptops are looked at: one key of the origin signs for all of them. */
const looked = 1000;

/** What is known of the key of a site. */
export type SiteKeyChoice = {
  /** A file of delegations to it, beside those that the site holds. */
  readonly through: string | undefined;
  /** The keys that laptops trust, where the operator has named them. */
  readonly trust?: readonly KeyObject[];
  /** True when the key, or the file, was given just now: then somebody must have delegated to it. */
  readonly isNew: boolean;
};

/**
 * At a site throws `lease-key-of-origin` for a key that made the delegations which the site holds, or those in the file
 * `through`: whoever delegates is the origin. Throws `lease-key-not-delegated` for a new one when there are no
 * delegations, and when none of them is to it, which only the keys that laptops trust can tell.
 */
export async function requireSiteKey(
  repository: string,
  key: KeyObject,
  { through, trust = [], isNew }: SiteKeyChoice,
): Promise<void> {
  if (!isSite(repository)) return;
  const id = rsaKeyId(key);
  const inFile = through === undefined ? [] : [...(await readDelegations(through)).values()];
  const store = openLeaseStore(leaseDirectory(repository));
  const held = () => store.laptops().flatMap(({ serial }) => store.delegations(serial));
  try {
    // A whole key ends in its id.
    const isMaker = ({ signature }: Delegation) => signature.groups[0]?.key.endsWith(id) === true;
    const first = store.laptops().take(looked);
    if (inFile.some(isMaker) || first.flatMap(({ serial }) => store.delegations(serial)).some(isMaker))
      throw new SatchelError('lease-key-of-origin', { repository });
    const isTo = (delegation: Delegation) => trust.length === 0 || isDelegated(delegation, key, trust);
    if (isNew && !inFile.some(isTo) && !held().some(isTo))
      throw new SatchelError('lease-key-not-delegated', { repository });
  } finally {
    await store.close();
  }
}

/** Whether a delegation is to a key, be it over or not. */
function isDelegated(delegation: Delegation, to: KeyObject, keys: readonly KeyObject[]): boolean {
  try {
    verifyDelegation(delegation, to, { laptop: delegation, keys, now: 0 });
    return true;
  } catch (error) {
    if (!isSatchelError(error)) throw error;
    return false;
  }
}
