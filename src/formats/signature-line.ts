import { constants, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { SatchelError } from '../base/errors.ts';

/**
 * Signature lines of the laptops: `sig01: <hash> <key id> <signature>`, as their firmware checks them. RSA of 2048
 * bits, RSASSA-PSS, MGF1 with the same hash, a salt of 8 bytes, trailer 0xBC. What is signed stands outside of
 * the line. `openssl dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:8 -verify` agrees.
 */
export type SignatureLine = {
  readonly hash: 'sha256' | 'rmd160';
  /** The last 32 bytes of the public key in DER, as 64 hex digits. */
  readonly keyId: string;
  readonly signature: Uint8Array;
};

const padding = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 } as const;
const algorithms = { sha256: 'sha256', rmd160: 'ripemd160' } as const;
const linePattern = /^sig01: (sha256|rmd160) ([0-9a-f]{64}) ([0-9a-f]{512})$/;
const keyPattern = /^key01: ([0-9a-f]{540})$/;

/** Reads a line without its line feed. Throws `signature-line-invalid`. */
export function parseSignatureLine(line: string): SignatureLine {
  const [, hash, keyId, signature] = linePattern.exec(line) ?? [];
  if (hash === undefined || keyId === undefined || signature === undefined) throw invalid(line);
  return { hash: hash === 'rmd160' ? 'rmd160' : 'sha256', keyId, signature: Buffer.from(signature, 'hex') };
}

/** The line of a signature, without line feed. */
export function serialiseSignatureLine({ hash, keyId, signature }: SignatureLine): string {
  return `sig01: ${hash} ${keyId} ${Buffer.from(signature).toString('hex')}`;
}

/** Signs bytes; the line without line feed. The salt is random, so no two lines are the same. */
export function signLine(
  privateKey: KeyObject,
  bytes: Uint8Array,
  hash: SignatureLine['hash'] = 'sha256',
): string {
  const signature = sign(algorithms[hash], bytes, { key: privateKey, ...padding });
  return serialiseSignatureLine({ hash, keyId: rsaKeyId(createPublicKey(privateKey)), signature });
}

/** True when the line is a signature of the bytes by this key and names it. */
export function verifyLine(publicKey: KeyObject, bytes: Uint8Array, line: SignatureLine): boolean {
  if (line.keyId !== rsaKeyId(publicKey)) return false;
  return verify(algorithms[line.hash], bytes, { key: publicKey, ...padding }, line.signature);
}

/** The name of a key in signature lines. */
export function rsaKeyId(publicKey: KeyObject): string {
  return publicKeyDer(publicKey).subarray(-32).toString('hex');
}

/** The key as a line, `key01: <DER in hex>`, without line feed. */
export function serialiseKeyLine(publicKey: KeyObject): string {
  return `key01: ${publicKeyDer(publicKey).toString('hex')}`;
}

/** Reads a line of a public key, without its line feed. Throws `signature-line-invalid`. */
export function parseKeyLine(line: string): KeyObject {
  const hex = keyPattern.exec(line)?.[1];
  if (hex === undefined) throw invalid(line);
  try {
    return createPublicKey({ key: Buffer.from(hex, 'hex'), format: 'der', type: 'pkcs1' });
  } catch (error) {
    throw new SatchelError('signature-line-invalid', { line: line.slice(0, 80) }, { cause: error });
  }
}

/** Bits of the keys that the laptops know. */
export const rsaBits = 2048;

/** Bytes of a public key of that size in DER. */
const keyLength = 270;

/** `RSAPublicKey` in DER: the end of the general form. (Asked for directly, Node.js refuses keys that it just made.) */
function publicKeyDer(publicKey: KeyObject): Buffer {
  const known = knownDer.get(publicKey);
  if (known !== undefined) return known;
  const der = publicKey.export({ format: 'der', type: 'spki' }).subarray(-keyLength);
  knownDer.set(publicKey, der);
  return der;
}

/** A server signs thousands of records a second with the same key, and asks each time what it is called. */
const knownDer = new WeakMap<KeyObject, Buffer>();

function invalid(line: string): SatchelError {
  return new SatchelError('signature-line-invalid', { line: line.slice(0, 80) });
}
