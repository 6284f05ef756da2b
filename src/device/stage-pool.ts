import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { StageOutcome, StageTask, StageTrees } from './stage-task.ts';

type Answer = { outcome: StageOutcome } | { failure: { code: MessageCode; parameters: MessageParameters } };
type Waiting = {
  readonly resolve: (outcome: StageOutcome) => void;
  readonly reject: (error: unknown) => void;
};
type Thread = { readonly worker: Worker; readonly waiting: Waiting[] };

/** Worker threads that write the new tree while the main thread receives. Close it whatever happens. */
export type StagePool = {
  /** Hands a task to the least busy thread. Rejects with the task's SatchelError. */
  run(task: StageTask): Promise<StageOutcome>;
  close(): Promise<void>;
};

/** Starts one thread a core, at most two: the disk does not profit from more. */
export function openStagePool(trees: StageTrees): StagePool {
  const threads = Array.from({ length: Math.min(2, availableParallelism()) }, () => startThread(trees));
  const leastBusy = () =>
    threads.reduce((best, thread) => (thread.waiting.length < best.waiting.length ? thread : best));
  return {
    run(task) {
      const { worker, waiting } = leastBusy();
      return new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        worker.postMessage(task);
      });
    },
    async close() {
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

function startThread(trees: StageTrees): Thread {
  const worker = new Worker(new URL('./stage-worker.ts', import.meta.url), {
    workerData: trees,
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 64 },
  });
  const thread: Thread = { worker, waiting: [] };
  worker.on('message', (answer: Answer) => {
    const waiting = thread.waiting.shift();
    if ('outcome' in answer) waiting?.resolve(answer.outcome);
    else waiting?.reject(new SatchelError(answer.failure.code, answer.failure.parameters));
  });
  worker.on('error', (error) => {
    for (const waiting of thread.waiting.splice(0)) waiting.reject(error);
  });
  return thread;
}
