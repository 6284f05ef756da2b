import { createPublicKey, type KeyObject } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../base/cancel.ts';
import type { Signer } from './signer-type.ts';
import type { SignBatch, SignedBatch } from './signer-worker.ts';

/** Texts that a thread is sent at once: handing over costs time too, and waiting for many of them as well. */
const mostAtOnce = 4;
const signatureLength = 256;

type Waiting = {
  readonly text: string;
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: unknown) => void;
};

/**
 * A signer for a server that signs thousands of records a second: threads of its own, one a core, do the work. (With the
 * threads of libuv nearly half of the event loop's time went into handing it over, and files had to wait behind it.)
 * Threads begin with the first signature; they keep no process alive that waits for none.
 */
export function signerInThreads(key: KeyObject, count = availableParallelism()): Signer {
  const threads: SigningThread[] = [];
  let gathered: Waiting[] = [];
  let closed = false;
  const handOver = () => {
    const all = gathered;
    gathered = [];
    for (let at = 0; at < all.length; at += mostAtOnce) leastBusy().send(all.slice(at, at + mostAtOnce));
  };
  const leastBusy = (): SigningThread => {
    for (const [at, thread] of threads.entries()) if (thread.hasFailed()) threads[at] = startThread(key);
    while (threads.length < count) threads.push(startThread(key));
    return threads.reduce((best, thread) => (thread.busy() < best.busy() ? thread : best));
  };
  return {
    publicKey: createPublicKey(key),
    async sign(bytes, { signal } = {}) {
      throwIfCancelled(signal);
      if (closed) throw new Error('the signer has been closed');
      return new Promise<Uint8Array>((resolve, reject) => {
        const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
        gathered.push({ text, resolve, reject });
        if (gathered.length === 1) setImmediate(handOver);
      });
    },
    async close() {
      closed = true;
      handOver();
      await Promise.all(threads.map((thread) => thread.end()));
    },
  };
}

type SigningThread = ReturnType<typeof startThread>;

function startThread(key: KeyObject) {
  const worker = new Worker(new URL('./signer-worker.ts', import.meta.url), {
    workerData: { key },
    resourceLimits: { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 64 },
  });
  const sent = new Map<number, readonly Waiting[]>();
  const idle: (() => void)[] = [];
  let [next, busy] = [0, 0];
  let failure: unknown;
  worker.unref();
  const done = (number: number): readonly Waiting[] => {
    const batch = sent.get(number) ?? [];
    sent.delete(number);
    busy -= batch.length;
    if (busy > 0) return batch;
    worker.unref();
    for (const tell of idle.splice(0)) tell();
    return batch;
  };
  worker.on('message', ({ number, signatures }: SignedBatch) => {
    for (const [at, { resolve }] of done(number).entries())
      resolve(signatures.subarray(at * signatureLength, (at + 1) * signatureLength));
  });
  const fail = (error: unknown) => {
    failure ??= error;
    for (const number of [...sent.keys()]) for (const { reject } of done(number)) reject(failure);
  };
  worker.on('error', fail);
  worker.on('exit', () => fail(new Error('a thread that signs has ended')));
  return {
    busy: () => busy,
    hasFailed: () => failure !== undefined,
    send(batch: readonly Waiting[]): void {
      if (busy === 0) worker.ref();
      busy += batch.length;
      const number = next;
      next += 1;
      sent.set(number, batch);
      const message: SignBatch = { number, texts: batch.map(({ text }) => text) };
      worker.postMessage(message);
    },
    async end(): Promise<void> {
      if (busy > 0) await new Promise<void>((resolve) => idle.push(resolve));
      await worker.terminate();
    },
  };
}
