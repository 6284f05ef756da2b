import { createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto';

/**
 * How a device signs what it asks: HTTP Message Signatures (RFC 9421) by Ed25519 over the method, the path from `/api/` on
 * and the digest of the body (RFC 9530), always in this one form:
 *
 *     Content-Digest: sha-256=:<base64>:
 *     Signature-Input: satchel=("@method" "@path" "content-digest");created=<seconds>;nonce="<word>";keyid="<32 hex digits>";alg="ed25519"
 *     Signature: satchel=:<base64>:
 *
 * The key id is the first 32 hex digits of SHA-256 over the 32 bytes of the public key.
 */
export type SignedRequest = {
  readonly keyId: string;
  /** Seconds since 1970, by the clock of the device. */
  readonly created: number;
  /** Used once. */
  readonly nonce: string;
  /** What stands in `Signature-Input` after the label; it is signed as it came. */
  readonly parameters: string;
  readonly digest: string;
  readonly signature: Uint8Array;
};

/** What is signed, beside the body. */
export type RequestLine = { readonly method: string; readonly path: string };

/** Headers by their names in lower case, as they came. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

const label = 'satchel';
const components = '("@method" "@path" "content-digest")';
const parametersPattern =
  /^\("@method" "@path" "content-digest"\);created=(\d{1,12});nonce="([A-Za-z0-9_-]{16,64})";keyid="([0-9a-f]{32})";alg="ed25519"$/;
const digestPattern = /^sha-256=:[A-Za-z0-9+/]{43}=:$/;
const signaturePattern = /^satchel=:([A-Za-z0-9+/]{86}==):$/;

/** The headers that a device adds to a request. */
export function signRequest(
  privateKey: KeyObject,
  { method, path }: RequestLine,
  { body, created, nonce }: { readonly body: Uint8Array; readonly created: number; readonly nonce: string },
): Record<'Content-Digest' | 'Signature-Input' | 'Signature', string> {
  const keyId = deviceKeyId(rawPublicKey(createPublicKey(privateKey)));
  const parameters = `${components};created=${created};nonce="${nonce}";keyid="${keyId}";alg="ed25519"`;
  const digest = digestOf(body);
  const signature = sign(null, signatureBase({ method, path }, { digest, parameters }), privateKey);
  return {
    'Content-Digest': digest,
    'Signature-Input': `${label}=${parameters}`,
    Signature: `${label}=:${signature.toString('base64')}:`,
  };
}

/** What the headers say was signed; undefined where they are absent or in another form. */
export function parseSignature(headers: RequestHeaders): SignedRequest | undefined {
  const { 'content-digest': digest, 'signature-input': input, signature } = headers;
  if (typeof digest !== 'string' || typeof input !== 'string' || typeof signature !== 'string')
    return undefined;
  const parameters = input.startsWith(`${label}=`) ? input.slice(label.length + 1) : '';
  const [, created, nonce, keyId] = parametersPattern.exec(parameters) ?? [];
  const signed = signaturePattern.exec(signature)?.[1];
  if (created === undefined || nonce === undefined || keyId === undefined || signed === undefined)
    return undefined;
  if (!digestPattern.test(digest)) return undefined;
  return {
    ...{ keyId, nonce, parameters, digest },
    created: Number(created),
    signature: Buffer.from(signed, 'base64'),
  };
}

/** True when the key has signed this request with this body. */
export function isSignedBy(
  publicKey: Uint8Array,
  line: RequestLine,
  { body, signed }: { readonly body: Uint8Array; readonly signed: SignedRequest },
): boolean {
  if (signed.keyId !== deviceKeyId(publicKey) || signed.digest !== digestOf(body)) return false;
  return verify(null, signatureBase(line, signed), keyOf(publicKey), signed.signature);
}

/** The name of a public key of 32 bytes. */
export function deviceKeyId(publicKey: Uint8Array): string {
  return hash('sha256', publicKey).slice(0, 32);
}

/** The 32 bytes of an Ed25519 public key. */
export function rawPublicKey(key: KeyObject): Uint8Array {
  return Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
}

/** Whether these bytes are a public key at all. */
export function isPublicKey(bytes: Uint8Array): boolean {
  return bytes.length === 32;
}

function keyOf(publicKey: Uint8Array): KeyObject {
  const x = Buffer.from(publicKey).toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function digestOf(body: Uint8Array): string {
  return `sha-256=:${hash('sha256', body, 'base64')}:`;
}

/** RFC 9421, 2.5. */
function signatureBase(
  { method, path }: RequestLine,
  { digest, parameters }: { readonly digest: string; readonly parameters: string },
): Buffer {
  return Buffer.from(
    [
      `"@method": ${method}`,
      `"@path": ${path}`,
      `"content-digest": ${digest}`,
      `"@signature-params": ${parameters}`,
    ].join('\n'),
    'latin1',
  );
}
