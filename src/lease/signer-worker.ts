/** A thread of {@link signerInThreads}: signs what it is sent, in order, and sends the signatures back. */
import { constants, type KeyObject, sign } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';

/** What a thread is sent: texts to sign, one character a byte. */
export type SignBatch = { readonly number: number; readonly texts: readonly string[] };

/** What it sends back: the signatures one after the other, 256 bytes each. */
export type SignedBatch = { readonly number: number; readonly signatures: Uint8Array };

const key = (workerData as { readonly key: KeyObject }).key;
const withPadding = { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 8 };

parentPort?.on('message', ({ number, texts }: SignBatch) => {
  const made = texts.map((text) => sign('sha256', Buffer.from(text, 'latin1'), withPadding));
  const signed: SignedBatch = { number, signatures: new Uint8Array(Buffer.concat(made)) };
  parentPort?.postMessage(signed, [signed.signatures.buffer as ArrayBuffer]);
});
