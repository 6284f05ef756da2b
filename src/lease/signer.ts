import { constants, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { throwIfCancelled } from '../base/cancel.ts';
import { readPrivateKey } from './key-files.ts';
import type { Signer, SignerOptions } from './signer-type.ts';

export type { Signer, SignerOptions } from './signer-type.ts';

/**
 * Opens the key that a reference names: the path of a private key, as `satchel lease key` writes it; `pkcs11:…`, a URI
 * of RFC 7512 for a key in a token; or `command:PROGRAM ARG…`, a program that signs. The caller closes it.
 *
 * Throws `lease-key-locked`, `lease-key-unreadable`, `signer-…` and `cancelled`.
 */
export async function openSigner(reference: string, options: SignerOptions = {}): Promise<Signer> {
  throwIfCancelled(options.signal);
  if (reference.startsWith('pkcs11:')) {
    const { openTokenSigner } = await import('./signer-token.ts');
    return openTokenSigner(reference, options);
  }
  if (reference.startsWith('command:')) {
    const { openCommandSigner } = await import('./signer-command.ts');
    return openCommandSigner(reference, options);
  }
  const key = readPrivateKey(reference, options.passphrase);
  if (options.threads !== true) return signerOfKey(key);
  const { signerInThreads } = await import('./signer-threads.ts');
  return signerInThreads(key);
}

/** True for a reference that is no path. */
export function isForeignSigner(reference: string): boolean {
  return /^(?:pkcs11|command):/.test(reference);
}

/** A signer for a private key that is at hand; the threads of libuv sign. */
export function signerOfKey(key: KeyObject): Signer {
  const withPadding = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 };
  return {
    publicKey: createPublicKey(key),
    async sign(bytes, { signal } = {}) {
      throwIfCancelled(signal);
      return new Promise<Uint8Array>((resolve, reject) => {
        sign('sha256', bytes, withPadding, (error, signature) =>
          error ? reject(error) : resolve(signature),
        );
      });
    },
    async close() {},
  };
}
