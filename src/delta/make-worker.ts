import { flushCompileCache } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { SatchelError } from '../base/errors.ts';
import { type MakeTask, makeSegments } from './make-task.ts';
import type { ObjectSizes } from './piece-control.ts';
import { type PlanTask, planParts } from './plan-parts.ts';

/**
 * Thread of the make pool: makes the segments of one task after another, or plans how a large gzip file is made. Errors travel as plain data, because a
 * SatchelError does not survive being cloned between threads.
 */
const sizes: ObjectSizes = workerData;

parentPort?.on('message', (message: MakeTask | PlanTask | 'end') => {
  if (message === 'end') {
    flushCompileCache();
    parentPort?.close();
    return;
  }
  try {
    parentPort?.postMessage(
      'missing' in message ? { plan: planParts(message) } : { segments: makeSegments(message, sizes) },
    );
  } catch (error) {
    if (!(error instanceof SatchelError)) throw error;
    parentPort?.postMessage({ failure: { code: error.code, parameters: error.parameters } });
  }
});
