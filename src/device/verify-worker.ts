import { parentPort, workerData } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { checkByReading, type ReadItem } from './read-check.ts';
import type { VerifyAnswer, VerifyThreadData } from './verify-pool.ts';

/** Thread of the verify pool: reads what it is sent, in order. Errors travel as plain data. */
const { tree } = workerData as VerifyThreadData;

parentPort?.on('message', (items: readonly ReadItem[]) => {
  parentPort?.postMessage(answer(items));
});

function answer(items: readonly ReadItem[]): VerifyAnswer {
  try {
    return { outcomes: items.map((item) => checkByReading(tree, item)) };
  } catch (error) {
    if (error instanceof SatchelError) return { failure: { code: error.code, parameters: error.parameters } };
    throw error;
  }
}
