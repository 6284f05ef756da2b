import type { KeyObject } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Laptop, LaptopTime, Serial } from './laptop.ts';
import { type Delegation, type Permission, permissionMessage, serialiseRecord } from './records.ts';
import { delegate, signBound, signRecord, signThrough } from './signature-chain.ts';

/** What a lease or developer key says, and who signs it. */
export type PermissionOrder = {
  readonly type: Permission['type'];
  readonly disposition: string;
  readonly expiry: LaptopTime;
  readonly key: KeyObject;
  /** True for a signature that names laptop and time (`sig02`), for firmware that wants that. */
  readonly isBound: boolean;
  /** Delegations to this key by serial number, when laptops do not trust it by itself. */
  readonly delegations?: ReadonlyMap<Serial, Delegation>;
};

/**
 * Makes the line of one laptop, with its line feed. Throws `lease-delegation-missing` for a laptop that nobody lets
 * this key sign for.
 */
export function makePermission(laptop: Laptop, order: PermissionOrder): string {
  const { type, disposition, expiry, key, isBound, delegations } = order;
  const { serial } = laptop;
  const message = permissionMessage(laptop, { disposition, expiry });
  const binding = { serial, expiry };
  if (delegations === undefined) {
    const signature = isBound ? signBound(key, message, binding) : signRecord(key, message);
    return `${serialiseRecord({ type, serial, disposition, expiry, signature })}\n`;
  }
  const delegation = delegations.get(serial);
  if (delegation === undefined) throw new SatchelError('lease-delegation-missing', { serial });
  const signature = signThrough(delegation.signature, key, message, binding);
  return `${serialiseRecord({ type, serial, disposition, expiry, signature })}\n`;
}

/** Who lets whom sign, until when. */
export type DelegationOrder = {
  readonly key: KeyObject;
  readonly to: KeyObject;
  readonly expiry: LaptopTime;
};

/** Lets the owner of a public key sign for one laptop: a `del01` line with its line feed. */
export function makeDelegation(laptop: Laptop, { key, to, expiry }: DelegationOrder): string {
  const signature = delegate(key, to, { serial: laptop.serial, expiry });
  if (signature.form !== 'sig02') throw new Error('a delegation is always bound');
  return `${serialiseRecord({ type: 'del01', ...laptop, signature })}\n`;
}
