import { Worker } from 'node:worker_threads';
import { throwIfCancelled } from '../base/cancel.ts';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import { checkByReading, type ReadItem, type ReadOutcome } from './read-check.ts';

/** What a thread is started with. */
export type VerifyThreadData = { readonly tree: string };

/** What a thread answers to a batch: one outcome an item, in order. */
export type VerifyAnswer =
  | { readonly outcomes: readonly ReadOutcome[] }
  | { readonly failure: { readonly code: MessageCode; readonly parameters: MessageParameters } };

export type ReadAllOptions = {
  readonly signal?: AbortSignal | undefined;
  readonly onOutcome: (item: ReadItem, outcome: ReadOutcome) => void;
};

/** One thread reads while the other hashes; more only make the disk seek. */
const threads = 2;
const batchBytes = 8 * 1024 * 1024;
const batchItems = 500;
/** Less than this is read sooner than threads are started (about 60 ms). */
const worthThreads = { items: 300, bytes: 16 * 1024 * 1024 };

/** Reads and compares all items, in threads when there are many. Memory does not depend on file sizes. */
export async function readAll(
  tree: string,
  items: readonly ReadItem[],
  options: ReadAllOptions,
): Promise<void> {
  const bytes = items.reduce((sum, { content }) => sum + (content?.size ?? 0), 0);
  if (items.length < worthThreads.items && bytes < worthThreads.bytes) {
    for (const item of items) {
      throwIfCancelled(options.signal);
      options.onOutcome(item, checkByReading(tree, item));
    }
    return;
  }
  const queue = batches(items);
  const workers = Array.from({ length: threads }, () => startWorker(tree));
  const stop = () => workers.forEach((worker) => void worker.terminate());
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    await Promise.all(workers.map((worker) => work(worker, queue, options)));
    throwIfCancelled(options.signal);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

async function work(worker: Worker, queue: ReadItem[][], { signal, onOutcome }: ReadAllOptions) {
  for (let batch = queue.shift(); batch !== undefined; batch = queue.shift()) {
    const answer = await ask(worker, batch, signal);
    throwIfCancelled(signal);
    if ('failure' in answer) {
      queue.length = 0;
      throw new SatchelError(answer.failure.code, answer.failure.parameters);
    }
    for (const [position, item] of batch.entries()) onOutcome(item, answer.outcomes[position]!);
  }
}

function startWorker(tree: string): Worker {
  const workerData: VerifyThreadData = { tree };
  // Without a limit a thread lets garbage of 50 MB pile up before it collects any.
  const resourceLimits = { maxYoungGenerationSizeMb: 8, maxOldGenerationSizeMb: 128 };
  return new Worker(new URL('./verify-worker.ts', import.meta.url), { workerData, resourceLimits });
}

function ask(worker: Worker, batch: ReadItem[], signal: AbortSignal | undefined): Promise<VerifyAnswer> {
  return new Promise((resolve, reject) => {
    const onMessage = (answer: VerifyAnswer) => finish(() => resolve(answer));
    const onError = (error: unknown) => finish(() => reject(error));
    const onExit = () =>
      finish(() =>
        reject(signal?.aborted ? new SatchelError('cancelled') : new Error('a thread ended early')),
      );
    const finish = (settle: () => void) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      settle();
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage(batch);
  });
}

function batches(items: readonly ReadItem[]): ReadItem[][] {
  const found: ReadItem[][] = [];
  let batch: ReadItem[] = [];
  let bytes = 0;
  for (const item of items) {
    batch.push(item);
    bytes += item.content?.size ?? 0;
    if (bytes < batchBytes && batch.length < batchItems) continue;
    found.push(batch);
    batch = [];
    bytes = 0;
  }
  if (batch.length > 0) found.push(batch);
  return found;
}
