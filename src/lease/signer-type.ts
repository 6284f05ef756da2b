import type { KeyObject } from 'node:crypto';

/**
 * Makes RSASSA-PSS signatures of the laptops: SHA-256, MGF1 with the same hash, a salt of 8 bytes. The work is done off
 * the event loop; several signatures may be asked for at once. Where the private key lies is the business of the signer.
 */
export type Signer = {
  readonly publicKey: KeyObject;
  /** A signature of 256 bytes over the bytes. Throws `cancelled`, and `signer-…` where the key lies elsewhere. */
  sign(bytes: Uint8Array, options?: { readonly signal?: AbortSignal | undefined }): Promise<Uint8Array>;
  /** Gives back what the signer holds: sessions, processes. Nothing may be signed afterwards. */
  close(): Promise<void>;
};

/** What opens a signer beside its reference. */
export type SignerOptions = {
  /** Opens an encrypted key, is the PIN of a token, or goes to a command in its environment. */
  readonly passphrase?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** True where thousands of signatures a second may be wanted: a key at hand signs in threads of its own. */
  readonly threads?: boolean | undefined;
};
