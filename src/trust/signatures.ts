import { Key, Metadata, Signature as ModelSignature, type Targets } from '@tufjs/models';
import { SatchelError } from '../base/errors.ts';
import type { Envelope, JsonObject, KeySet, RoleKeys, Signature, Where } from './metadata.ts';

/** Making and checking signatures. Loading this file loads the models library, so only new metadata needs it. */

/** Whoever names the keys of a role: root for the top-level roles, targets for the others. */
export type Delegator = { readonly keys: KeySet; readonly role: RoleKeys };

/**
 * Ids of the keys of a role that have signed, each key counted once whatever ids it has. A signature that is
 * wrong or of an unknown kind counts as none.
 */
export function signersOf(envelope: Envelope, delegator: Delegator): string[] {
  const signable = {
    signed: { toJSON: () => envelope.signed },
    signatures: Object.fromEntries(
      envelope.signatures.map(({ keyid, sig }) => [keyid, new ModelSignature({ keyID: keyid, sig })]),
    ),
  } as unknown as Parameters<Key['verifySignature']>[0];
  const material = new Set<string>();
  const signers: string[] = [];
  for (const keyid of delegator.role.keyids) {
    const json = delegator.keys.get(keyid);
    if (json === undefined) continue;
    try {
      const key = Key.fromJSON(keyid, json);
      key.verifySignature(signable);
      const value = String(key.keyVal.public);
      if (material.has(value)) continue;
      material.add(value);
      signers.push(keyid);
    } catch {
      // Whatever is wrong with one key or signature, the others may still reach the threshold.
    }
  }
  return signers;
}

/** Throws `metadata-unsigned` unless enough keys of the role have signed. */
export function requireSigned(envelope: Envelope, role: string, delegator: Delegator, where: Where): void {
  const valid = signersOf(envelope, delegator).length;
  const { threshold } = delegator.role;
  if (valid < threshold) throw new SatchelError('metadata-unsigned', { ...where, role, valid, threshold });
}

/** The canonical JSON of a value: the bytes that are signed and that key ids are the hash of. */
export function canonicalBytes(value: JsonObject): Buffer {
  let canonical = Buffer.alloc(0);
  // The library offers its canonical form only to a signer.
  new Metadata({ toJSON: () => value } as unknown as Targets).sign((bytes) => {
    canonical = bytes as Buffer<ArrayBuffer>;
    return new ModelSignature({ keyID: '', sig: '' });
  });
  return canonical;
}

/** The bytes of a metadata file. */
export function envelopeBytes(signed: JsonObject, signatures: readonly Signature[]): Uint8Array {
  return Buffer.from(`${JSON.stringify({ signatures, signed })}\n`, 'utf8');
}
