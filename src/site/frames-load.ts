import { Worker } from 'node:worker_threads';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { StoredFile } from '../repository/records.ts';
import type { FrameTable } from './frames-table.ts';

/** The stored index and map of a build, and what their signed records say of them. */
export type FramesTask = {
  readonly index: StoredFile;
  readonly map: StoredFile;
  readonly indexPath: string;
  readonly mapPath: string;
};

/** What the thread answers. */
export type FramesAnswer =
  | { readonly tables: readonly FrameTable[] }
  | { readonly failure: { readonly code: MessageCode; readonly parameters: MessageParameters } };

/** The thread need not be fast; with more room for what is short-lived it takes, and leaves behind, 40 MB more. */
const resourceLimits = { maxYoungGenerationSizeMb: 2 };

/**
 * Reads where the frames of a build lie and what is in them, in a thread of its own that ends with it: a large index
 * takes half a second and a hundred megabytes. Throws `stored-file-damaged`, `map-…`, `index-…`, system failures.
 */
export function loadFrameTables(workerData: FramesTask): Promise<readonly FrameTable[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./frames-worker.ts', import.meta.url), { workerData, resourceLimits });
    worker.on('message', (answer: FramesAnswer) => {
      if ('tables' in answer) resolve(answer.tables);
      else reject(new SatchelError(answer.failure.code, answer.failure.parameters));
    });
    worker.on('error', reject);
    worker.on('exit', () => reject(new Error('the thread that reads maps ended early')));
  });
}
