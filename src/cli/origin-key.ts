/** That no key of the origin stays at a site. */
import type { KeyObject } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import { rsaKeyId } from '../formats/signature-line.ts';
import { readDelegations } from '../lease/delegations.ts';
import type { Delegation } from '../lease/records.ts';
import { openLeaseStore } from '../lease/store.ts';
import { isSite } from '../site/layout.ts';
import { leaseDirectory } from '../site/lease-directory.ts';

/** Of what a site holds so many laptops are looked at: one key of the origin signs for all of them. */
const looked = 1000;

/**
 * Throws `lease-key-of-origin` at a site for a key that made the delegations which the site holds, or those in the file
 * `through`: whoever delegates is the origin.
 */
export async function refuseOriginKey(
  repository: string,
  key: KeyObject,
  through: string | undefined,
): Promise<void> {
  if (!isSite(repository)) return;
  const id = rsaKeyId(key);
  const inFile = through === undefined ? [] : [...(await readDelegations(through)).values()];
  // A whole key ends in its id.
  for (const { signature } of [...inFile, ...(await heldDelegations(repository))])
    if (signature.groups[0]?.key.endsWith(id)) throw new SatchelError('lease-key-of-origin', { repository });
}

async function heldDelegations(repository: string): Promise<Delegation[]> {
  const store = openLeaseStore(leaseDirectory(repository));
  try {
    return [...store.laptops().take(looked)].flatMap(({ serial }) => store.delegations(serial));
  } finally {
    await store.close();
  }
}
