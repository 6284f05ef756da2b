import type { KeyObject } from 'node:crypto';
import { isSatchelError, SatchelError } from '../base/errors.ts';
import { rsaBits, rsaKeyId, verifyLine } from '../formats/signature-line.ts';

/** The signature when it is one of the key over the bytes. Throws `signer-signature-wrong`. */
export function checkedSignature(
  signature: Uint8Array,
  bytes: Uint8Array,
  key: KeyObject,
  signer: string,
): Uint8Array {
  const line = { hash: 'sha256', keyId: rsaKeyId(key), signature } as const;
  if (!verifyLine(key, bytes, line)) throw new SatchelError('signer-signature-wrong', { signer });
  return signature;
}

/** True for a PIN that a token refuses, or that is missing: trying again by itself would only lock the token. */
export function isPinTrouble(error: unknown): boolean {
  return isSatchelError(error, 'signer-pin-wrong', 'signer-pin-locked', 'signer-pin-needed');
}

/** The key when laptops know such keys. Throws `signer-key-unfit`. */
export function checkedKey(key: KeyObject, signer: string): KeyObject {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType !== 'rsa' || modulusLength !== rsaBits || publicExponent !== 65_537n)
    throw new SatchelError('signer-key-unfit', { signer });
  return key;
}
