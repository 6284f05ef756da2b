import type { KeyObject } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';
import type { Laptop, LaptopTime, Serial } from './laptop.ts';
import { type Delegation, type Permission, permissionMessage, serialiseRecord } from './records.ts';
import { delegate, type SignOptions, signBound, signRecord, signThrough } from './signature-chain.ts';
import type { Signer } from './signer-type.ts';

/** What a lease or developer key says, and who signs it. */
export type PermissionOrder = {
  readonly type: Permission['type'];
  readonly disposition: string;
  readonly expiry: LaptopTime;
  readonly signer: Signer;
  /** True for a signature that names laptop and time (`sig02`), for firmware that wants that. */
  readonly isBound: boolean;
  /** Delegations to this key by serial number, when laptops do not trust it by itself. */
  readonly delegations?: ReadonlyMap<Serial, Delegation>;
};

/**
 * Makes the line of one laptop, with its line feed. Throws `lease-delegation-missing` for a laptop that nobody lets
 * this key sign for, and what the signer throws.
 */
export async function makePermission(
  laptop: Laptop,
  order: PermissionOrder,
  options?: SignOptions,
): Promise<string> {
  const { type, disposition, expiry, signer, isBound, delegations } = order;
  const { serial } = laptop;
  const message = permissionMessage(laptop, { disposition, expiry });
  const binding = { serial, expiry };
  const lineOf = (signature: Permission['signature']) =>
    `${serialiseRecord({ type, serial, disposition, expiry, signature })}\n`;
  if (delegations === undefined)
    return lineOf(
      await (isBound ? signBound(signer, message, binding, options) : signRecord(signer, message, options)),
    );
  const delegation = delegations.get(serial);
  if (delegation === undefined) throw new SatchelError('lease-delegation-missing', { serial });
  return lineOf(await signThrough(delegation.signature, signer, message, binding, options));
}

/** Who lets whom sign, until when. */
export type DelegationOrder = {
  readonly signer: Signer;
  readonly to: KeyObject;
  readonly expiry: LaptopTime;
};

/** Lets the owner of a public key sign for one laptop: a `del01` line with its line feed. */
export async function makeDelegation(
  laptop: Laptop,
  { signer, to, expiry }: DelegationOrder,
  options?: SignOptions,
): Promise<string> {
  const signature = await delegate(signer, to, { serial: laptop.serial, expiry }, options);
  return `${serialiseRecord({ type: 'del01', ...laptop, signature })}\n`;
}
