import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { SatchelError } from '../base/errors.ts';
import { parseKeyLine, rsaBits, rsaKeyId } from '../formats/signature-line.ts';
import { writeFileAtomic } from '../os/atomic-file.ts';
import { withSystemErrors } from '../os/system-error.ts';

/**
 * Reads a public key: `RSAPublicKey` in DER as the laptops' tools write it (`NAME.public`), a `key01` line, or PEM.
 * Throws `lease-key-unreadable`.
 */
export function readPublicKey(path: string): KeyObject {
  const key = publicKeyIn(withSystemErrors('read', path, () => readFileSync(path)));
  if (key === undefined) throw new SatchelError('lease-key-unreadable', { path });
  return key;
}

/** The public key of a laptop that bytes are, in any of the forms that {@link readPublicKey} reads. */
export function publicKeyIn(bytes: Buffer): KeyObject | undefined {
  const key = firstThatWorks([
    () => createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' }),
    () => parseKeyLine(bytes.toString('latin1').trim()),
    () => createPublicKey(bytes),
  ]);
  return key !== undefined && isLaptopKey(key) ? key : undefined;
}

/**
 * Reads a private key: `RSAPrivateKey` in DER as the laptops' tools write it (`NAME.private`), or PEM, which may be
 * encrypted. Throws `lease-key-locked` when it needs another passphrase, `lease-key-unreadable`.
 */
export function readPrivateKey(path: string, passphrase: string | undefined): KeyObject {
  const bytes = withSystemErrors('read', path, () => readFileSync(path));
  const isEncrypted = bytes.includes('ENCRYPTED');
  const key = firstThatWorks([
    () => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs1' }),
    () =>
      createPrivateKey({ key: bytes, format: 'pem', ...(passphrase === undefined ? {} : { passphrase }) }),
  ]);
  if (key === undefined && isEncrypted) throw new SatchelError('lease-key-locked', { path });
  if (key === undefined || !isLaptopKey(key)) throw new SatchelError('lease-key-unreadable', { path });
  return key;
}

/** A pair of key files that was made. */
export type KeyPairFiles = {
  readonly publicFile: string;
  readonly privateFile: string;
  readonly keyId: string;
};

/**
 * Makes a key: `BASE.public` in the laptops' form, and `BASE.private` as PEM, encrypted by the passphrase. Never
 * replaces a file. Throws `lease-key-exists`.
 */
export function createKeyPair(base: string, passphrase: string): KeyPairFiles {
  const [publicFile, privateFile] = [`${base}.public`, `${base}.private`];
  for (const path of [publicFile, privateFile])
    if (existsSync(path)) throw new SatchelError('lease-key-exists', { path });
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: rsaBits });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase });
  writeFileAtomic(privateFile, pem, { mode: 0o600 });
  // Asked for directly, Node.js refuses the form of a key that it has just made.
  const der = createPublicKey(privateKey.export({ type: 'pkcs1', format: 'pem' })).export({
    type: 'pkcs1',
    format: 'der',
  });
  writeFileAtomic(publicFile, der, { mode: 0o644 });
  return { publicFile, privateFile, keyId: rsaKeyId(publicKey) };
}

function isLaptopKey(key: KeyObject): boolean {
  const { modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  return key.asymmetricKeyType === 'rsa' && modulusLength === rsaBits && publicExponent === 65_537n;
}

function firstThatWorks(ways: readonly (() => KeyObject)[]): KeyObject | undefined {
  for (const way of ways)
    try {
      return way();
    } catch {
      // OpenSSL tells of every form that it is not in another way; what none of them reads is told by the caller.
    }
  return undefined;
}
