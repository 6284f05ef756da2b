import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { MessageCode, MessageParameters } from '../base/catalogue.ts';
import { SatchelError } from '../base/errors.ts';
import type { MakeTask } from './make-task.ts';
import type { ObjectSizes } from './piece-control.ts';
import type { PartsPlan, PlanTask } from './plan-parts.ts';
import type { EncodedSegment } from './segment-format.ts';

type Done = { readonly segments: readonly EncodedSegment[] } | { readonly plan: PartsPlan | undefined };
type Answer =
  | Done
  | { readonly failure: { readonly code: MessageCode; readonly parameters: MessageParameters } };

/** A thread that makes segments, one task at a time. */
export type MakeThread = {
  /** Has a task done; its buffers are taken away from the caller. Rejects with the task's SatchelError. */
  run(task: MakeTask): Promise<readonly EncodedSegment[]>;
  /** Has a large gzip file planned; its files stay open until it is done. Rejects as `run`. */
  plan(task: PlanTask): Promise<PartsPlan | undefined>;
  /** Stops whatever is being done and rejects it. */
  end(): Promise<void>;
};

/** A full segment takes up to half a gigabyte while it is made, so threads are few whatever the machine has. */
const mostThreads = 2;

/** How many threads work at once. */
export function makeThreads(): number {
  return Math.min(mostThreads, availableParallelism());
}

/** Starts a thread. `sizes` should lie in shared memory. */
export function startMakeThread(sizes: ObjectSizes): MakeThread {
  const worker = new Worker(new URL('./make-worker.ts', import.meta.url), { workerData: sizes });
  let waiting: PromiseWithResolvers<Done> | undefined;
  let failure: unknown;
  const fail = (error: unknown) => {
    failure ??= error;
    waiting?.reject(failure);
    waiting = undefined;
  };
  worker.on('message', (answer: Answer) => {
    if ('failure' in answer)
      waiting?.reject(new SatchelError(answer.failure.code, answer.failure.parameters));
    else waiting?.resolve(answer);
    waiting = undefined;
  });
  worker.on('error', fail);
  worker.on('exit', () => fail(new SatchelError('cancelled', {})));
  const ask = (task: MakeTask | PlanTask, given: readonly ArrayBufferLike[]): Promise<Done> => {
    const answer = Promise.withResolvers<Done>();
    if (failure !== undefined) answer.reject(failure);
    else {
      waiting = answer;
      worker.postMessage(task, given as ArrayBuffer[]);
    }
    return answer.promise;
  };
  return {
    async run(task) {
      const done = await ask(task, [task.outputs.bytes.buffer, task.bases.bytes.buffer]);
      return 'segments' in done ? done.segments : [];
    },
    async plan(task) {
      const done = await ask(task, []);
      return 'plan' in done ? done.plan : undefined;
    },
    async end() {
      if (waiting === undefined && failure === undefined) {
        // A thread that ends by itself keeps its compiled code for the next start.
        const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
        worker.postMessage('end');
        await ended;
      } else await worker.terminate();
    },
  };
}
