import { SatchelError } from '../base/errors.ts';
import { never, type Serial, timeOf } from '../lease/laptop.ts';
import type { Delegation } from '../lease/records.ts';
import { serialiseChain, signRecord, signThrough } from '../lease/signature-chain.ts';
import type { Signer } from '../lease/signer-type.ts';
import type { OatsSign } from './oats-envelope.ts';

/** Signs answers with a key that every laptop knows (`sig01`). */
export function oatsSign(signer: Signer): OatsSign {
  return async (signed) => [serialiseChain(await signRecord(signer, textOf(signed)))];
}

/**
 * Signs answers to one laptop with a key that a delegation names (`sig02`), for as long as the delegation holds: an answer
 * is of no use for another question anyway. Throws, when it is to sign, `lease-delegation-missing`.
 */
export function oatsSignThrough(
  signer: Signer,
  { serial, delegation }: { readonly serial: Serial; readonly delegation: Delegation | undefined },
): OatsSign {
  return async (signed) => {
    if (delegation === undefined) throw new SatchelError('lease-delegation-missing', { serial });
    const { signature } = delegation;
    const expiry = signature.groups.map((group) => group.expiry).reduce(earlier, never);
    return [serialiseChain(await signThrough(signature, signer, textOf(signed), { serial, expiry }))];
  };
}

function earlier<Time extends Parameters<typeof timeOf>[0]>(one: Time, other: Time): Time {
  return timeOf(one) <= timeOf(other) ? one : other;
}

function textOf(signed: Uint8Array): string {
  return Buffer.from(signed.buffer, signed.byteOffset, signed.byteLength).toString('latin1');
}
